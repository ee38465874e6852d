// Takes no input, gives the catalogue of NN07xx: data and lowering.

import type { CodeRange } from "./range.js";

export const data = {
  NN0702: "a value of the whole set over data that batches do not give",
} as const satisfies CodeRange<"07">;
