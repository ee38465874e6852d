// Takes no input, gives the type of what a model says of an input or target, as far as the readers of data need it.
import type { DataType } from "./values.js";

export interface InputSpec {
  readonly name: string;
  readonly role: "input" | "target";
  readonly type: DataType;
  readonly categories?: number;
  /** Of integers that reach a class or an index: the least, and the first that is too large. */
  readonly range?: readonly [number, number];
  /** Names are free dimensions; `batch` comes first where there are examples. */
  readonly shape: readonly (number | string)[];
  readonly missing?: number;
  /** Drawn or computed where no data are given. */
  readonly optional: boolean;
}
