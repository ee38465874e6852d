/** The catalogue of NN02xx: names, scopes, calls and their arguments. */

import type { CodeRange } from "./range.js";

export const names = {} as const satisfies CodeRange<"02">;
