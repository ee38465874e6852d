// A scatterAdd in; a sum over each entry's own updates, in their order, out: inverted while compiling where the indices are known, else by sorting them.

import { addDims, elementCount, evaluateDim, freeNames } from "../types/dimension.js";
import type { Dim, Extents } from "../types/dimension.js";
import type { Node, NodeOf } from "../types/graph.js";
import { inputAt } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { countLeading, sortedIndices, takeLast } from "../ops/derived/mergeSort.js";
import { knownIntegers } from "./known.js";

/**
 * Of how many comparisons of an entry with an update reading two tables costs less than looking at all. Measured for n updates
 * of n entries, rows of 1,024 numbers: the same time at 8 × 8 on both backends, 0.8 (CPU) and 0.7 (WebGPU in software) of it at
 * 16 × 16, a fifth at 128 × 128.
 */
const fewComparisons = 256;
/**
 * Sorting, in comparisons: for each update, and for the kernels that it takes. Measured on the CPU: 1,100 to 1,650 an update where
 * n = 512 to 8,192 single numbers go to as many entries, with the crossing near n = 1,500; 3,600 to 3,900 for rows of
 * 16, whose numbers share comparisons. On WebGPU in software 2,300 to 2,600, and less where few invocations compare.
 */
const sortingOfOne = 1500;
const sortingKernels = 1_000_000;
/** Of an entry with a start and an end: 4,096 × 16 entries and 512 updates took as long as 20 comparisons of each. */
const bounds = 20;

/** Each entry costs its own updates, where `scatterAdd` looks at all of them. */
export function sumSegments(b: GraphBuilder, node: Node, estimates: Extents): Node | undefined {
  if (node.op !== "scatterAdd") return undefined;
  const { axis, batchAxes, extent } = node.attributes;
  const [updates, indices] = [inputAt(node.inputs, 0), inputAt(node.inputs, 1)];
  const count = elementCount(indices.shape.slice(batchAxes));
  const behind = updates.shape.slice(axis + indices.shape.length - batchAxes);
  const flat = [...indices.shape.slice(0, batchAxes), count];
  const own = b.reshape(b.cast(indices, "i32"), flat);
  const tables = inverted(b, own, extent) ?? sorted(b, node, own, estimates);
  if (tables === undefined) return undefined;
  const ordered = b.reshape(updates, [...updates.shape.slice(0, axis), count, ...behind]);
  return b.segmentSum(ordered, tables.order, tables.starts, { axis, batchAxes, extent });
}

interface Tables {
  readonly order: Node;
  readonly starts: Node;
}

function inverted(b: GraphBuilder, indices: Node, extent: Dim): Tables | undefined {
  if (indices.shape.length !== 1 || typeof extent !== "number") return undefined;
  const [count] = indices.shape;
  if (typeof count !== "number" || count * extent < fewComparisons) return undefined;
  const values = knownIntegers(indices);
  if (values === undefined) return undefined;
  const { order, starts } = inverse(values, extent);
  return {
    order: b.constant(order, [order.length], "i32"),
    starts: b.constant(starts, [starts.length], "i32"),
  };
}

/** Updates sorted by their indices, as they stand where indices are equal; and where those of each index begin. */
function inverse(
  indices: readonly number[],
  extent: number,
): { readonly order: readonly number[]; readonly starts: readonly number[] } {
  const clamped = indices.map((index) => Math.min(Math.max(index, 0), extent - 1));
  const starts = new Array<number>(extent + 1).fill(0);
  for (const index of clamped) starts[index + 1] = (starts[index + 1] ?? 0) + 1;
  for (let index = 0; index < extent; index++) {
    starts[index + 1] = (starts[index + 1] ?? 0) + (starts[index] ?? 0);
  }
  const next = starts.slice();
  const order = new Array<number>(indices.length).fill(0);
  clamped.forEach((index, update) => {
    const position = next[index] ?? 0;
    order[position] = update;
    next[index] = position + 1;
  });
  return { order, starts };
}

/** Where sorting, and a search for each entry, costs less than comparing each entry with each update. */
function sorted(
  b: GraphBuilder,
  node: NodeOf<"scatterAdd">,
  indices: Node,
  estimates: Extents,
): Tables | undefined {
  const { extent, batchAxes } = node.attributes;
  const all = sizeOf(elementCount(node.shape), estimates);
  const updates = sizeOf(elementCount(indices.shape), estimates);
  const rows = sizeOf(elementCount(indices.shape.slice(0, batchAxes)), estimates);
  if (all === undefined || updates === undefined || rows === undefined) return undefined;
  if (all * (updates / rows) < updates * sortingOfOne + all * bounds + sortingKernels) {
    return undefined;
  }
  const last = b.subtract(b.dimension(extent), 1);
  const inside = b.minimum(b.maximum(indices, 0), last);
  const count = inside.shape.at(-1) ?? 1;
  const order = sortedIndices(b, inside, count, false);
  const ascending = takeLast(b, inside, order);
  const axis = ascending.shape.length - 1;
  const entries = addDims(extent, 1);
  const entry = b.iota([entries, 1], 0);
  const starts = countLeading(b, count, (index) => {
    const rowsOwn = index.shape.length > 2 ? axis : 0;
    return b.less(
      b.take(ascending, b.broadcast(index, withEntries(index, entries)), axis, rowsOwn),
      entry,
    );
  });
  return { order, starts };
}

function withEntries(index: Node, entries: Dim): readonly Dim[] {
  return [...index.shape.slice(0, -2), entries, index.shape.at(-1) ?? 1];
}

function sizeOf(dim: Dim, estimates: Extents): number | undefined {
  const known = [...freeNames(dim)].every((name) => Object.hasOwn(estimates, name));
  return known ? evaluateDim(dim, estimates) : undefined;
}
