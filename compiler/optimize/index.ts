// Roots of a graph in; roots of a smaller graph of the same values out: an ordered, named list of passes, repeated until nothing changes.

import type { Extents } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { compareExtrema } from "./extrema.js";
import { fold } from "./fold.js";
import { stableLogarithm } from "./logarithms.js";
import { joinPieces } from "./pieces.js";
import { rewrite } from "./rewrite.js";
import type { Rule } from "./rewrite.js";
import { mergeScans, optimizeBodies } from "./scans.js";
import { sumSegments } from "./segments.js";
import { createSharedNodes, share } from "./share.js";
import { simplify } from "./simplify.js";
import { mergeViews } from "./views.js";
import { normalizeSum } from "./weights.js";

/** One pass over a whole graph. What no root depends on any more is left behind by every pass. */
export interface Pass {
  readonly name: string;
  readonly doc: string;
  /** For one graph, which is given round by round: what a round left as it was is not looked at again. */
  readonly start: (context: PassContext) => Run;
}

type Run = (b: GraphBuilder, roots: readonly Node[]) => Node[];

export interface PassContext {
  /** These stay the very nodes that they are: those that a derivative is taken by. */
  readonly kept?: ReadonlySet<Node>;
  /** Extents of free dimensions that costs are weighed by. */
  readonly estimates?: Extents;
}

/**
 * In order, before a derivative is taken: what mends a value mends its derivative only if it comes first. They see no less
 * than the graph as it was written, and are run on every program too, so that values and derivatives agree.
 */
export const passesBeforeDerivatives: readonly Pass[] = [
  {
    name: "logarithms",
    doc: "Logarithms of what was made of exponentials come from the exponents: log softmax(z), log sigmoid(z), log(1 + exp(z)).",
    start: ({ kept = new Set() }) => byRule((own, node) => stableLogarithm(own, node, kept), kept),
  },
  {
    name: "weights",
    doc: "A sum weighted by softmax is divided by the sum of its weights, where it has fewer elements than they: attention.",
    start: ({ kept = new Set() }) => byRule(normalizeSum, kept),
  },
];

/** In order. Draws are never changed: two with equal path, source and shape are the same values, and may become one. */
export const passes: readonly Pass[] = [
  ...passesBeforeDerivatives,
  {
    name: "scans",
    doc: "Loops over the same carries become one; yields that nobody reads go; bodies are optimized.",
    start:
      ({ estimates = {} }) =>
      (b, roots) =>
        optimizeBodies(b, mergeScans(b, roots), (body) => optimize(b, body, { estimates })),
  },
  {
    name: "share",
    doc: "One node for equal ops over equal operands.",
    start: () => {
      const shared = createSharedNodes();
      return (b, roots) => share(b, roots, shared);
    },
  },
  {
    name: "fold",
    doc: "Elementwise ops of single constants become constants.",
    start: () => byRule(fold),
  },
  {
    name: "simplify",
    doc: "Identities of algebra that hold for all finite numbers: x + 0, x · 1, x², −(−x), a choice already made.",
    start: () => byRule(simplify),
  },
  {
    name: "extrema",
    doc: "Whether x exceeds 0 is read from max(0, x) where that is computed, so that x need not be kept.",
    start: () => compareExtrema,
  },
  {
    name: "segments",
    doc: "Where updates are added by index, each sum goes over its own: indices are inverted while compiling, or sorted.",
    start: ({ estimates = {} }) => byRule((own, node) => sumSegments(own, node, estimates)),
  },
  {
    name: "views",
    doc: "Views of views become one; broadcasting that an elementwise op does by itself goes.",
    start: () => byRule(mergeViews),
  },
  {
    name: "pieces",
    doc: "Padded tensors that are added side by side are concatenated.",
    start: () => byRule(joinPieces),
  },
];

function byRule(rule: Rule, kept: ReadonlySet<Node> = new Set()): Run {
  const settled = new Set(kept);
  return (b, roots) => rewrite(b, roots, rule, settled);
}

/** A trace of the work, for people: called after every pass that changed something. */
export interface PassTrace {
  readonly pass: string;
  readonly round: number;
  readonly roots: readonly Node[];
}

export interface OptimizeOptions {
  /** Extents of free dimensions that costs are weighed by; without them, only what holds for all is done. */
  readonly estimates?: Extents;
  readonly passes?: readonly Pass[];
  readonly onPass?: (trace: PassTrace) => void;
}

/** Enough for chains of simplifications that feed each other; each round is linear in the graph. */
const rounds = 4;

/** Graphs larger than this take one round: their size comes from repetition, not from nesting. */
const large = 20_000;

/** The same values from fewer nodes, root by root. */
export function optimize(
  b: GraphBuilder,
  roots: readonly Node[],
  options: OptimizeOptions = {},
): Node[] {
  let current = [...roots];
  const own = (options.passes ?? passes).map(({ name, start }) => ({ name, run: start(options) }));
  const limit = topologicalOrder(roots).length > large ? 1 : rounds;
  // One after the other, those that have found nothing to change in the graph as it is.
  let idle = 0;
  for (let round = 0; round < limit; round++) {
    for (const pass of own) {
      if (idle === own.length) return current;
      const next = pass.run(b, current);
      idle++;
      if (same(next, current)) continue;
      idle = 0;
      current = next;
      options.onPass?.({ pass: pass.name, round, roots: current });
    }
  }
  return current;
}

/** The graph that a derivative is taken of: each pass once, in bodies of loops too, the nodes that it is taken by left as they are. */
export function prepareForDerivative(
  b: GraphBuilder,
  roots: readonly Node[],
  kept: ReadonlySet<Node>,
  onPass?: (trace: PassTrace) => void,
): Node[] {
  let current = optimizeBodies(b, roots, (body) => prepareForDerivative(b, body, new Set()));
  for (const pass of passesBeforeDerivatives) {
    const next = pass.start({ kept })(b, current);
    if (same(next, current)) continue;
    current = next;
    onPass?.({ pass: pass.name, round: 0, roots: current });
  }
  return current;
}

/** Passes give back the very nodes that they did not change. */
function same(left: readonly Node[], right: readonly Node[]): boolean {
  return left.every((node, position) => node === right[position]);
}
