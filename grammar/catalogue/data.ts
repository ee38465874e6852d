// Takes no input, gives the catalogue of NN07xx: data and lowering.

import type { CodeRange } from "./range.js";

export const data = {
  NN0702: "a value of the whole set over data that batches do not give",
  NN0703: "a model that cannot take one step of time after the other",
} as const satisfies CodeRange<"07">;
