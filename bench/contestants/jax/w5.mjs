// Workload w5 in; its steps by jax-js, which takes tokens as rows of zeros and a one, out.

import { adam, crossEntropy, setupTraining } from "./trainer.mjs";

function layerNorm({ numpy }, x, scale, shift) {
  const centred = x.ref.sub(numpy.mean(x, -1, { keepdims: true }));
  const variance = numpy.mean(numpy.square(centred.ref), -1, { keepdims: true });
  return centred
    .div(numpy.sqrt(variance.add(1e-5)))
    .mul(scale)
    .add(shift);
}

function attend({ nn }, projected, { time, batch, width, heads }) {
  const part = (index) =>
    projected.ref
      .slice([], [index * width, (index + 1) * width])
      .reshape([batch, time, heads, width / heads]);
  const [queries, keys, values] = [0, 1, 2].map(part);
  projected.dispose();
  const mixed = nn.dotProductAttention(queries, keys, values, { isCausal: true });
  return mixed.reshape([batch * time, width]);
}

function blockOf(jax, weights, h, layer, workload) {
  const { numpy, nn } = jax;
  const of = (name) => weights[`${name}${layer}`];
  const normed = layerNorm(jax, h.ref, of("g1"), of("n1"));
  const mixed = attend(jax, numpy.matmul(normed, of("qkv")), workload);
  const attended = h.add(numpy.matmul(mixed, of("o")));
  const widened = numpy.matmul(layerNorm(jax, attended.ref, of("g2"), of("n2")), of("up"));
  const active = nn.gelu(widened.add(of("ub")));
  return attended.add(numpy.matmul(active, of("dn")).add(of("db")));
}

function logitsOf(jax, weights, x, workload) {
  const { numpy } = jax;
  const { time, batch, width, layers } = workload;
  const embedded = numpy.matmul(x, weights.emb).reshape([batch, time, width]);
  let h = embedded.add(weights.pos).reshape([batch * time, width]);
  for (let layer = 0; layer < layers; layer++) h = blockOf(jax, weights, h, layer, workload);
  return numpy.matmul(layerNorm(jax, h, weights.gf, weights.nf), weights.head);
}

export function setup(workload, { backend }) {
  const tokens = workload.batch * workload.time;
  return setupTraining(workload, backend, {
    network: "transformer",
    lossOf: (jax, weights, x, y) =>
      crossEntropy(jax, logitsOf(jax, weights, x, workload), y, tokens),
    optimizer: adam(workload.rate),
    x: [tokens, workload.vocabulary],
    y: [tokens, workload.vocabulary],
  });
}
