// Takes reductions, gives what their accumulators start from and how they take in a value.
import { givesExtremumIndex, extremumIndexScalars, reductionTable } from "../scalars/reductions.js";
import type { Combine, ScalarType } from "../types/nest.js";
import type { Expression, Statement, Width } from "./ir.js";
import { operate, splat, widthOf } from "./ir.js";
import type { ReductionValue } from "./value.js";

export interface Accumulator {
  readonly reduction: ReductionValue;
  readonly best: Expression & { readonly kind: "variable" };
  /** Of argmax and argmin: where the best was found. */
  readonly index: (Expression & { readonly kind: "variable" }) | undefined;
}

export function variable(
  name: string,
  type: ScalarType,
  width?: Width,
): Expression & { readonly kind: "variable" } {
  return { kind: "variable", type, name, width };
}

export function literalOf(type: ScalarType, value: number): Expression {
  return { kind: "literal", type, value };
}

export function startOf(combine: Combine, { type, width }: VariableExpression): Expression {
  const { identity } = reductionTable[combine];
  const start = literalOf(type, identity[type === "index" ? "i32" : type]);
  return width === undefined ? start : splat(start);
}

type VariableExpression = Extract<Expression, { kind: "variable" }>;

export function beats(how: Combine, candidate: Expression, best: Expression): Expression {
  if (!givesExtremumIndex(how)) throw new Error(`${how} has no index`);
  const op = extremumIndexScalars[how].beats;
  return operate("bool", op, [candidate, best]);
}

export function combine(how: Combine, left: Expression, right: Expression): Expression {
  const op = reductionTable[how].step;
  return operate(left.type, op, [left, right]);
}

/** Something that may be written anew: `write` makes the statement. */
interface Change {
  readonly write: (value: Expression) => Statement;
  readonly by: Expression;
  readonly now: Expression;
}

/** Changes where a condition holds that no change touches: all at once, or in each lane by itself. */
export function replaceWhere(
  condition: Expression,
  changes: readonly Change[],
): readonly Statement[] {
  if (widthOf(condition) === undefined)
    return [{ kind: "if", condition, body: changes.map(({ write, by }) => write(by)) }];
  return changes.map(({ write, by, now }) =>
    write(operate(now.type, "select", [condition, by, now])),
  );
}
