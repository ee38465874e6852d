/** The catalogue of NN06xx: imports and the limits of compile-time evaluation. */

import type { CodeRange } from "./range.js";

export const evaluation = {} as const satisfies CodeRange<"06">;
