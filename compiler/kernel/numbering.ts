// Takes the number of an invocation or a workgroup, gives what it stands for along each axis, and whether there is such a point.
import type { Dim } from "../types/dimension.js";
import type { Axis } from "../types/nest.js";
import type { AxisValues } from "./evaluate.js";
import { dimValue } from "./polynomial.js";
import { operation } from "./simplify.js";
import type { ParallelTarget } from "./target.js";
import type { KernelValue, ValueTable, VariableValue } from "./value.js";

/** Invocations beyond the last point do nothing; none exist where the grid fits exactly. */
export function withinOf(
  values: ValueTable,
  number: VariableValue,
  total: Dim,
  size: number,
  { groupsAlongAxis }: ParallelTarget,
): KernelValue | undefined {
  if (typeof total === "number" && total % size === 0 && total / size <= groupsAlongAxis) {
    return undefined;
  }
  // The range of `number` would decide this, so it is not simplified.
  const limit = dimValue(values, total);
  return values.intern({ kind: "op", type: "bool", op: "less", arguments: [number, limit] });
}

/** Takes a number apart into axes, the last one running fastest. */
export function split(
  values: ValueTable,
  number: KernelValue,
  axes: readonly Axis[],
  counts: readonly Dim[],
): AxisValues {
  const parts = new Map<Axis, KernelValue>();
  let rest = number;
  for (let at = axes.length - 1; at >= 0; at--) {
    const axis = axes[at];
    const count = counts[at];
    if (!axis || count === undefined) continue;
    const extent = dimValue(values, count);
    parts.set(axis, at === 0 ? rest : operation(values, "modulo", "index", [rest, extent]));
    rest = operation(values, "divide", "index", [rest, extent]);
  }
  return parts;
}
