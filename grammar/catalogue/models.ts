/** The catalogue of NN04xx: models, layers, states and what may stand in them. */

import type { CodeRange } from "./range.js";

export const models = {} as const satisfies CodeRange<"04">;
