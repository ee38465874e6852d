// Workload w5 in; its steps by TensorFlow.js, which takes tokens as rows of zeros and a one, out.

import { setupTraining } from "./trainer.mjs";

function layerNorm(tf, x, scale, shift) {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), scale), shift);
}

function gelu(tf, x) {
  const cube = tf.mul(tf.mul(tf.square(x), x), 0.044715);
  const inner = tf.tanh(tf.mul(tf.add(x, cube), Math.sqrt(2 / Math.PI)));
  return tf.mul(tf.mul(x, 0.5), tf.add(inner, 1));
}

/** Far below zero where a token would look at later ones. */
function causalMask(tf, time) {
  const values = Float32Array.from({ length: time * time }, (_, at) =>
    at % time > Math.floor(at / time) ? -1e9 : 0,
  );
  return tf.keep(tf.tensor(values, [time, time]));
}

function attend(tf, projected, mask, { time, batch, width, heads }) {
  const [queries, keys, values] = tf
    .split(projected, 3, 1)
    .map((part) =>
      tf.transpose(tf.reshape(part, [batch, time, heads, width / heads]), [0, 2, 1, 3]),
    );
  const scores = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(width / heads));
  const mixed = tf.matMul(tf.softmax(tf.add(scores, mask)), values);
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * time, width]);
}

function logitsOf(tf, weights, x, mask, workload) {
  const { time, batch, width, layers } = workload;
  const embedded = tf.reshape(tf.matMul(x, weights.emb), [batch, time, width]);
  let h = tf.reshape(tf.add(embedded, weights.pos), [batch * time, width]);
  for (let layer = 0; layer < layers; layer++) {
    const of = (name) => weights[`${name}${layer}`];
    const projected = tf.matMul(layerNorm(tf, h, of("g1"), of("n1")), of("qkv"));
    h = tf.add(h, tf.matMul(attend(tf, projected, mask, workload), of("o")));
    const widened = tf.add(tf.matMul(layerNorm(tf, h, of("g2"), of("n2")), of("up")), of("ub"));
    h = tf.add(h, tf.add(tf.matMul(gelu(tf, widened), of("dn")), of("db")));
  }
  return tf.matMul(layerNorm(tf, h, weights.gf, weights.nf), weights.head);
}

export function setup(workload, { backend }) {
  const tokens = workload.batch * workload.time;
  let mask;
  return setupTraining(workload, backend, {
    network: "transformer",
    logitsOf: (tf, weights, x) => {
      mask ??= causalMask(tf, workload.time);
      return logitsOf(tf, weights, x, mask, workload);
    },
    optimizerOf: (tf) => tf.train.adam(workload.rate),
    x: [tokens, workload.vocabulary],
    y: [tokens, workload.vocabulary],
  });
}
