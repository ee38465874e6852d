// Takes the checks of computed classes and indices, gives the scalars that tell whether one lies outside: the least and the largest of each.
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { dimKey } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type { RangeCheck } from "../types/model.js";

/** A result that a run is wrong with from `end` on; without one, the least of integers, below 0. */
export interface BuiltRange {
  readonly end: Dim | undefined;
  readonly check: RangeCheck;
}

export interface RangeResult extends BuiltRange {
  readonly name: string;
  readonly value: Node;
  /** What finds the offender among several batches'. */
  readonly combine: "min" | "max";
}

/**
 * Of each check of what the roots are computed from, once, the reductions that can find an offender; `values` are what the
 * checks hold, in their order.
 */
export function rangeValues(
  b: GraphBuilder,
  checks: readonly RangeCheck[],
  values: readonly Node[],
  roots: readonly Node[],
): RangeResult[] {
  const reached = new Set(topologicalOrder(roots));
  const told = new Set<string>();
  return checks.flatMap((check, at): RangeResult[] => {
    const value = values[at] ?? check.value;
    const key = `${value.id} ${dimKey(check.extent)}`;
    if (!reached.has(value) || told.has(key)) return [];
    told.add(key);
    const axes = value.shape.map((_, axis) => axis);
    const most: RangeResult = {
      ...{ name: `range.${at}.most`, value: b.max(value, axes), combine: "max", check },
      end: check.extent,
    };
    const least: RangeResult = {
      ...{ name: `range.${at}.least`, value: b.min(value, axes), combine: "min", check },
      end: undefined,
    };
    return [...(check.above ? [most] : []), ...(check.below ? [least] : [])];
  });
}
