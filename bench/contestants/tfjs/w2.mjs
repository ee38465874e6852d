// Workload w2 in; its steps by TensorFlow.js, channels behind places, out.

import { setupTraining } from "./trainer.mjs";

function logitsOf(tf, { k1, c1, k2, c2, w, b }, x) {
  const stage = (input, kernel, bias) => {
    const active = tf.relu(tf.add(tf.conv2d(input, kernel, 1, "valid"), bias));
    return tf.maxPool(active, 2, 2, "valid");
  };
  const features = stage(stage(x, k1, c1), k2, c2);
  return tf.add(tf.matMul(tf.reshape(features, [-1, 256]), w), b);
}

function arrange(tf, name, tensor) {
  if (name.startsWith("k")) return tf.transpose(tensor, [2, 3, 1, 0]);
  if (name !== "w") return tensor;
  const channelsLast = tf.transpose(tf.reshape(tensor, [16, 4, 4, 10]), [1, 2, 0, 3]);
  return tf.reshape(channelsLast, [256, 10]);
}

export function setup(workload, { backend }) {
  const { batch, rate, momentum } = workload;
  return setupTraining(workload, backend, {
    network: "cnn",
    logitsOf,
    optimizerOf: (tf) => tf.train.momentum(rate, momentum),
    x: [batch, 28, 28, 1],
    y: [batch, 10],
    arrange,
  });
}
