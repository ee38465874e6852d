// Workload w3 in; its steps by jax-js out: it has no scan, so the recurrence is unrolled inside one function.

import { adam, crossEntropy, setupTraining } from "./trainer.mjs";

function logitsOf({ numpy, nn }, { wx, wh, b, wo, bo }, x, { time, batch, features, units }) {
  const given = numpy.matmul(x.reshape([time * batch, features]), wx).add(b);
  const steps = given.reshape([time, batch, 4 * units]);
  let hidden;
  let cell;
  for (let at = 0; at < time; at++) {
    let gates = steps.ref.slice(at);
    if (hidden) gates = gates.add(numpy.matmul(hidden, wh.ref));
    const gate = (index) => gates.ref.slice([], [index * units, (index + 1) * units]);
    const [input, forget, content, output] = [0, 1, 2, 3].map(gate);
    gates.dispose();
    const written = nn.sigmoid(input).mul(numpy.tanh(content));
    if (cell) cell = nn.sigmoid(forget).mul(cell).add(written);
    else {
      forget.dispose();
      cell = written;
    }
    hidden = nn.sigmoid(output).mul(numpy.tanh(cell.ref));
  }
  for (const one of [cell, steps, wh]) one.dispose();
  return numpy.matmul(hidden, wo).add(bo);
}

export function setup(workload, { backend }) {
  const { time, batch, features, classes, rate } = workload;
  return setupTraining(workload, backend, {
    network: "lstm",
    lossOf: (jax, weights, x, y) =>
      crossEntropy(jax, logitsOf(jax, weights, x, workload), y, batch),
    optimizer: adam(rate),
    x: [time, batch, features],
    y: [batch, classes],
  });
}
