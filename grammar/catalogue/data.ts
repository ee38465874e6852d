// Takes no input, gives the catalogue of NN07xx: data and lowering.

import type { CodeRange } from "./range.js";

export const data = {
  NN0701: "checked, but not compiled yet",
  NN0702: "a fitted value that mixes examples otherwise than by reductions",
} as const satisfies CodeRange<"07">;
