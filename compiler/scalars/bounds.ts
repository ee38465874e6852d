// Takes a scalar operation and the intervals of its integer operands, gives the interval of its results in their type.
import { dimEqual, type Dim } from "../types/dimension.js";
import type { ScalarOp, ScalarType } from "../types/nest.js";
import { anything, common, isWithin, nothing, type Interval } from "./intervals.js";
import type { ScalarOperation } from "./record.js";
import { scalarOps } from "./table.js";

/** What the operands are (of `select`, the choices), and what comes out. */
interface OperandTypes {
  readonly operands: ScalarType;
  readonly result: ScalarType;
}

/** All that the 32 bits of a type hold; indices never leave them. */
export function rangeOfType(type: ScalarType): Interval {
  switch (type) {
    case "i32":
      return { low: -(2 ** 31), high: 2 ** 31 - 1 };
    case "u32":
      return { low: 0, high: 2 ** 32 - 1 };
    case "bool":
      return { low: 0, high: 1 };
    case "f32":
    case "index":
      return anything;
  }
}

export function intervalOf(
  op: ScalarOp,
  types: OperandTypes,
  operands: readonly Interval[],
): Interval;
export function intervalOf(
  op: ScalarOp,
  types: OperandTypes,
  operands: readonly Interval<Dim>[],
): Interval<Dim>;
export function intervalOf(
  op: ScalarOp,
  types: OperandTypes,
  operands: readonly Interval<Dim>[],
): Interval<Dim> {
  const all = rangeOfType(types.result);
  if (types.operands === "f32") return all;
  const { interval }: ScalarOperation = scalarOps[op];
  const taken = operands.map((operand) => inType(operand, types.operands));
  if (taken.some(isEmpty)) return nothing;
  const own = interval.of(types.operands === "index" ? withExtent(op, taken) : taken);
  // What leaves the type wraps around.
  return isWithin(own, all) ? own : all;
}

/** Indices are divided by extents and strides: never below 1, whether or not that shows. */
function withExtent(op: ScalarOp, operands: readonly Interval<Dim>[]): readonly Interval<Dim>[] {
  const [left, right] = operands;
  if ((op !== "divide" && op !== "modulo") || !left || !right) return operands;
  const { low, high } = right;
  return [left, { low: typeof low === "number" ? Math.max(1, low) : low, high }];
}

function inType(operand: Interval<Dim>, type: ScalarType): Interval<Dim> {
  const { low, high } = operand;
  const all = rangeOfType(type);
  if (typeof low === "number" && typeof high === "number") return common({ low, high }, all);
  return {
    low: typeof low === "number" ? Math.max(low, all.low) : low,
    high: typeof high === "number" ? Math.min(high, all.high) : high,
  };
}

function isEmpty({ low, high }: Interval<Dim>): boolean {
  return typeof low === "number" && typeof high === "number" && low > high;
}

/** Both ends taken on by some of the entries: see `IntervalRule.tight`. */
export function isTight(op: ScalarOp, operands: readonly Interval<Dim>[]): boolean {
  const { interval }: ScalarOperation = scalarOps[op];
  return interval.tight && operands.filter(({ low, high }) => !dimEqual(low, high)).length <= 1;
}
