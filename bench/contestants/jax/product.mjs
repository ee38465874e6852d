// A square product in; its predictions by jax-js out.

import { setupPrediction } from "./predictor.mjs";

export const setup = (workload, { backend }) =>
  setupPrediction(workload, backend, {
    network: `p${workload.size}`,
    shape: [workload.size, workload.size],
    outputOf: ({ numpy }, { w }, x) => numpy.matmul(x, w),
  });
