// Takes numbers of blocks, gives the points of each block: lanes beyond an edge compute the edge again and store nothing.
import type { Dim } from "../types/dimension.js";
import { ceilDivideDims } from "../types/dimension.js";
import type { Axis } from "../types/nest.js";
import type { Lane } from "./assemble.js";
import type { AxisValues } from "./evaluate.js";
import { dimValue } from "./polynomial.js";
import { literal, operation } from "./simplify.js";
import type { TiledAxis } from "./tile.js";
import type { Value, Values } from "./value.js";

/** How many blocks there are along an axis. */
export function blockExtent(axis: Axis, tile: readonly TiledAxis[]): Dim {
  const size = tile.find((tiled) => tiled.axis === axis)?.size ?? 1;
  return ceilDivideDims(axis.extent, size);
}

/** `blocks` gives the block's number along each tiled axis, the index along the others. */
export function lanesOfTile(
  values: Values,
  blocks: AxisValues,
  tile: readonly TiledAxis[],
): readonly Lane[] {
  const starts = new Map<Axis, Value>();
  for (const { axis, size } of tile) {
    const block = blocks.get(axis);
    if (!block) throw new Error("a tiled axis has no blocks");
    starts.set(
      axis,
      operation(values, "multiply", "index", [block, literal(values, "index", size)]),
    );
  }
  return lanesFrom(values, new Map([...blocks, ...starts]), tile);
}

/** `starts` gives the first index of the block along each tiled axis. */
export function lanesFrom(
  values: Values,
  starts: AxisValues,
  tile: readonly TiledAxis[],
): readonly Lane[] {
  let lanes: readonly Lane[] = [{ axes: starts, guards: [] }];
  for (const { axis, size } of tile) {
    lanes = lanes.flatMap((lane) =>
      Array.from({ length: size }, (_, at) => shift(values, lane, axis, at, size)),
    );
  }
  return lanes;
}

function shift(values: Values, lane: Lane, axis: Axis, by: number, size: number): Lane {
  const start = lane.axes.get(axis);
  if (!start) throw new Error("a tiled axis has no start");
  const index = operation(values, "add", "index", [start, literal(values, "index", by)]);
  const exact = typeof axis.extent === "number" && axis.extent % size === 0;
  if (exact || by === 0) return { ...lane, axes: new Map([...lane.axes, [axis, index]]) };
  const last = dimValue(values, axis.extent);
  const inside = operation(values, "less", "bool", [index, last]);
  const edge = operation(values, "subtract", "index", [last, literal(values, "index", 1)]);
  const clamped = operation(values, "minimum", "index", [index, edge]);
  return { axes: new Map([...lane.axes, [axis, clamped]]), guards: [...lane.guards, inside] };
}
