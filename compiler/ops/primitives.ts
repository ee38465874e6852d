// The families of derived ops in; every primitive of the language by the name that a program calls it by out.

import { convolutions } from "./derived/convolution.js";
import { functions } from "./derived/elementwise.js";
import { making } from "./derived/making.js";
import { matmul } from "./derived/matmul.js";
import { ordering } from "./derived/ordering.js";
import { gathering } from "./derived/gathering.js";
import { pooling } from "./derived/pooling.js";
import type { Primitive } from "./derived/primitive.js";
import { reducing } from "./derived/reducing.js";
import { shaping } from "./derived/shaping.js";

export { operators } from "./derived/elementwise.js";
export { distributions } from "./derived/distributions.js";
export type { Distribution, DrawRequest } from "./derived/distributions.js";
export type { Argument, Parameter, ParameterKind, Primitive } from "./derived/primitive.js";

/**
 * All tensor functions that the compiler knows. Operators stand in `operators` by symbol, distributions in
 * `distributions`; `scan`, `grad` and `jacobian` are syntax, built by analysis from core nodes and derivatives.
 */
export const primitives: Readonly<Record<string, Primitive>> = {
  ...functions,
  ...reducing,
  ...shaping,
  ...gathering,
  ...ordering,
  matmul: matmul("matmul"),
  ...convolutions,
  ...pooling,
  ...making,
};
