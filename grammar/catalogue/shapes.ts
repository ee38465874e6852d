/** The catalogue of NN03xx: shapes, element types and dimensions. */

import type { CodeRange } from "./range.js";

export const shapes = {} as const satisfies CodeRange<"03">;
