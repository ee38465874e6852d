// Takes a fusion group and what its parts read, gives its rows: parts that stand once for all points along some of its axes.
import { shapeEqual } from "../types/dimension.js";
import type { Shape } from "../types/graph.js";
import type { Axis, NestStore, Scalar } from "../types/nest.js";
import { createAxesOf, reachableScalars } from "./operands.js";
import type { FusionGroup } from "./order.js";
import type { Part } from "./parts.js";

export function isOfRows(part: Part, group: FusionGroup): boolean {
  return !shapeEqual(part.shape, group.shape);
}

/** The point of a part of `shape` that is read at `index`, where that is made of the point's own axes, each once. */
export function rowOf(
  index: readonly Scalar[],
  shape: Shape,
  point: readonly Scalar[],
): readonly Scalar[] | undefined {
  const along = index.filter((_, axis) => shape[axis] !== 1);
  const own = along.every((one) => one.kind === "axis" && point.includes(one));
  return own && new Set(along).size === along.length ? index : undefined;
}

/** Whether all reductions are the rows': one of a point's own would run for each point of a row by itself. */
export function reducesRows(stores: readonly NestStore[], rows: readonly Axis[]): boolean {
  const axesOf = createAxesOf();
  const own = new Set(rows);
  return [...reachableScalars(stores.map(({ value }) => value))].every(
    (scalar) => scalar.kind !== "reduce" || [...axesOf(scalar)].every((axis) => own.has(axis)),
  );
}
