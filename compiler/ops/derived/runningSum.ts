// A tensor in; its running sum along an axis out, of blocks and of blocks of blocks where it is long.

import type { Node } from "../../types/graph.js";
import { extentAt } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { lastly } from "./lastly.js";
import { block, first, inOneRow, inRows, levelsOf, padded } from "./runs.js";

/** Each element's sum is that of its block up to it, and of the blocks before it, which is a running sum again. */
export function runningSum(b: GraphBuilder, x: Node, axis: number, reverse: boolean): Node {
  const levels = levelsOf(extentAt(x.shape, axis));
  if (levels === 0) return b.cumsum(x, axis, reverse);
  const { moved, back } = lastly(b, x, axis);
  return back(inBlocks(b, moved, reverse, levels));
}

function inBlocks(b: GraphBuilder, x: Node, reverse: boolean, levels: number): Node {
  const axis = x.shape.length - 1;
  if (levels === 0) return b.cumsum(x, axis, reverse);
  const extent = extentAt(x.shape, axis);
  const rows = inRows(b, x, block, 0);
  const sums = inBlocks(b, b.sum(rows, [axis + 1]), reverse, levels - 1);
  const others = b.reshape(shifted(b, sums, reverse ? -1 : 1), [...rows.shape.slice(0, -1), 1]);
  const all = b.add(b.cumsum(rows, axis + 1, reverse), others);
  return inOneRow(b, all, extent);
}

/** The last axis moved by one, with 0 at the free end. */
function shifted(b: GraphBuilder, x: Node, by: 1 | -1): Node {
  const extent = extentAt(x.shape, x.shape.length - 1);
  return by === 1
    ? first(b, padded(b, x, { before: 1, after: 0, fill: 0 }), 0, extent)
    : first(b, padded(b, x, { before: 0, after: 1, fill: 0 }), 1, extent);
}
