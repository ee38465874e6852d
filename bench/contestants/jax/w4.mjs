// Workload w4 in; its predictions by jax-js out.

import { mlp } from "./network.mjs";
import { setupPrediction } from "./predictor.mjs";

export const setup = (workload, { backend }) =>
  setupPrediction(workload, backend, {
    network: "mlp",
    shape: [workload.batch, 784],
    outputOf: mlp,
  });
