// What a derivative reads of a loop's body in; the nodes whose values are the fewest to keep of every step, from which it is computed again, out.

import type { Node } from "../types/graph.js";
import { elementCount, expectedSize } from "../types/dimension.js";
import { isContraction, ruleOf } from "../ops/table.js";
import { reachable } from "../reachable.js";

export interface KeepRequest {
  /** In topological order: what changes from step to step and is not at hand where the derivative is computed. */
  readonly changing: readonly Node[];
  readonly reads: ReadonlySet<Node>;
  /** Whether a node is another in each step, at hand or not. */
  readonly varies: (node: Node) => boolean;
}

/**
 * A minimum cut (Ford and Fulkerson 1956) between what must not be computed again and what is read: each node is as wide as it has
 * elements, and what is elementwise or a view of other nodes, or a product many times their size, is computed from them. Of cuts as small, the one nearest
 * to what is read, so that the least is computed again.
 */
export function nodesToKeep({ changing, reads, varies }: KeepRequest): Node[] {
  const inside = new Set(changing);
  const operandsIn = (node: Node): Node[] =>
    [...new Set(node.inputs)].filter((input) => inside.has(input));
  const isAgain = (node: Node): boolean => isCheap(node) || expands(node, varies);
  const operandsOf = (node: Node): Node[] => (isAgain(node) ? operandsIn(node) : []);
  const network = createNetwork();
  const [source, sink] = [network.add(), network.add()];
  const entries = new Map<Node, number>();
  const exits = new Map<Node, number>();
  for (const node of changing) {
    const [entry, exit] = [network.add(), network.add()];
    entries.set(node, entry);
    exits.set(node, exit);
    network.connect(entry, exit, widthOf(node));
    if (!isAgain(node)) network.connect(source, entry, Infinity);
    for (const operand of operandsOf(node))
      network.connect(exits.get(operand) ?? source, entry, Infinity);
    if (reads.has(node)) network.connect(exit, sink, Infinity);
  }
  const behind = network.cut(source, sink);
  return changing.filter(
    (node) => !behind.has(entries.get(node) ?? source) && behind.has(exits.get(node) ?? source),
  );
}

/** In elements; each node a little more, as every array has to be bound. */
function widthOf(node: Node): number {
  return expectedSize(elementCount(node.shape), {}) + 1;
}

/** Whether an element is computed from a few others: no sums, no draws, no loops. */
function isCheap(node: Node): boolean {
  const { lowering } = ruleOf(node.op);
  switch (lowering.kind) {
    case "pointwise":
    case "identity":
    case "take":
      return true;
    case "gather":
      return lowering.summed(node).every((extent) => extent === 1);
    default:
      return false;
  }
}

/** How many times what it is computed from a product must be to be computed again. */
const manyTimes = 8;

/** Scores of a few queries and many keys, not the gates of a cell: to keep these costs less than to compute them again. */
function expands(node: Node, varies: (node: Node) => boolean): boolean {
  if (!isContraction(node)) return false;
  const operands = [...new Set(node.inputs)].filter(varies);
  return widthOf(node) >= manyTimes * operands.reduce((sum, one) => sum + widthOf(one), 0);
}

/**
 * Whether a node, element by element, is made of products and is many times larger than all that changes of what these and it are made
 * of: it is never to stand there for all steps. The gates of a cell are not, however few features it reads, as they are made of its state too.
 */
export function isExpanded(node: Node, varies: (node: Node) => boolean): boolean {
  const made = reachable([node], (one) => (isCheap(one) ? one.inputs.filter(varies) : []));
  const ends = [...made].filter((one) => !isCheap(one));
  const products = ends.filter(isContraction);
  const sources = new Set(
    ends.flatMap((one) => (isContraction(one) ? one.inputs.filter(varies) : [one])),
  );
  const width = [...sources].reduce((sum, one) => sum + widthOf(one), 0);
  return products.length > 0 && widthOf(node) >= manyTimes * width;
}

interface Pipe {
  readonly to: number;
  /** What more may flow. */
  left: number;
  /** The pipe that flows back. */
  readonly back: number;
}

interface Network {
  readonly add: () => number;
  readonly connect: (from: number, to: number, width: number) => void;
  /** The ends from which the sink can still be reached once as much flows as can. */
  readonly cut: (source: number, sink: number) => ReadonlySet<number>;
}

function createNetwork(): Network {
  const pipes: Pipe[] = [];
  /** By end: positions of the pipes that leave it. */
  const leaving: number[][] = [];
  const connect = (from: number, to: number, width: number): void => {
    leaving[from]?.push(pipes.length);
    leaving[to]?.push(pipes.length + 1);
    pipes.push({ to, left: width, back: pipes.length + 1 });
    pipes.push({ to: from, left: 0, back: pipes.length - 1 });
  };
  const pipesOf = (end: number): Pipe[] =>
    (leaving[end] ?? []).flatMap((at) => pipes.slice(at, at + 1));
  /** Ends from which the sink is reached, with the pipe that leads on; those nearest to it first. */
  const waysTo = (sink: number): Map<number, Pipe | undefined> => {
    const ways = new Map<number, Pipe | undefined>([[sink, undefined]]);
    for (const end of ways.keys())
      for (const { to, back } of pipesOf(end)) {
        const inwards = pipes[back];
        if (inwards && inwards.left > 0 && !ways.has(to)) ways.set(to, inwards);
      }
    return ways;
  };
  const wayFrom = (source: number, ways: ReadonlyMap<number, Pipe | undefined>): Pipe[] => {
    const way: Pipe[] = [];
    for (let pipe = ways.get(source); pipe; pipe = ways.get(pipe.to)) way.push(pipe);
    return way;
  };
  return {
    add: () => leaving.push([]) - 1,
    connect,
    cut: (source, sink) => {
      for (;;) {
        const ways = waysTo(sink);
        const way = wayFrom(source, ways);
        if (way.length === 0) return new Set(ways.keys());
        const flow = Math.min(...way.map(({ left }) => left));
        for (const pipe of way) {
          pipe.left -= flow;
          const back = pipes[pipe.back];
          if (back) back.left += flow;
        }
      }
    },
  };
}
