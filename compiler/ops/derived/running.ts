// A tensor in; its running maximum, minimum, product or logarithm of summed exponentials along an axis out, by joining ever longer runs.

import { ceilDivideDims } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { reductionTable } from "../../scalars/reductions.js";
import { at, extentAt } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { largestReal } from "../leaves.js";
import { shiftedExponential } from "../shifted.js";
import { lastly } from "./lastly.js";
import { block, first, inOneRow, inRows, levelsOf, padded } from "./runs.js";

/** What is known of each run: tensors of one shape. */
type State = readonly Node[];

/** An operation that is associative, so that runs may be joined in any grouping. */
interface Running {
  /** Of single values. */
  readonly start: (b: GraphBuilder, x: Node) => State;
  /** Of what comes first along the axis and what comes behind it: where they are equal the first counts. */
  readonly join: (b: GraphBuilder, earlier: State, later: State) => State;
  /** The state that joins with nothing changed. */
  readonly identity: (x: Node) => readonly number[];
  /** Of all values up to each along the last axis, however many there are: for few, as each looks at all. */
  readonly ofEach: (b: GraphBuilder, state: State) => State;
  readonly value: (b: GraphBuilder, state: State) => Node;
}

export type RunningName = "cummax" | "cummin" | "cumprod" | "cumlogsumexp";

/** Of each element and all before it along the axis; from the end where `reverse` is set. */
export function running(
  b: GraphBuilder,
  name: RunningName,
  { x, axis, reverse }: { readonly x: Node; readonly axis: number; readonly reverse: boolean },
): Node {
  const of = runnings[name];
  const { moved, back } = lastly(b, x, axis);
  const last = moved.shape.length - 1;
  const turned = (y: Node): Node => (reverse ? b.flip(y, [last]) : y);
  const runs: Runs = { b, of, fills: of.identity(x) };
  const state = inBlocks(runs, of.start(b, turned(moved)), levelsOf(extentAt(moved.shape, last)));
  return back(turned(of.value(b, state)));
}

interface Runs {
  readonly b: GraphBuilder;
  readonly of: Running;
  readonly fills: readonly number[];
}

/** Each element's value is that of its block up to it, joined to that of the blocks before it, which is a running one again. */
function inBlocks(runs: Runs, state: State, levels: number): State {
  const { b, of, fills } = runs;
  const { shape } = at(state, 0);
  const axis = shape.length - 1;
  const extent = extentAt(shape, axis);
  if (levels === 0) {
    return typeof extent === "number" ? doubled(runs, state, extent) : of.ofEach(b, state);
  }
  const outer = shape.slice(0, -1);
  const blocks = ceilDivideDims(extent, block);
  const rows = state.map((y, n) => inRows(b, y, block, at(fills, n)));
  const within = doubled(runs, rows, block);
  const totals = within.map((y) => {
    const starts = y.shape.map((_, n) => (n > axis ? block - 1 : 0));
    return b.reshape(b.slice(y, starts, [...outer, blocks, 1]), [...outer, blocks]);
  });
  const ahead = shifted(runs, inBlocks(runs, totals, levels - 1), { by: 1, extent: blocks });
  const before = ahead.map((y) => b.reshape(y, [...outer, blocks, 1]));
  return of.join(b, before, within).map((y) => inOneRow(b, y, extent));
}

/** Runs of one, of two, of four …: log n steps of n joins (Hillis and Steele, "Data Parallel Algorithms", 1986). */
function doubled(runs: Runs, state: State, extent: number): State {
  let joined = state;
  for (let by = 1; by < extent; by *= 2) {
    joined = runs.of.join(runs.b, shifted(runs, joined, { by, extent }), joined);
  }
  return joined;
}

