// Workload w1 in; its steps by our own bundle out.

import { setupTraining } from "./trainer.mjs";

export const setup = (workload, options) =>
  setupTraining("w1", workload, options, ({ x, classes }) => ({ x, y: Uint32Array.from(classes) }));
