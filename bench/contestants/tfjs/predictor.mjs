// A function of weights and an input in; predictions by TensorFlow.js, whose numbers are read, out.

import { firstWeights } from "../../workloads.mjs";
import { createCycle } from "../cycle.mjs";
import { openTensorFlow } from "./library.mjs";

export async function setupPrediction(workload, backend, { network, shape, outputOf }) {
  const tf = await openTensorFlow(backend);
  const entries = Object.entries(firstWeights(network));
  const weights = Object.fromEntries(
    entries.map(([name, one]) => [name, tf.tensor(one.data, one.shape)]),
  );
  const nextBatch = createCycle(workload.batches());
  let values;
  return {
    step: async () => {
      const { x } = nextBatch();
      const output = tf.tidy(() => outputOf(tf, weights, tf.tensor(x, shape)));
      values = await output.data();
      output.dispose();
    },
    sync: async () => undefined,
    value: async () => values[0],
  };
}
