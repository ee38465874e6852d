/** The catalogue of NN05xx: training, selectors and searches. */

import type { CodeRange } from "./range.js";

export const training = {} as const satisfies CodeRange<"05">;
