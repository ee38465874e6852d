// Workload w2 in; its steps by jax-js, channels before places, out.

import { crossEntropy, momentum, setupTraining } from "./trainer.mjs";

/** Of 2 × 2, as a reshape and a maximum. */
function maxPool({ numpy }, x, batch, channels, size) {
  const windows = x.reshape([batch, channels, size / 2, 2, size / 2, 2]);
  return numpy.max(windows, [3, 5]);
}

function logitsOf(jax, { k1, c1, k2, c2, w, b }, x, batch) {
  const { numpy, nn, lax } = jax;
  const convolve = (input, kernel, bias, channels) =>
    nn.relu(lax.conv(input, kernel, [1, 1], "VALID").add(bias.reshape([channels, 1, 1])));
  const first = maxPool(jax, convolve(x, k1, c1, 8), batch, 8, 24);
  const second = maxPool(jax, convolve(first, k2, c2, 16), batch, 16, 8);
  return numpy.matmul(second.reshape([batch, 256]), w).add(b);
}

export function setup(workload, { backend }) {
  const { batch, rate, momentum: factor } = workload;
  return setupTraining(workload, backend, {
    network: "cnn",
    lossOf: (jax, weights, x, y) => crossEntropy(jax, logitsOf(jax, weights, x, batch), y, batch),
    optimizer: momentum(rate, factor),
    x: [batch, 1, 28, 28],
    y: [batch, 10],
  });
}
