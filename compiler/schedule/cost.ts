// Takes nodes and estimated extents, gives estimates of work: what one element costs to compute in place of a load.
import { elementCount, evaluateDim } from "../types/dimension.js";
import type { Dim, Extents } from "../types/dimension.js";
import type { Node, OpName } from "../types/graph.js";
import { scalarOperation } from "../scalars/table.js";
import { isLeaf, isReducing, isSearch, isView, termsOf } from "./families.js";

/** Work is counted in simple floating-point operations; a dispatch costs as much as this many of them. */
export const dispatchCost = 200_000;
/** Reading or writing one element of a buffer. */
export const memoryCost = 2;

/** Of what is no scalar operation. */
const operationCost: Partial<Record<OpName, number>> = {
  random: 60,
  constant: 0,
  iota: 0,
  bound: 0,
  dimension: 0,
  hostScalar: 0,
  stopGradient: 0,
};

function estimateSize(shape: readonly Dim[], estimates: Extents): number {
  return Math.max(1, evaluateDim(elementCount(shape), estimates));
}

/** How many elements of its operand one element of a reducing node reads; 1 for others. */
export function reductionLength(node: Node, estimates: Extents): number {
  const length = estimateSize([termsOf(node)], estimates);
  return isSearch(node) ? Math.ceil(Math.log2(length + 1)) : length;
}

/** Views only move indices. */
export function ownCost(node: Node): number {
  const known = scalarOperation(node.op)?.cost ?? operationCost[node.op];
  if (known !== undefined) return known;
  if (isLeaf(node)) return memoryCost;
  return isView(node) ? 0 : 1;
}

export interface Costs {
  /** Work for one element of the node where everything but reductions is computed on the spot. */
  readonly element: ReadonlyMap<Node, number>;
  readonly size: ReadonlyMap<Node, number>;
  /** As `reductionLength`, of what reduces. */
  readonly length: ReadonlyMap<Node, number>;
}

/** `nodes` in topological order; those that are given are read, whatever they were computed from. */
export function estimateCosts(
  nodes: readonly Node[],
  estimates: Extents,
  isGiven: (node: Node) => boolean,
): Costs {
  const element = new Map<Node, number>();
  const size = new Map<Node, number>();
  const length = new Map<Node, number>();
  const access = (node: Node): number => {
    if (length.has(node)) return memoryCost;
    // What is dearer than this is written to memory somewhere on the way.
    return Math.min(element.get(node) ?? memoryCost, 400);
  };
  for (const node of nodes) {
    size.set(node, estimateSize(node.shape, estimates));
    const reduces = isReducing(node);
    const terms = reduces ? reductionLength(node, estimates) : 1;
    if (reduces) length.set(node, terms);
    if (isGiven(node) && !isLeaf(node)) {
      element.set(node, memoryCost);
      continue;
    }
    const operands = node.inputs.reduce((sum, input) => sum + access(input), 0);
    element.set(node, terms * (ownCost(node) + operands));
  }
  return { element, size, length };
}
