// Takes a reduction, gives its loops in one invocation: one an axis.
import type { Axis } from "../types/nest.js";
import type { ReductionShape } from "./evaluate.js";
import type { ReduceScalar } from "./measure.js";
import { dimValue } from "./polynomial.js";
import { literal } from "./simplify.js";
import type { ReductionLoop, KernelValue, ValueTable, VariableValue } from "./value.js";

/** One loop an axis; axes of extent 1 need none. */
export function createSerialShapes(values: ValueTable): (reduce: ReduceScalar) => ReductionShape {
  const variables = new Map<Axis, VariableValue>();
  const zero = literal(values, "index", 0);
  return (reduce) => {
    const axes = new Map<Axis, KernelValue>();
    const loops: ReductionLoop[] = [];
    for (const axis of reduce.axes) {
      if (axis.extent === 1) {
        axes.set(axis, zero);
        continue;
      }
      const below = dimValue(values, axis.extent);
      const variable = variables.get(axis) ?? values.variable(`k${axis.id}`, below);
      variables.set(axis, variable);
      axes.set(axis, variable);
      loops.push({ variable, from: zero, below, step: 1 });
    }
    return { loops, axes, cooperative: false };
  };
}
