// The last axis of a tensor in; the same parted into blocks, padded and cut, for what runs along it, out.

import { ceilDivideDims, multiplyDims, subtractDims } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import type { GraphBuilder } from "../builder.js";
import { extentAt, indices } from "../broadcast.js";

/** Up to this many values are a run by themselves. */
const longestRun = 256;
export const block = 64;
/** How often blocks are taken where the number of values is not known: a million in 256 runs of 4,096. */
const levelsOfUnknown = 2;

/** How often blocks of blocks are taken of so many values, until there are no more than `few`. */
export function levelsOf(extent: Dim, few = longestRun, size = block): number {
  if (typeof extent !== "number") return levelsOfUnknown;
  return extent <= few ? 0 : 1 + levelsOf(Math.ceil(extent / size), few, size);
}

/** The last axis as blocks of so many, [..., blocks, size], the last one filled up. */
export function inRows(b: GraphBuilder, x: Node, size: number, fill: number): Node {
  const outer = x.shape.slice(0, -1);
  const extent = extentAt(x.shape, outer.length);
  const blocks = ceilDivideDims(extent, size);
  const after = subtractDims(multiplyDims(size, blocks), extent);
  return b.reshape(padded(b, x, { before: 0, after, fill }), [...outer, blocks, size]);
}

/** What `inRows` made, in one row again, of `count` values. */
export function inOneRow(b: GraphBuilder, rows: Node, count: Dim): Node {
  const outer = rows.shape.slice(0, -2);
  const axis = outer.length;
  const whole = multiplyDims(extentAt(rows.shape, axis), extentAt(rows.shape, axis + 1));
  return first(b, b.reshape(rows, [...outer, whole]), 0, count);
}

export function padded(
  b: GraphBuilder,
  x: Node,
  { before, after, fill }: { readonly before: Dim; readonly after: Dim; readonly fill: number },
): Node {
  const ends = (end: Dim): Dim[] => [...indices(x.shape.length - 1).map(() => 0), end];
  return b.pad(x, ends(before), ends(after), { value: fill });
}

/** So many from `start` on. */
export function first(b: GraphBuilder, x: Node, start: number, count: Dim): Node {
  const last = x.shape.length - 1;
  const starts = x.shape.map((_, axis) => (axis === last ? start : 0));
  return b.slice(x, starts, [...x.shape.slice(0, -1), count]);
}
