// Roots of a graph in; its nodes in order, and who uses them, out. Never recursive: graphs may be deep.

import type { Node } from "../types/graph.js";

/**
 * Every node that a root depends on, once, operands before users; `operands` may cut the walk short. Bodies of scans are
 * not entered.
 */
export function topologicalOrder(
  roots: readonly Node[],
  operands: (node: Node) => readonly Node[] = (node) => node.inputs,
): Node[] {
  const order: Node[] = [];
  const met = new Set<Node>();
  // Parallel stacks: a node under way, its operands, and how many of these were looked at.
  const path: Node[] = [];
  const needed: (readonly Node[])[] = [];
  const looked: number[] = [];
  const enter = (node: Node): void => {
    met.add(node);
    path.push(node);
    needed.push(operands(node));
    looked.push(0);
  };
  for (const root of roots) {
    if (!met.has(root)) enter(root);
    for (let top = path.length - 1; top >= 0; top = path.length - 1) {
      const next = looked[top] ?? 0;
      const input = needed[top]?.[next];
      if (input !== undefined) {
        looked[top] = next + 1;
        if (!met.has(input)) enter(input);
        continue;
      }
      const node = path.pop();
      needed.pop();
      looked.pop();
      if (node !== undefined) order.push(node);
    }
  }
  return order;
}

/** Those that bodies of scans hold too, as they were made: what the source says before what its derivatives do. */
export function nodesOf(roots: readonly Node[]): Node[] {
  const nodes = topologicalOrder(roots).sort((left, right) => left.id - right.id);
  return nodes.flatMap((node) =>
    node.op === "scan"
      ? [node, ...nodesOf([...node.attributes.nextCarries, ...node.attributes.yields])]
      : [node],
  );
}

/**
 * For each node of the graph the nodes that have it as an operand, in topological order, once for each use; `operands` may cut the
 * walk short.
 */
export function usersOf(
  roots: readonly Node[],
  operands: (node: Node) => readonly Node[] = (node) => node.inputs,
): Map<Node, Node[]> {
  const users = new Map<Node, Node[]>();
  for (const node of topologicalOrder(roots, operands)) {
    users.set(node, []);
    for (const input of operands(node)) users.get(input)?.push(node);
  }
  return users;
}

/** The nodes among those of `roots` that depend on one of `sources`, these included. */
export function dependents(roots: readonly Node[], sources: Iterable<Node>): Set<Node> {
  const reached = new Set(sources);
  for (const node of topologicalOrder(roots)) {
    if (node.inputs.some((input) => reached.has(input))) reached.add(node);
  }
  return reached;
}
