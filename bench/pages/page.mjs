// A way to set up predictions of w1 in; the milliseconds from navigation to the first one, on `globalThis`, out.

import { workloads } from "../workloads.mjs";

/** `setup(backend)` gives a function from an input to the predicted numbers; the address names the backend. */
export async function reportFirstPrediction(setup) {
  try {
    const [{ x }] = workloads.w4b1.batches();
    const predict = await setup(location.search.slice(1));
    const ready = performance.now();
    const [firstValue] = await predict(x);
    globalThis.benchResult = { ready, first: performance.now(), firstValue };
  } catch (error) {
    globalThis.benchResult = { error: String(error?.stack ?? error).slice(0, 300) };
  }
}
