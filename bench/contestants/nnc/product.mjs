// A square product in; its predictions by our own bundle out.

import { setupPrediction } from "./predictor.mjs";

export const setup = (workload, options) =>
  setupPrediction(`p${workload.size}`, "product", workload, options);
