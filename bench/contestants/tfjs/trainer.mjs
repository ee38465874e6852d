// Logits over named weights in; training steps by TensorFlow.js out.

import { firstWeights } from "../../workloads.mjs";
import { createCycle } from "../cycle.mjs";
import { openTensorFlow } from "./library.mjs";

/** `logitsOf(tf, weights, x)`; `arrange(tf, name, tensor)` brings a weight into the library's order. */
export async function setupTraining(workload, backend, parts) {
  const { network, logitsOf, optimizerOf, x, y, arrange } = parts;
  const tf = await openTensorFlow(backend);
  const entries = Object.entries(firstWeights(network)).map(([name, { shape, data }]) => {
    const tensor = tf.tensor(data, shape);
    return [name, tf.variable(arrange?.(tf, name, tensor) ?? tensor)];
  });
  const weights = Object.fromEntries(entries);
  const nextBatch = createCycle(
    workload.batches().map((batch) => ({ x: tf.tensor(batch.x, x), y: tf.tensor(batch.y, y) })),
  );
  const optimizer = optimizerOf(tf);
  let last;
  const step = () => {
    const batch = nextBatch();
    last?.dispose();
    const loss = () => tf.losses.softmaxCrossEntropy(batch.y, logitsOf(tf, weights, batch.x));
    last = optimizer.minimize(loss, true);
  };
  const value = async () => (await last.data())[0];
  return { step, sync: value, value };
}
