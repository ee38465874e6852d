// Takes the nodes of a level and what they leave behind, gives what is known of them before anything is decided.
import { usersOf } from "../graph/walk.js";
import { isContraction } from "../ops/table.js";
import type { Extents } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type { Costs } from "./cost.js";
import { estimateCosts } from "./cost.js";
import { isGivenLeaf, isPointwise, isReducing, isView } from "./families.js";

/** What is known of the nodes of a level before anything is decided. */
export interface LevelFacts {
  /** In topological order. */
  readonly nodes: readonly Node[];
  readonly roots: ReadonlySet<Node>;
  /** Values of the host, and what has a buffer already. */
  readonly isGiven: (node: Node) => boolean;
  readonly users: ReadonlyMap<Node, readonly Node[]>;
  /** With free dimensions as trained, and much longer. */
  readonly costs: readonly [trained: Costs, longer: Costs];
  /** Reductions, and what is computed from them without growing. */
  readonly rowValues: ReadonlySet<Node>;
  /** What is read where a leaf stands: a loop reads these itself, and all else from buffers. */
  readonly givenViews: ReadonlySet<Node>;
}

export function levelFacts(
  nodes: readonly Node[],
  effects: readonly { readonly value: Node }[],
  isGiven: (node: Node) => boolean,
  estimates: Extents,
): LevelFacts {
  const own = new Set(nodes);
  const values = effects.map((effect) => effect.value);
  const several = [estimates, scaled(estimates, muchLonger)] as const;
  const costs = estimateCosts(nodes, several, isGiven);
  return {
    ...{ nodes, isGiven, roots: new Set(values) },
    users: usersOf(values, ({ inputs }) => inputs.filter((input) => own.has(input))),
    costs,
    rowValues: rowValuesOf(nodes, costs[0]),
    givenViews: givenViewsOf(nodes, isGiven),
  };
}

/**
 * Kernels are chosen for the sizes that they are trained with, and must do for any other: what is little to compute again for
 * a sequence of 64 may take hours, or all memory, for one of a million.
 */
const muchLonger = 2 ** 14;

function scaled(estimates: Extents, factor: number): Extents {
  const entries = Object.entries(estimates).map(([name, extent]) => [name, extent * factor]);
  return Object.fromEntries(entries) as Extents;
}

function givenViewsOf(nodes: readonly Node[], isHost: (node: Node) => boolean): Set<Node> {
  const found = new Set<Node>();
  for (const node of nodes) {
    const given = isHost(node) || isGivenLeaf(node);
    if (given || (isView(node) && node.inputs.every((input) => found.has(input)))) found.add(node);
  }
  return found;
}

/** Values that a row shares: computed once by whoever computes the row, if they are inlined at all. */
function rowValuesOf(nodes: readonly Node[], costs: Costs): Set<Node> {
  const found = new Set<Node>();
  for (const node of nodes) {
    const grows = (input: Node): boolean => costs.size.get(input) !== costs.size.get(node);
    const follows = isPointwise(node) || isView(node);
    const reduces = isReducing(node) && !isContraction(node);
    if (reduces || (follows && node.inputs.some((input) => found.has(input) && !grows(input)))) {
      found.add(node);
    }
  }
  return found;
}
