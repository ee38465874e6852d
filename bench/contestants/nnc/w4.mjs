// Workload w4 in; its predictions by our own bundle out.

import { setupPrediction } from "./predictor.mjs";

export const setup = (workload, options) => setupPrediction("w1", "logits", workload, options);
