// Workload w4 in; its predictions by ONNX Runtime out.

import { firstWeights } from "../../workloads.mjs";
import { mlpModel } from "./models.mjs";
import { setupPrediction } from "./predictor.mjs";

export const setup = (workload) =>
  setupPrediction(workload, mlpModel(firstWeights("mlp"), workload.batch), [workload.batch, 784]);
