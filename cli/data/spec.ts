// Takes no input, gives the type of what a model says of an input or target, as far as the readers of data need it.
import type { ElementType } from "./values.js";

export interface InputSpec {
  readonly name: string;
  readonly role: "input" | "target";
  readonly type: ElementType;
  readonly categories?: number;
  /** Names are free dimensions; `batch` comes first where there are examples. */
  readonly shape: readonly (number | string)[];
  readonly missing?: number;
  /** Drawn or computed where no data are given. */
  readonly optional: boolean;
}
