// Takes the nodes that were to be written to memory, gives fewer: what is cheap to compute again from others is not stored.
import type { Node } from "../types/graph.js";
import type { Costs } from "./cost.js";
import { ownCost } from "./cost.js";
import {
  hasFill,
  isGivenLeaf,
  isLeaf,
  isPointwise,
  isRearrangement,
  isReducing,
  isView,
  leafSource,
} from "./families.js";

/** What a value costs that is written to memory, or read there by another kernel, in simple operations for each element. */
const trafficCost = 32;
/** What it costs to ask whether an element is a view's fill, in simple operations: comparisons and a choice. */
const fillCost = 4;
/** No chain that is computed again has more nodes than this. */
const longestChain = 100;

export interface Weighed {
  readonly costs: Costs;
  /** How often each element of a node is computed. */
  readonly evaluations: ReadonlyMap<Node, number>;
}

export interface SpareRequest {
  /** In topological order. */
  readonly nodes: readonly Node[];
  readonly users: ReadonlyMap<Node, readonly Node[]>;
  readonly isHost: (node: Node) => boolean;
  /** Nodes that stay written whatever it costs. */
  readonly stays: (node: Node) => boolean;
  readonly weighings: readonly [trained: Weighed, longer: Weighed];
  /** How many times dearer a choice may get where free dimensions are much longer than trained. */
  readonly mostTimesDearer: number;
}

/**
 * Walks from users to producers a second time, when it is known what is written: an elementwise node is computed where it is
 * read where that costs less than to write it and to read it back, and what it is computed from need not be kept for longer
 * in more memory than it takes itself. `recount` follows each choice.
 */
export function spare(
  request: SpareRequest,
  materialized: Set<Node>,
  recount: (node: Node) => void,
): void {
  const last = lastReads(request, materialized);
  for (const node of [...request.nodes].reverse()) {
    if (request.isHost(node)) continue;
    recount(node);
    const moves = isPointwise(node) || isRearrangement(node);
    if (!materialized.has(node) || !moves || request.stays(node)) continue;
    const chain = chainOf(request, node, materialized);
    if (chain === undefined || !isCheap(request, node, chain)) continue;
    const [{ costs }] = request.weighings;
    const until = last.get(node) ?? 0;
    const longer = chain.reads.filter(
      (read) => !isGivenLeaf(read) && (last.get(read) ?? 0) < until,
    );
    const bytes = longer.reduce((sum, read) => sum + (costs.size.get(read) ?? 0), 0);
    if (bytes > (costs.size.get(node) ?? 0)) continue;
    materialized.delete(node);
    for (const read of chain.reads) last.set(read, Math.max(until, last.get(read) ?? 0));
    recount(node);
  }
}

/** The position of the last written node whose kernel reads each node. */
function lastReads(
  { nodes, users }: SpareRequest,
  materialized: ReadonlySet<Node>,
): Map<Node, number> {
  const positions = new Map(nodes.map((node, position) => [node, position]));
  const last = new Map<Node, number>();
  for (const node of [...nodes].reverse()) {
    const reads = (users.get(node) ?? []).map((user) =>
      materialized.has(user) ? (positions.get(user) ?? 0) : (last.get(user) ?? 0),
    );
    last.set(node, Math.max(0, ...reads));
  }
  return last;
}

/** What is computed for one element of a node, and the values that are read from memory for it. */
interface Chain {
  readonly operations: number;
  readonly reads: readonly Node[];
}

/** Undefined where more than elementwise operations and views stand between a node and what is in memory. */
function chainOf(
  { isHost }: SpareRequest,
  node: Node,
  materialized: ReadonlySet<Node>,
): Chain | undefined {
  const seen = new Set<Node>([node]);
  const stack = [...node.inputs];
  const reads: Node[] = [];
  let operations = ownCost(node);
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (seen.has(at) || isHost(at)) continue;
    seen.add(at);
    if (materialized.has(at) || (isGivenLeaf(at) && at.inputs.length === 0)) {
      if (materialized.has(at) || leafSource(at) === "memory") reads.push(at);
      continue;
    }
    if (isReducing(at) || !(isPointwise(at) || isView(at) || isLeaf(at))) return undefined;
    if (seen.size > longestChain) return undefined;
    operations += ownCost(at) + (hasFill(at) ? fillCost : 0);
    stack.push(...at.inputs);
  }
  return { operations, reads };
}

function isCheap(request: SpareRequest, node: Node, chain: Chain): boolean {
  const [trained, longer] = request.weighings.map((weighed) => {
    const { again, stored } = compared(request, weighed, node, chain);
    return again / stored;
  });
  return (trained ?? 2) <= 1 && (longer ?? 2) <= request.mostTimesDearer;
}

/** For each element, what it costs to compute a node where it is read, and to store it. */
function compared(
  { users }: SpareRequest,
  { costs, evaluations }: Weighed,
  node: Node,
  { operations, reads }: Chain,
): { readonly again: number; readonly stored: number } {
  const size = costs.size.get(node) ?? 1;
  const share = (read: Node): number => Math.min(1, (costs.size.get(read) ?? 1) / size);
  const loads = reads.reduce((sum, read) => sum + share(read), 0) * trafficCost;
  const kernels = new Set(users.get(node)).size;
  return {
    again: (evaluations.get(node) ?? 1) * operations + kernels * loads,
    stored: operations + loads + trafficCost + kernels * trafficCost,
  };
}
