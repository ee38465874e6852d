/** The catalogue of NN07xx: data and lowering. */

import type { CodeRange } from "./range.js";

export const data = {} as const satisfies CodeRange<"07">;
