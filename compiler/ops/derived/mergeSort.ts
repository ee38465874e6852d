// A tensor in; the indices of its values in sorted order along the last axis out, by merging ever longer runs.

import { ceilDivideDims, dimEqual, multiplyDims } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { extentAt } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { largestReal } from "../leaves.js";

/** Up to this many values each value counts those before it: one run, and nothing to merge. */
const longestRun = 256;
/** Runs are about this long where more values are sorted. */
const shortRun = 64;
/** How often runs are merged where the number of values is not known: 1,024 runs, of 1,000 values where there are a million. */
const mergesOfUnknown = 10;

interface Keys {
  readonly b: GraphBuilder;
  readonly descending: boolean;
  /** What is sorted, along the last axis. */
  readonly extent: Dim;
}

/**
 * The indices of the `count` first along the last axis, in sorted order; the first wins a tie. Runs of equal length are sorted
 * by counting, then merged pair by pair. In each merge every output finds by itself what it takes, as in the merge path of
 * Green, McColl and Bader, "GPU Merge Path" (2012): no step waits for another, and no memory is needed beyond the output.
 */
export function sortedIndices(b: GraphBuilder, y: Node, count: Dim, descending: boolean): Node {
  const axis = y.shape.length - 1;
  const extent = extentAt(y.shape, axis);
  const request: Keys = { b, descending, extent };
  const merges = mergesOf(extent);
  let run = ceilDivideDims(extent, 2 ** merges);
  let keys = comparable(b, b.stopGradient(y));
  let indices = sortRuns(request, keys, run, merges === 0 ? count : extent);
  if (merges > 0) keys = takeLast(b, keys, indices);
  for (let merge = 0; merge < merges; merge++) {
    const from = mergeRuns(request, keys, run);
    keys = takeLast(b, keys, from);
    indices = takeLast(b, indices, from);
    run = multiplyDims(2, run);
  }
  if (merges === 0 || dimEqual(count, extent)) return indices;
  // Where the number of values is not known there may be fewer: taking repeats the last, and reads no other row's.
  return b.take(indices, b.iota([count], 0), axis);
}

/** The f32 next below the largest. */
const nearlyLargest = largestReal - 2 ** 104;

/**
 * A value that compares with no other would share its place with one. NaN is taken for the largest number, all that is larger than the
 * one below, infinity too, for that one, so that NaN comes behind them. It is told by its integer: 0 by definition, where no number
 * plus 1 has it.
 */
function comparable(b: GraphBuilder, y: Node): Node {
  if (y.type !== "f32") return y;
  const isNumber = b.notEqual(b.cast(b.add(b.abs(y), 1), "i32"), 0);
  return b.select(isNumber, b.minimum(y, nearlyLargest), largestReal);
}

function mergesOf(extent: Dim): number {
  if (typeof extent !== "number") return mergesOfUnknown;
  return extent <= longestRun ? 0 : Math.ceil(Math.log2(extent / shortRun));
}

/** Values along the last axis by indices that share all other axes. */
export function takeLast(b: GraphBuilder, y: Node, indices: Node): Node {
  const axis = y.shape.length - 1;
  return b.take(y, indices, axis, axis);
}

/** For each of `count` outputs, which value of its run it takes. */
function sortRuns(request: Keys, y: Node, run: Dim, count: Dim): Node {
  const { b, descending, extent } = request;
  const axis = y.shape.length - 1;
  const own = b.reshape(y, [...y.shape, 1]);
  const other = runsOf(request, y, run);
  const ahead = descending ? b.greater(other, own) : b.less(other, own);
  const index = (rows: Dim): Node => b.add(startsOf(request, rows, run), b.iota([rows, run], 1));
  const tie = b.and(b.equal(other, own), b.less(index(extent), b.iota([extent, run], 0)));
  const counts = (rows: Dim, wanted: Node): Node =>
    dimEqual(run, extent) ? wanted : b.and(b.less(index(rows), b.dimension(extent)), wanted);
  const before = counts(extent, b.or(ahead, tie));
  const rank = b.sum(b.cast(before, "i32"), [axis + 1]);
  const position = b.subtract(b.iota([count, run], 0), startsOf(request, count, run));
  const found = counts(count, b.equal(runsOf(request, rank, run, count), position));
  return b.sum(b.select(found, index(count), 0), [axis + 1]);
}

