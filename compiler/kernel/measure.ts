// Takes nests, gives the numbers that choices rest on: points, lengths of reductions, operations.
import type { Dim, Extents } from "../types/dimension.js";
import { addDims, expectedSize, multiplyDims } from "../types/dimension.js";
import { searches } from "../scalars/reductions.js";
import type { Axis, LoopNest, Scalar } from "../types/nest.js";
import { createAxesOf } from "../schedule/operands.js";
import { scalarsOf } from "./evaluate.js";

export function pointsOf(axes: Iterable<Axis>, extents: Extents): number {
  let points = 1;
  for (const axis of axes) points *= expectedSize(axis.extent, extents);
  return points;
}

export type ReduceScalar = Extract<Scalar, { kind: "reduce" }>;

const indexBits = 31;

/** An operation of a nest, and the axes that it depends on: it counts once for each index of them. */
export interface CountedOperation {
  readonly scalar: Scalar;
  readonly axes: ReadonlySet<Axis>;
}

export function countedOperations(scalars: readonly Scalar[]): readonly CountedOperation[] {
  const axesOf = createAxesOf();
  return scalars.flatMap((scalar): CountedOperation[] => {
    if (scalar.kind === "reduce")
      return [{ scalar, axes: new Set([...axesOf(scalar.value), ...scalar.axes]) }];
    const isCounted = scalar.kind === "random" || (scalar.kind === "op" && scalar.type === "f32");
    return isCounted ? [{ scalar, axes: axesOf(scalar) }] : [];
  });
}

/**
 * How many indices of an axis count: fewer than it has where it is searched, or where guards over loaded bounds leave some out.
 * `extentOf`: how long axes are, where more is known of it than they say.
 */
export function countedLengths(
  scalars: readonly Scalar[],
  extentOf: (axis: Axis) => Dim = ({ extent }) => extent,
): (axis: Axis) => Dim {
  const fewer = new Map(
    scalars.flatMap((scalar) =>
      scalar.kind === "reduce"
        ? scalar.axes.flatMap((axis, n): [Axis, Dim][] => {
            if (searches(scalar.combine)) return [[axis, stepsAlong(extentOf(axis))]];
            return scalar.terms === undefined ? [] : [[axis, n === 0 ? scalar.terms : 1]];
          })
        : [],
    ),
  );
  return (axis) => fewer.get(axis) ?? extentOf(axis);
}

/** Terms that guards leave out count too, unless bounds were loaded for that. */
export function flopsOf(nest: LoopNest): Dim {
  const scalars = scalarsOf(nest);
  const lengthOf = countedLengths(scalars);
  const counts = new Map<string, { axes: readonly Axis[]; operations: number }>();
  for (const { axes } of countedOperations(scalars)) {
    const list = [...axes].sort((a, b) => a.id - b.id);
    const key = list.map((axis) => axis.id).join(",");
    const entry = counts.get(key) ?? { axes: list, operations: 0 };
    entry.operations++;
    counts.set(key, entry);
  }
  const parts = [...counts.values()].map(({ axes, operations }) =>
    multiplyDims(operations, ...axes.map(lengthOf)),
  );
  return addDims(0, ...parts);
}

/** How often a search halves an axis. */
function stepsAlong(extent: Dim): number {
  return typeof extent === "number" ? Math.ceil(Math.log2(extent + 1)) : indexBits;
}
