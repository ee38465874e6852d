// A tensor in; its running sum along an axis out, of blocks and of blocks of blocks where it is long.

import { ceilDivideDims, multiplyDims, subtractDims } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { extentAt } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { lastly } from "./lastly.js";

/** Up to this many values each sum is taken by itself. */
const longestRun = 256;
const block = 64;
/** How often blocks are taken where the number of values is not known: a million in 256 sums of 4,096. */
const levelsOfUnknown = 2;

/** Each element's sum is that of its block up to it, and of the blocks before it, which is a running sum again. */
export function runningSum(b: GraphBuilder, x: Node, axis: number, reverse: boolean): Node {
  const levels = levelsOf(extentAt(x.shape, axis));
  if (levels === 0) return b.cumsum(x, axis, reverse);
  const { moved, back } = lastly(b, x, axis);
  return back(inBlocks(b, moved, reverse, levels));
}

function levelsOf(extent: Dim): number {
  if (typeof extent !== "number") return levelsOfUnknown;
  return extent <= longestRun ? 0 : 1 + levelsOf(Math.ceil(extent / block));
}

function inBlocks(b: GraphBuilder, x: Node, reverse: boolean, levels: number): Node {
  const axis = x.shape.length - 1;
  if (levels === 0) return b.cumsum(x, axis, reverse);
  const outer = x.shape.slice(0, -1);
  const extent = extentAt(x.shape, axis);
  const blocks = ceilDivideDims(extent, block);
  const whole = multiplyDims(block, blocks);
  const rows = b.reshape(padded(b, x, 0, subtractDims(whole, extent)), [...outer, blocks, block]);
  const sums = inBlocks(b, b.sum(rows, [axis + 1]), reverse, levels - 1);
  const others = b.reshape(shifted(b, sums, reverse ? -1 : 1), [...outer, blocks, 1]);
  const all = b.add(b.cumsum(rows, axis + 1, reverse), others);
  return first(b, b.reshape(all, [...outer, whole]), 0, extent);
}

/** The last axis moved by one, with 0 at the free end. */
function shifted(b: GraphBuilder, x: Node, by: 1 | -1): Node {
  const extent = extentAt(x.shape, x.shape.length - 1);
  return by === 1
    ? first(b, padded(b, x, 1, 0), 0, extent)
    : first(b, padded(b, x, 0, 1), 1, extent);
}

function padded(b: GraphBuilder, x: Node, before: Dim, after: Dim): Node {
  const ends = (end: Dim): Dim[] =>
    x.shape.map((_, axis) => (axis === x.shape.length - 1 ? end : 0));
  return b.pad(x, ends(before), ends(after));
}

function first(b: GraphBuilder, x: Node, start: number, count: Dim): Node {
  const last = x.shape.length - 1;
  const starts = x.shape.map((_, axis) => (axis === last ? start : 0));
  return b.slice(x, starts, [...x.shape.slice(0, -1), count]);
}