/** Where the run of each of `rows` values starts, `[rows, 1]`. */
function startsOf({ b }: Keys, rows: Dim, run: Dim): Node {
  const own = b.iota([rows, 1], 0);
  return b.subtract(own, b.modulo(own, b.dimension(run)));
}

/** For each of `rows` values all those of its run, along a new last axis. */
function runsOf(request: Keys, y: Node, run: Dim, rows: Dim = request.extent): Node {
  const { b, extent } = request;
  if (dimEqual(run, extent)) return b.reshape(y, [...y.shape.slice(0, -1), 1, extent]);
  const indices = b.add(startsOf(request, rows, run), b.iota([rows, run], 1));
  return b.take(y, indices, y.shape.length - 1);
}

/**
 * For each output of the pairs of runs, the value that it takes. With d outputs of its pair before it, i of them are from the
 * first run: those whose counterpart, the (d − 1 − i)th of the second, is not before them. i is found by halving, among those
 * that leave neither run.
 */
function mergeRuns(request: Keys, keys: Node, run: Dim): Node {
  const { b, descending, extent } = request;
  const axis = keys.shape.length - 1;
  const length = b.dimension(run);
  const own = b.iota([extent], 0);
  const before = b.modulo(own, b.dimension(multiplyDims(2, run)));
  const start = b.subtract(own, before);
  const middle = b.add(start, length);
  const inFirst = b.minimum(length, b.subtract(b.dimension(extent), start));
  const inSecond = b.minimum(length, b.maximum(b.subtract(b.dimension(extent), middle), 0));
  const least = b.maximum(b.subtract(before, inSecond), 0);
  const most = b.minimum(before, inFirst);
  const goesFirst = (left: Node, right: Node): Node =>
    b[descending ? "greaterEqual" : "lessEqual"](left, right);
  const column = (node: Node): Node => b.reshape(node, [extent, 1]);
  const counterpart = b.subtract(b.add(middle, before), b.add(least, 1));
  const fromFirst = b.add(
    least,
    countLeading(b, run, (index) => {
      // The steps may depend on the row.
      const rows = index.shape.length > 2 ? axis : 0;
      const first = b.take(keys, b.add(column(b.add(start, least)), index), axis, rows);
      const second = b.take(keys, b.subtract(column(counterpart), index), axis, rows);
      return b.and(b.less(index, column(b.subtract(most, least))), goesFirst(first, second));
    }),
  );
  const fromSecond = b.subtract(before, fromFirst);
  const [left, right] = [b.add(start, fromFirst), b.add(middle, fromSecond)];
  const next = b.or(
    b.greaterEqual(fromSecond, inSecond),
    goesFirst(takeLast(b, keys, left), takeLast(b, keys, right)),
  );
  return b.select(b.and(b.less(fromFirst, inFirst), next), left, right);
}

/** What a tensor that is only searched may be long, so that the elements it would have can be counted. */
const longestSearch = 256;

/**
 * How many of `extent` indices hold, where none holds after one that does not. `holds` is asked for indices along a new last
 * axis: where there are many for every 256th first, and then for those between two of them.
 */
export function countLeading(b: GraphBuilder, extent: Dim, holds: (index: Node) => Node): Node {
  const along = (index: Node): Node => {
    const found = holds(index);
    return b.leading(found, found.shape.length - 1);
  };
  if (typeof extent !== "number" || extent <= longestSearch) return along(b.iota([1, extent], 1));
  const blocks = b.iota([1, Math.ceil(extent / longestSearch)], 1);
  const ends = b.add(b.multiply(blocks, longestSearch), longestSearch - 1);
  const skipped = b.multiply(along(ends), longestSearch);
  const from = b.reshape(skipped, [...skipped.shape, 1]);
  return b.add(skipped, along(b.add(from, b.iota([1, longestSearch], 1))));
}
