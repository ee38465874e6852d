// A square product in; its predictions by ONNX Runtime out.

import { firstWeights } from "../../workloads.mjs";
import { productModel } from "./models.mjs";
import { setupPrediction } from "./predictor.mjs";

export function setup(workload) {
  const { size } = workload;
  return setupPrediction(workload, productModel(firstWeights(`p${size}`), size), [size, size]);
}
