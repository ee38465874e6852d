// Index expressions in; the row-major arithmetic between shapes of equal size out.

import { dimEqual, multiplyDims } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Shape } from "../types/graph.js";
import { at, extentAt } from "./broadcast.js";
import type { IndexBuilder } from "./rule.js";

/** The row-major position of an index. */
function linearIndex<E>(k: IndexBuilder<E>, index: readonly E[], shape: Shape): E {
  let linear: E | undefined;
  for (const [axis, extent] of shape.entries()) {
    if (extent === 1) continue;
    const own = at(index, axis);
    linear = linear === undefined ? own : k.add(k.multiply(linear, extent), own);
  }
  return linear ?? k.constant(0);
}

/** The index along each axis of a row-major position. */
function splitIndex<E>(k: IndexBuilder<E>, linear: E, shape: Shape): E[] {
  const result: E[] = [];
  let behind: Dim = 1;
  let first = true;
  // From the last axis; the outermost axis that is not 1 needs no modulo.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = extentAt(shape, axis);
    if (extent === 1) {
      result.unshift(k.constant(0));
      continue;
    }
    const quotient = first ? linear : k.divide(linear, behind);
    const outermost = shape.slice(0, axis).every((other) => other === 1);
    result.unshift(outermost ? quotient : k.modulo(quotient, extent));
    behind = multiplyDims(behind, extent);
    first = false;
  }
  return result;
}

/** Splits the problem of a reshape at positions where both shapes agree, so that most axes map to themselves. */
export function reshapeIndex<E>(
  k: IndexBuilder<E>,
  out: readonly E[],
  from: Shape,
  to: Shape,
): readonly E[] {
  let front = 0;
  while (front < from.length && front < to.length && sameExtent(from[front], to[front])) front++;
  let back = 0;
  while (
    back < from.length - front &&
    back < to.length - front &&
    sameExtent(from[from.length - 1 - back], to[to.length - 1 - back])
  ) {
    back++;
  }
  const linear = linearIndex(
    k,
    out.slice(front, to.length - back),
    to.slice(front, to.length - back),
  );
  const middle = splitIndex(k, linear, from.slice(front, from.length - back));
  return [...out.slice(0, front), ...middle, ...out.slice(to.length - back)];
}

function sameExtent(left: Dim | undefined, right: Dim | undefined): boolean {
  return left !== undefined && right !== undefined && dimEqual(left, right);
}
