// Takes no input, gives the catalogue of NN06xx: imports and the limits of compile-time evaluation.

import type { CodeRange } from "./range.js";

export const evaluation = {
  NN0601: "too many unrolled statements",
  NN0602: "too much work at compile time",
  NN0603: "something that is defined by itself",
  NN0604: "a division by zero",
  NN0605: "a number that is not finite",
  NN0606: "calls that are nested too deeply",
  NN0607: "a list that is too long",
  NN0608: "an import that cannot be followed",
  NN0609: "imports in a circle",
  NN0610: "an import of something that is not there",
  NN0611: "an unknown model",
  NN0612: "a setting of an unknown parameter",
} as const satisfies CodeRange<"06">;
