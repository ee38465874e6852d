// Takes nodes and estimated extents, gives estimates of work: what one element costs to compute in place of a load.
import type { LeafSource } from "../ops/rule.js";
import { elementCount, evaluateDim } from "../types/dimension.js";
import type { Dim, Extents } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { scalarOperation } from "../scalars/table.js";
import {
  isLeaf,
  isReducing,
  isSameNumber,
  isSearch,
  isView,
  leafSource,
  termsOf,
} from "./families.js";

/** Work is counted in simple floating-point operations; a dispatch costs as much as this many of them. */
export const dispatchCost = 200_000;
/** Reading or writing one element of a buffer. */
export const memoryCost = 2;

/**
 * Reductions of so many terms, for no more points than these, go in parts of about as many terms each, of which all points together
 * have no more than `parts`: a workgroup of 128 that does one point alone goes through 512 terms and more in each invocation, each of
 * which waits for memory, while all others have nothing to do; a second dispatch costs as much as ten of these. Parts are summed in a
 * row: longer ones would lose digits (1,008 times 0.1 is 1e-5 off), and those of a power of 2, read side by side, meet in the same
 * lines of a cache.
 */
export const longReduction = { terms: 65_536, points: 1024, partTerms: 252, parts: 65_536 };

/** No operand counts for more. */
const dearest = 400;

/** What it costs to have an element of a leaf. */
const leafCost: Readonly<Record<LeafSource, number>> = {
  ...{ memory: memoryCost, given: 0, place: 0, draw: 60 },
};

function estimateSize(elements: Dim, estimates: Extents): number {
  return Math.max(1, evaluateDim(elements, estimates));
}

/** How many elements of its operand one element of a reducing node reads; 1 for others. */
export function reductionLength(node: Node, estimates: Extents): number {
  return lengthOf(node, termsOf(node), estimates);
}

function lengthOf(node: Node, terms: Dim, estimates: Extents): number {
  const length = estimateSize(terms, estimates);
  return isSearch(node) ? Math.ceil(Math.log2(length + 1)) : length;
}

/** Views, and what leaves a value as it is, only move indices. */
export function ownCost(node: Node): number {
  const known = scalarOperation(node.op)?.cost;
  if (known !== undefined) return known;
  const source = leafSource(node);
  if (source !== undefined) return leafCost[source];
  return isView(node) || isSameNumber(node) ? 0 : 1;
}

export interface Costs {
  /** Work for one element of the node where everything but reductions is computed on the spot. */
  readonly element: ReadonlyMap<Node, number>;
  readonly size: ReadonlyMap<Node, number>;
  /** As `reductionLength`, of what reduces. */
  readonly length: ReadonlyMap<Node, number>;
}

/**
 * `nodes` in topological order; those that are given are read, whatever they were computed from. For each of several extents of
 * free dimensions.
 */
export function estimateCosts<Several extends readonly Extents[]>(
  nodes: readonly Node[],
  several: Several,
  isGiven: (node: Node) => boolean,
): { readonly [Index in keyof Several]: Costs } {
  const made = several.map((estimates) => ({
    ...{ estimates, element: new Map<Node, number>() },
    ...{ size: new Map<Node, number>(), length: new Map<Node, number>() },
  }));
  for (const node of nodes) {
    const elements = elementCount(node.shape);
    const terms = isReducing(node) ? termsOf(node) : undefined;
    const own = isGiven(node) && !isLeaf(node) ? undefined : ownCost(node);
    for (const { estimates, element, size, length } of made) {
      size.set(node, estimateSize(elements, estimates));
      const count = terms === undefined ? 1 : lengthOf(node, terms, estimates);
      if (terms !== undefined) length.set(node, count);
      if (own === undefined) {
        element.set(node, memoryCost);
        continue;
      }
      // What is dearer than this is written to memory somewhere on the way.
      const access = (input: Node): number =>
        length.has(input) ? memoryCost : Math.min(element.get(input) ?? memoryCost, dearest);
      const operands = node.inputs.reduce((sum, input) => sum + access(input), 0);
      element.set(node, count * (own + operands));
    }
  }
  return made as unknown as { readonly [Index in keyof Several]: Costs };
}
