// Takes nests, gives the numbers that choices rest on: points, lengths of reductions, operations.
import type { Dim, Extents } from "../types/dimension.js";
import { addDims, expectedSize, multiplyDims } from "../types/dimension.js";
import { searches } from "../scalars/reductions.js";
import type { Axis, LoopNest, Scalar } from "../types/nest.js";
import { createAxesOf, scalarsOf } from "./evaluate.js";

export function pointsOf(axes: Iterable<Axis>, extents: Extents): number {
  let points = 1;
  for (const axis of axes) points *= expectedSize(axis.extent, extents);
  return points;
}

export type ReduceScalar = Extract<Scalar, { kind: "reduce" }>;

const indexBits = 31;

/** Every operation counts once for each index of the axes that it depends on. */
export function flopsOf(nest: LoopNest): Dim {
  const axesOf = createAxesOf();
  const scalars = scalarsOf(nest);
  const fewer = new Map(
    scalars.flatMap((scalar) =>
      scalar.kind === "reduce"
        ? scalar.axes.flatMap((axis, n): [Axis, Dim][] => {
            if (searches(scalar.combine)) return [[axis, stepsAlong(axis)]];
            return scalar.terms === undefined ? [] : [[axis, n === 0 ? scalar.terms : 1]];
          })
        : [],
    ),
  );
  const counts = new Map<string, { axes: readonly Axis[]; operations: number }>();
  const count = (axes: Iterable<Axis>, operations: number): void => {
    const list = [...axes].sort((a, b) => a.id - b.id);
    const key = list.map((axis) => axis.id).join(",");
    const entry = counts.get(key) ?? { axes: list, operations: 0 };
    entry.operations += operations;
    counts.set(key, entry);
  };
  for (const scalar of scalars) {
    if (scalar.kind === "reduce") {
      count(new Set([...axesOf(scalar.value), ...scalar.axes]), 1);
    } else if (scalar.kind === "random" || (scalar.kind === "op" && scalar.type === "f32")) {
      count(axesOf(scalar), 1);
    }
  }
  const parts = [...counts.values()].map(({ axes, operations }) =>
    multiplyDims(operations, ...axes.map((axis) => fewer.get(axis) ?? axis.extent)),
  );
  return addDims(0, ...parts);
}

/** How often a search halves an axis. */
function stepsAlong({ extent }: Axis): number {
  return typeof extent === "number" ? Math.ceil(Math.log2(extent + 1)) : indexBits;
}
