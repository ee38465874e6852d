// Workload w3 in; its steps by our own bundle, whose examples stand before the time, out.

import { setupTraining } from "./trainer.mjs";
import { transpose } from "./transpose.mjs";

export function setup(workload, options) {
  const { time, batch, features } = workload;
  return setupTraining("w3", workload, options, ({ x, classes }) => ({
    x: transpose({ shape: [time, batch, features], data: x }, [1, 0, 2]).data,
    y: Uint32Array.from(classes),
  }));
}
