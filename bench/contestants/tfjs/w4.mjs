// Workload w4 in; its predictions by TensorFlow.js, with the fused products that its graphs run, out.

import { setupPrediction } from "./predictor.mjs";

function outputOf(tf, { w1, b1, w2, b2, w3, b3 }, x) {
  const { matMul } = tf.fused;
  const first = matMul({ a: x, b: w1, bias: b1, activation: "relu" });
  const second = matMul({ a: first, b: w2, bias: b2, activation: "relu" });
  return matMul({ a: second, b: w3, bias: b3 });
}

export const setup = (workload, { backend }) =>
  setupPrediction(workload, backend, { network: "mlp", shape: [workload.batch, 784], outputOf });
