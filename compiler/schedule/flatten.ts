// Takes a loop nest, gives it over a single axis where it touches every buffer at the same row-major position.
import type { Dim } from "../types/dimension.js";
import type { Axis, LoopNest, Scalar } from "../types/nest.js";
import { createRewrite } from "../rewrite.js";
import { operandsOf, overOperands } from "./operands.js";
import type { ScalarBuilder } from "./scalars.js";

/**
 * Elementwise kernels over several axes mostly read and write at the position of the point: then the axes need not be
 * told apart, and neither division nor multiplication is left. `position` is the row-major position of the point.
 */
export function flattenNest(
  k: ScalarBuilder,
  nest: LoopNest,
  newAxis: (extent: Dim) => Axis,
  elements: Dim,
  position: Scalar,
): LoopNest {
  if (nest.axes.length < 2 || nest.stores.some(({ rows }) => rows !== undefined)) return nest;
  const outer = new Set(nest.axes);
  const roots = nest.stores.flatMap((store) => [store.index, store.value]);
  if (!onlyThrough(roots, position, outer)) return nest;
  const axis = newAxis(elements);
  const along = k.axis(axis);
  const replace = createRewrite<Scalar>(overOperands, (old) =>
    old === position ? along : undefined,
  );
  return {
    ...nest,
    axes: [axis],
    stores: nest.stores.map((store) => ({
      buffer: store.buffer,
      index: replace(store.index),
      value: replace(store.value),
    })),
  };
}

/** No axis of `outer` is reached but through `position`, with nothing added behind it that mixes axes. */
function onlyThrough(
  roots: readonly Scalar[],
  position: Scalar,
  outer: ReadonlySet<Axis>,
): boolean {
  const seen = new Set<Scalar>([position]);
  const stack = [...roots];
  for (let scalar = stack.pop(); scalar !== undefined; scalar = stack.pop()) {
    if (seen.has(scalar)) continue;
    seen.add(scalar);
    if (scalar.kind === "axis" && outer.has(scalar.axis)) return false;
    stack.push(...operandsOf(scalar));
  }
  return true;
}
