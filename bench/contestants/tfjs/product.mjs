// A square product in; its predictions by TensorFlow.js out.

import { setupPrediction } from "./predictor.mjs";

export const setup = (workload, { backend }) =>
  setupPrediction(workload, backend, {
    network: `p${workload.size}`,
    shape: [workload.size, workload.size],
    outputOf: (tf, { w }, x) => tf.matMul(x, w),
  });
