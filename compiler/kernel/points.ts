// Takes numbers of blocks, gives the points of each block: points beyond an edge compute the edge again and store nothing.
import type { Dim } from "../types/dimension.js";
import { ceilDivideDims } from "../types/dimension.js";
import type { Axis } from "../types/nest.js";
import type { Point } from "./assemble.js";
import type { AxisValues } from "./evaluate.js";
import { dimValue } from "./polynomial.js";
import { literal, operation } from "./simplify.js";
import type { TiledAxis } from "./tile.js";
import type { KernelValue, ValueTable } from "./value.js";

/** How many blocks there are along an axis. */
export function blockExtent(axis: Axis, tile: readonly TiledAxis[]): Dim {
  const size = tile.find((tiled) => tiled.axis === axis)?.size ?? 1;
  return ceilDivideDims(axis.extent, size);
}

/** `blocks` gives the block's number along each tiled axis, the index along the others. */
export function pointsOfTile(
  values: ValueTable,
  blocks: AxisValues,
  tile: readonly TiledAxis[],
): readonly Point[] {
  const starts = new Map<Axis, KernelValue>();
  for (const { axis, size } of tile) {
    const block = blocks.get(axis);
    if (!block) throw new Error("a tiled axis has no blocks");
    starts.set(
      axis,
      operation(values, "multiply", "index", [block, literal(values, "index", size)]),
    );
  }
  return pointsFrom(values, new Map([...blocks, ...starts]), tile);
}

/** `starts` gives the first index of the block along each tiled axis. */
export function pointsFrom(
  values: ValueTable,
  starts: AxisValues,
  tile: readonly TiledAxis[],
): readonly Point[] {
  let points: readonly Point[] = [{ axes: starts, guards: [] }];
  for (const { axis, size } of tile) {
    points = points.flatMap((point) =>
      Array.from({ length: size }, (_, at) => shift(values, point, axis, at, size)),
    );
  }
  return points;
}

function shift(values: ValueTable, point: Point, axis: Axis, by: number, size: number): Point {
  const start = point.axes.get(axis);
  if (!start) throw new Error("a tiled axis has no start");
  const index = operation(values, "add", "index", [start, literal(values, "index", by)]);
  const exact = typeof axis.extent === "number" && axis.extent % size === 0;
  if (exact || by === 0) return { ...point, axes: new Map([...point.axes, [axis, index]]) };
  const last = dimValue(values, axis.extent);
  const inside = operation(values, "less", "bool", [index, last]);
  const edge = operation(values, "subtract", "index", [last, literal(values, "index", 1)]);
  const clamped = operation(values, "minimum", "index", [index, edge]);
  return { axes: new Map([...point.axes, [axis, clamped]]), guards: [...point.guards, inside] };
}
