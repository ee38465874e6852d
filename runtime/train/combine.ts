// The results that the batches of a set give for one held value in; the value of the whole set out.

import { emptyValues, type Values } from "../backend.js";
import { countOf } from "../dimensions.js";
import { fail } from "../errors.js";
import type { PlanCombine, PlanHeld, PlanType } from "../plan.js";
import type { ScalarFunction } from "../arithmetic.js";
import { reductionSteps, scalarValues } from "../scalars.js";

/** What batches gave so far. */
export interface Collected {
  /** `shape`: of this batch's values, at its live dimensions. */
  add(values: Values, shape: readonly number[]): void;
  /** Undefined where no batch gave any. */
  whole(): Values | undefined;
}

/** `servedBy`: what the user wrote that the value is for. */
export function collect(held: PlanHeld, precision: 32 | 64, servedBy: () => string): Collected {
  const disagree = (): never =>
    fail(
      "shape",
      `the batches give ${servedBy()} values of different sizes to put together: they must agree in all but their examples`,
    );
  return held.axis === undefined
    ? combineParts(held, held.combine ?? "sum", precision, disagree)
    : joinParts(held, held.axis, precision, disagree);
}

/** In double precision; what begins is the first batch, so that nothing needs an identity. */
function combineOf(combine: PlanCombine, type: PlanType): ScalarFunction {
  // Doubles hold sums of 2²¹ integers exactly, products of two do not fit.
  return combine === "prod" && type !== "f32" ? Math.imul : scalarValues[reductionSteps[combine]];
}

function combineParts(
  { type }: PlanHeld,
  combine: PlanCombine,
  precision: 32 | 64,
  disagree: () => never,
): Collected {
  const apply = combineOf(combine, type);
  let total: Float64Array | undefined;
  return {
    add: (values) => {
      if (!total) total = Float64Array.from(values);
      else if (total.length !== values.length) disagree();
      else
        for (let at = 0; at < total.length; at++)
          total[at] = Number(apply(total[at] ?? 0, values[at] ?? 0, 0));
    },
    whole: () => {
      if (!total) return undefined;
      const whole = emptyValues(type, precision, total.length);
      whole.set(total);
      return whole;
    },
  };
}

function joinParts(
  { type }: PlanHeld,
  axis: number,
  precision: 32 | 64,
  disagree: () => never,
): Collected {
  const parts: { readonly values: Values; readonly extent: number }[] = [];
  let before: readonly number[] = [];
  return {
    add: (values, shape) => {
      const others = shape.filter((_, at) => at !== axis);
      if (parts.length > 0 && shape.some((extent, at) => at !== axis && extent !== before[at])) {
        disagree();
      }
      before = shape;
      parts.push({ values, extent: values.length / countOf(others) });
    },
    whole: () => {
      if (parts.length === 0) return undefined;
      const outer = countOf(before.slice(0, axis));
      const inner = countOf(before.slice(axis + 1));
      const extent = parts.reduce((sum, part) => sum + part.extent, 0);
      const whole = emptyValues(type, precision, outer * extent * inner);
      for (let block = 0, at = 0; block < outer; block++) {
        for (const { values, extent: own } of parts) {
          whole.set(values.subarray(block * own * inner, (block + 1) * own * inner), at);
          at += own * inner;
        }
      }
      return whole;
    },
  };
}
