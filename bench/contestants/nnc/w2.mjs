// Workload w2 in; its steps by our own bundle out.

import { setupTraining } from "./trainer.mjs";

export const setup = (workload, options) =>
  setupTraining("w2", workload, options, ({ x, classes }) => ({ x, y: Uint32Array.from(classes) }));