/** The last axis moved back by so many, with what changes nothing at its beginning. */
function shifted(
  { b, fills }: Runs,
  state: State,
  { by, extent }: { readonly by: number; readonly extent: Dim },
): State {
  return state.map((y, n) =>
    first(b, padded(b, y, { before: by, after: 0, fill: at(fills, n) }), 0, extent),
  );
}

/** Row i of a new last but one axis: the values up to and with the ith, `otherwise` in the place of those behind. */
function upToEach(b: GraphBuilder, y: Node, otherwise: Node | number): Node {
  const outer = y.shape.slice(0, -1);
  const extent = extentAt(y.shape, outer.length);
  const counts = b.lessEqual(b.iota([extent, extent], 1), b.iota([extent, extent], 0));
  return b.select(counts, b.reshape(y, [...outer, 1, extent]), otherwise);
}

/** Of one tensor, which is the value. */
function single(specification: {
  readonly join: (b: GraphBuilder, earlier: Node, later: Node) => Node;
  readonly identity: (x: Node) => number;
  readonly ofEach: (b: GraphBuilder, y: Node) => Node;
}): Running {
  const { join, identity, ofEach } = specification;
  return {
    start: (_, x) => [x],
    join: (b, earlier, later) => [join(b, at(earlier, 0), at(later, 0))],
    identity: (x) => [identity(x)],
    ofEach: (b, state) => [ofEach(b, at(state, 0))],
    value: (_, state) => at(state, 0),
  };
}

function extremum(name: "max" | "min", join: "maximum" | "minimum"): Running {
  return single({
    join: (b, earlier, later) => b[join](earlier, later),
    identity: ({ type }) => reductionTable[name].identity[type],
    // The first once more changes nothing.
    ofEach: (b, y) => {
      const one = b.reshape(first(b, y, 0, 1), [...y.shape.slice(0, -1), 1, 1]);
      return b[name](upToEach(b, y, one), [y.shape.length]);
    },
  });
}

/**
 * A state is the largest x, as a number without a derivative, and Σ exp(x − largest), which is at least 1: no exponential is
 * taken of a number above 0, and derivatives pass through sums of products alone. Infinity counts as the largest number.
 */
const logSumExp: Running = {
  start: (b, x) => {
    const most = b.stopGradient(b.minimum(b.maximum(x, -largestReal), largestReal));
    return [most, shiftedExponential(b, b.subtract(x, most))];
  },
  join: (b, earlier, later) => {
    const most = b.stopGradient(b.maximum(at(earlier, 0), at(later, 0)));
    const terms = [earlier, later].map((state) => {
      const scale = b.stopGradient(shiftedExponential(b, b.subtract(at(state, 0), most)));
      return b.multiply(at(state, 1), scale);
    });
    return [most, terms.reduce((sum, term) => b.add(sum, term))];
  },
  identity: () => [-largestReal, 0],
  ofEach: (b, state) => {
    const axis = at(state, 0).shape.length;
    const exponents = upToEach(b, at(state, 0), -largestReal);
    const most = b.stopGradient(b.max(exponents, [axis], true));
    const scale = b.stopGradient(shiftedExponential(b, b.subtract(exponents, most)));
    const sum = b.sum(b.multiply(upToEach(b, at(state, 1), 0), scale), [axis]);
    return [b.reshape(most, sum.shape), sum];
  },
  // Of exponentials of −∞ alone the sum is 0, whose logarithm has no derivative.
  value: (b, state) => b.add(at(state, 0), b.log(b.maximum(at(state, 1), 1))),
};

const runnings: Readonly<Record<RunningName, Running>> = {
  cummax: extremum("max", "maximum"),
  cummin: extremum("min", "minimum"),
  /** By products alone, so that zeros are like other factors, in derivatives too. */
  cumprod: single({
    join: (b, earlier, later) => b.multiply(earlier, later),
    identity: () => 1,
    ofEach: (b, y) => b.prod(upToEach(b, y, 1), [y.shape.length]),
  }),
  cumlogsumexp: logSumExp,
};
