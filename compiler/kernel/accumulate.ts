// Takes reductions, gives what their accumulators start from and how they take in a value.
import type { Combine, ScalarType } from "../types/nest.js";
import type { Expression } from "./ir.js";
import type { ReductionValue } from "./value.js";

/** The least finite f32: running maxima start here, because −∞ is not safe on real drivers. */
const lowest = -3.4028234663852886e38;

export interface Accumulator {
  readonly reduction: ReductionValue;
  readonly best: Expression & { readonly kind: "variable" };
  /** Of a sum in single precision: the accumulators of its blocks, `best` first, from the outermost to the innermost. */
  readonly levels: readonly (Expression & { readonly kind: "variable" })[];
  /** Of argmax and argmin: where the best was found. */
  readonly place: (Expression & { readonly kind: "variable" }) | undefined;
}

export function variable(
  name: string,
  type: ScalarType,
): Expression & { readonly kind: "variable" } {
  return { kind: "variable", type, name };
}

export function literalOf(type: ScalarType, value: number): Expression {
  return { kind: "literal", type, value };
}

export function startOf(combine: Combine, type: ScalarType): Expression {
  switch (combine) {
    case "sum":
    case "any":
      return literalOf(type, 0);
    case "prod":
    case "all":
      return literalOf(type, 1);
    case "max":
    case "argmax":
      return literalOf(type, type === "f32" ? lowest : type === "i32" ? -2147483648 : 0);
    case "min":
    case "argmin":
      return literalOf(
        type,
        type === "f32" ? -lowest : type === "i32" ? 2147483647 : greatest(type),
      );
  }
}

function greatest(type: ScalarType): number {
  return type === "bool" ? 1 : 4294967295;
}

export function beats(how: Combine, candidate: Expression, best: Expression): Expression {
  const op = how === "argmax" ? "greater" : "less";
  return { kind: "op", type: "bool", op, arguments: [candidate, best] };
}

export function combine(how: Combine, left: Expression, right: Expression): Expression {
  const op = (
    {
      sum: "add",
      prod: "multiply",
      max: "maximum",
      min: "minimum",
      any: "or",
      all: "and",
      argmax: "maximum",
      argmin: "minimum",
    } as const
  )[how];
  return { kind: "op", type: left.type, op, arguments: [left, right] };
}
