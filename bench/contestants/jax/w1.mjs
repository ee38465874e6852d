// Workload w1 in; its steps by jax-js out.

import { mlp } from "./network.mjs";
import { adam, crossEntropy, setupTraining } from "./trainer.mjs";

export const setup = (workload, { backend }) =>
  setupTraining(workload, backend, {
    network: "mlp",
    lossOf: (jax, weights, x, y) => crossEntropy(jax, mlp(jax, weights, x), y, workload.batch),
    optimizer: adam(workload.rate),
    x: [workload.batch, 784],
    y: [workload.batch, 10],
  });
