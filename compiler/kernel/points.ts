// Takes the first index of each block, gives its regions: the points of a whole block together, those of one at an edge one by one.
import type { Dim } from "../types/dimension.js";
import { ceilDivideDims } from "../types/dimension.js";
import type { Axis } from "../types/nest.js";
import type { AxisValues } from "./evaluate.js";
import { laneCount } from "./ir.js";
import { dimValue } from "./polynomial.js";
import { literal, operation } from "./simplify.js";
import type { TiledAxis } from "./tile.js";
import type { KernelValue, ReductionLoop, ValueTable, VariableValue } from "./value.js";

/** Points of the nest that a pass of the kernel's body computes together. */
export interface Region {
  /** It is computed where this holds alone; absent: always. */
  readonly where: KernelValue | undefined;
  /** Variables that are given where the region begins: what is known of them holds there alone. */
  readonly named: readonly { readonly variable: VariableValue; readonly value: KernelValue }[];
  /** Loops around the points. */
  readonly loops: readonly ReductionLoop[];
  /** Those side by side in the lanes of one wide value count as one. */
  readonly points: readonly AxisValues[];
  /** Parallel to the points: where one is stored; absent: all of them everywhere. What they share is computed in any case. */
  readonly stored?: readonly (KernelValue | undefined)[];
}

/** How many blocks there are along an axis. */
export function blockExtent(axis: Axis, tile: readonly TiledAxis[]): Dim {
  const size = tile.find((tiled) => tiled.axis === axis)?.size ?? 1;
  return ceilDivideDims(axis.extent, size);
}

/** Four neighbouring blocks along an axis, whose invocations load together. */
export interface QuadOfBlocks {
  readonly axis: Axis;
  /** The number of the block behind them. */
  readonly behind: KernelValue;
}

/**
 * `blocks` gives the block's number along each tiled axis, the index along the others. Of a quad all invocations have whole blocks, or
 * each goes through its points one by one.
 */
export function regionsOfBlocks(
  values: ValueTable,
  blocks: AxisValues,
  tile: readonly TiledAxis[],
  quad?: QuadOfBlocks,
): readonly Region[] {
  const single = quad && !tile.some(({ axis }) => axis === quad.axis);
  const tiled = single ? [...tile, { axis: quad.axis, size: 1 }] : tile;
  const starts = new Map<Axis, KernelValue>();
  const ends = new Map<Axis, KernelValue>();
  for (const { axis, size } of tiled) {
    const block = blocks.get(axis);
    if (!block) throw new Error("a tiled axis has no blocks");
    const first = (of: KernelValue): KernelValue =>
      operation(values, "multiply", "index", [of, literal(values, "index", size)]);
    starts.set(axis, first(block));
    if (axis === quad?.axis) ends.set(axis, first(quad.behind));
  }
  return regionsFrom(values, new Map([...blocks, ...starts]), tiled, ends);
}

/** `starts` gives the first index of the block along each tiled axis; `ends`, where blocks are whole together or not at all, the end of all. */
export function regionsFrom(
  values: ValueTable,
  starts: AxisValues,
  tile: readonly TiledAxis[],
  ends: AxisValues = new Map(),
): readonly Region[] {
  const fitting = tile.filter(fits);
  const cut = tile.filter((tiled) => !fits(tiled));
  if (cut.length === 0)
    return [{ where: undefined, named: [], loops: [], points: pointsFrom(values, starts, tile) }];
  const parts = cut.map((tiled) => partsOf(values, starts, tiled, ends.get(tiled.axis)));
  const where = parts
    .map(({ isWhole }) => isWhole)
    .reduce((left, right) => operation(values, "and", "bool", [left, right]));
  const inside = new Map(parts.map(({ axis, whole }): [Axis, KernelValue] => [axis, whole]));
  const edge = new Map(parts.map(({ axis, rest }): [Axis, KernelValue] => [axis, rest.variable]));
  return [
    {
      where,
      named: parts.map(({ whole, start }) => ({ variable: whole, value: start })),
      loops: [],
      points: pointsFrom(values, new Map([...starts, ...inside]), tile),
    },
    {
      where: operation(values, "not", "bool", [where]),
      named: [],
      loops: parts.map(({ rest }) => rest),
      points: pointsFrom(values, new Map([...starts, ...edge]), fitting),
    },
  ];
}

function fits({ axis, size }: TiledAxis): boolean {
  return typeof axis.extent === "number" && axis.extent % size === 0;
}

/** A block along one axis: where it starts when it is whole, and the loop over its points when it is not. */
function partsOf(
  values: ValueTable,
  starts: AxisValues,
  { axis, size }: TiledAxis,
  end: KernelValue | undefined,
): {
  readonly axis: Axis;
  readonly start: KernelValue;
  readonly isWhole: KernelValue;
  readonly whole: VariableValue;
  readonly rest: ReductionLoop;
} {
  const start = starts.get(axis);
  if (!start) throw new Error("a tiled axis has no start");
  const extent = dimValue(values, axis.extent);
  const next = operation(values, "add", "index", [start, literal(values, "index", size)]);
  const last = operation(values, "subtract", "index", [extent, literal(values, "index", size - 1)]);
  return {
    axis,
    start,
    isWhole: operation(values, "lessEqual", "bool", [end ?? next, extent]),
    whole: values.variable(`p${axis.id}`, last),
    rest: {
      variable: values.variable(`e${axis.id}`, extent),
      from: start,
      below: operation(values, "minimum", "index", [next, extent]),
      step: 1,
    },
  };
}

function pointsFrom(
  values: ValueTable,
  starts: AxisValues,
  tile: readonly TiledAxis[],
): readonly AxisValues[] {
  let points: readonly AxisValues[] = [starts];
  for (const { axis, size, inLanes } of tile) {
    const start = starts.get(axis);
    if (!start) throw new Error("a tiled axis has no start");
    const step = inLanes ? laneCount : 1;
    const first = inLanes ? operation(values, "add", "index", [start, values.lane]) : start;
    const indices = Array.from({ length: size / step }, (_, at) =>
      operation(values, "add", "index", [first, literal(values, "index", at * step)]),
    );
    points = points.flatMap((point) => indices.map((index) => new Map([...point, [axis, index]])));
  }
  return points;
}
