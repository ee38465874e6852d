// Updates and their places in; for each entry the one update that wins there, with what an entry without one holds, out.

import { dimEqual, multiplyDims, shapeText } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node, Shape } from "../../types/graph.js";
import { extentAt, indices } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { reductionTable } from "../../scalars/reductions.js";
import { largestReal } from "../leaves.js";
import { lastly } from "./lastly.js";
import { countLeading, sortedIndices, takeLast } from "./mergeSort.js";
import { fail } from "./primitive.js";

/** Of the updates that name an entry the last one, the smallest, or the largest; of equal ones the first. */
export type Winner = "last" | "min" | "max";

export interface Scatter {
  readonly updates: Node;
  readonly places: Node;
  /** Of the result, along which the places name one of `count` entries. */
  readonly axis: number;
  readonly count: Dim;
  readonly winner: Winner;
  /** What an entry holds that no update names; broadcasts to the result. */
  readonly otherwise: Node;
}

const worstReal = { max: -largestReal, min: largestReal } as const;

/** Up to so many entries, or updates, each entry looks at all updates; else updates are sorted. */
const fewEntries = 1024;
const fewUpdates = 256;

/** Updates whose axes from `axis` on are those of the places, as in scatter_add. */
export function scatterWinners(b: GraphBuilder, request: Scatter): Node {
  const { updates, places, axis } = request;
  const width = places.shape.length;
  const own = updates.shape.slice(axis, axis + width);
  const agrees =
    own.length === width && own.every((dim, n) => dimEqual(dim, extentAt(places.shape, n)));
  // Said as scatter_add says it.
  if (!agrees) return b.scatterAdd(updates, places, axis, request.count);
  const many = multiplyDims(1, ...places.shape);
  const shape = [...updates.shape.slice(0, axis), many, ...updates.shape.slice(axis + width)];
  const flat = b.reshape(places, [many]);
  return scatterLast(b, { ...request, updates: b.reshape(updates, shape), places: flat });
}

/** Updates with a place for each, of their shape or broadcasting to it. */
export function scatterWinnersAlong(b: GraphBuilder, request: Scatter): Node {
  return scatterLast(b, { ...request, places: lastly(b, request.places, request.axis).moved });
}

/** Updates with places along `axis`, and places along the last of their own axes. */
function scatterLast(b: GraphBuilder, { updates, axis, places, ...rest }: Scatter): Node {
  const { moved, back } = lastly(b, updates, axis);
  const { winner, count, otherwise } = rest;
  const last = b.subtract(b.dimension(count), 1);
  const inside = b.minimum(b.maximum(b.cast(places, "i32"), 0), last);
  const lead = indices(moved.shape.length - inside.shape.length).map(() => 1);
  const own = b.reshape(inside, [...lead, ...inside.shape]);
  const found = winners(b, { updates: moved, places: own, count, winner });
  const rows = moved.shape.slice(0, -1);
  const along = (node: Node): Node => b.broadcast(node, [...rows, count]);
  const values = back(takeRows(b, moved, found.update));
  return b.select(back(along(found.isNamed)), values, fitting(b, otherwise, values.shape));
}

/** By indices that all rows share, or by those of each row. */
function takeRows(b: GraphBuilder, moved: Node, update: Node): Node {
  const rows = moved.shape.slice(0, -1);
  const count = extentAt(update.shape, rows.length);
  const shared = update.shape.slice(0, -1).every((extent) => extent === 1);
  if (shared) return b.take(moved, b.reshape(update, [count]), rows.length);
  return takeLast(b, moved, b.broadcast(update, [...rows, count]));
}

function fitting(b: GraphBuilder, otherwise: Node, shape: Shape): Node {
  const wide = b.tryNode("broadcast", [otherwise], { shape });
  if (!("kind" in wide)) return wide;
  return fail("shape", "`otherwise` is a number, or a tensor that broadcasts to the result", {
    expected: shapeText(shape),
    found: shapeText(otherwise.shape),
    operands: [4],
  });
}

/** Along the last axis: updates, and their places, which broadcast to them along all others. */
interface Contest {
  readonly updates: Node;
  readonly places: Node;
  readonly count: Dim;
  readonly winner: Winner;
}

interface Winners {
  /** For each entry, the index of its update; any index where none names it. */
  readonly update: Node;
  readonly isNamed: Node;
}

function winners(b: GraphBuilder, contest: Contest): Winners {
  const { count, places } = contest;
  const many = extentAt(places.shape, places.shape.length - 1);
  const few =
    (typeof count === "number" && count <= fewEntries) ||
    (typeof many === "number" && many <= fewUpdates);
  const own = { ...contest, updates: b.stopGradient(contest.updates) };
  return few ? byComparing(b, own, many) : bySorting(b, own, many);
}

function byComparing(
  b: GraphBuilder,
  { updates, places, count, winner }: Contest,
  many: Dim,
): Winners {
  const row = (node: Node): Node => {
    const outer = node.shape.slice(0, -1);
    return b.reshape(node, [...outer, 1, extentAt(node.shape, outer.length)]);
  };
  const named = b.equal(row(places), b.iota([count, 1], 0));
  const axis = updates.shape.length;
  const index = b.iota([1, many], 1);
  if (winner === "last") {
    const update = b.max(b.select(named, index, -1), [axis]);
    return { update: b.maximum(update, 0), isNamed: b.greaterEqual(update, 0) };
  }
  // Infinity counts as the largest number, as in sorts: no constant is infinite.
  const isReal = updates.type === "f32";
  const worst = isReal ? worstReal[winner] : reductionTable[winner].identity[updates.type];
  const own = row(isReal ? b[winner === "max" ? "maximum" : "minimum"](updates, worst) : updates);
  const best = b[winner](b.select(named, own, worst), [axis], true);
  // What compares with no number counts as one that is not behind the best.
  const isBehind = b[winner === "max" ? "less" : "greater"](own, best);
  const first = b.min(b.select(b.and(named, b.not(isBehind)), index, b.dimension(many)), [axis]);
  const last = b.subtract(b.dimension(many), 1);
  return { update: b.minimum(first, last), isNamed: b.lessEqual(first, last) };
}

/** Updates in the order in which they win, sorted by their places: the first of each place wins it. */
function bySorting(
  b: GraphBuilder,
  { updates, places, count, winner }: Contest,
  many: Dim,
): Winners {
  const axis = updates.shape.length - 1;
  const own = winner === "last" ? places : b.broadcast(places, updates.shape);
  const byRank =
    winner === "last"
      ? b.broadcast(b.subtract(b.subtract(b.dimension(many), 1), b.iota([many], 0)), own.shape)
      : sortedIndices(b, updates, many, winner === "max");
  const ranked = takeLast(b, own, byRank);
  const byPlace = sortedIndices(b, ranked, many, false);
  const ascending = takeLast(b, ranked, byPlace);
  const entry = b.iota([count, 1], 0);
  const start = countLeading(b, many, (index) => {
    const rows = index.shape.length > 2 ? axis : 0;
    const every = b.broadcast(index, [...index.shape.slice(0, -2), count, index.shape.at(-1) ?? 1]);
    return b.less(b.take(ascending, every, axis, rows), entry);
  });
  const first = b.minimum(start, b.subtract(b.dimension(many), 1));
  return {
    update: takeLast(b, byRank, takeLast(b, byPlace, first)),
    isNamed: b.equal(takeLast(b, ascending, first), b.iota([count], 0)),
  };
}
