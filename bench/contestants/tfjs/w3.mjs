// Workload w3 in; its steps by TensorFlow.js, unrolled over time, out.

import { setupTraining } from "./trainer.mjs";

function logitsOf(tf, { wx, wh, b, wo, bo }, x, { time, batch, features, units }) {
  const given = tf.add(tf.matMul(tf.reshape(x, [time * batch, features]), wx), b);
  let hidden;
  let cell;
  for (const step of tf.unstack(tf.reshape(given, [time, batch, 4 * units]), 0)) {
    const gates = hidden ? tf.add(step, tf.matMul(hidden, wh)) : step;
    const [input, forget, content, output] = tf.split(gates, 4, 1);
    const written = tf.mul(tf.sigmoid(input), tf.tanh(content));
    cell = cell ? tf.add(tf.mul(tf.sigmoid(forget), cell), written) : written;
    hidden = tf.mul(tf.sigmoid(output), tf.tanh(cell));
  }
  return tf.add(tf.matMul(hidden, wo), bo);
}

export function setup(workload, { backend }) {
  const { time, batch, features, classes, rate } = workload;
  return setupTraining(workload, backend, {
    network: "lstm",
    logitsOf: (tf, weights, x) => logitsOf(tf, weights, x, workload),
    optimizerOf: (tf) => tf.train.adam(rate),
    x: [time, batch, features],
    y: [batch, classes],
  });
}
