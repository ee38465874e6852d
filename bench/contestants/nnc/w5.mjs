// Workload w5 in; its steps by our own bundle, which takes tokens as numbers, out.

import { setupTraining } from "./trainer.mjs";

export const setup = (workload, options) =>
  setupTraining("w5", workload, options, ({ tokens, classes }) => ({
    x: Uint32Array.from(tokens),
    y: Uint32Array.from(classes),
  }));
