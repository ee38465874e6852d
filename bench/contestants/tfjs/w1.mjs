// Workload w1 in; its steps by TensorFlow.js out.

import { setupTraining } from "./trainer.mjs";

function logitsOf(tf, { w1, b1, w2, b2, w3, b3 }, x) {
  const first = tf.relu(tf.add(tf.matMul(x, w1), b1));
  const second = tf.relu(tf.add(tf.matMul(first, w2), b2));
  return tf.add(tf.matMul(second, w3), b3);
}

export const setup = (workload, { backend }) =>
  setupTraining(workload, backend, {
    network: "mlp",
    logitsOf,
    optimizerOf: (tf) => tf.train.adam(workload.rate),
    x: [workload.batch, 784],
    y: [workload.batch, 10],
  });
