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
  const stack: { readonly node: Node; readonly needed: readonly Node[]; next: number }[] = [];
  const enter = (node: Node): void => {
    met.add(node);
    stack.push({ node, needed: operands(node), next: 0 });
  };
  for (const root of roots) {
    if (met.has(root)) continue;
    enter(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.needed[top.next];
      if (input === undefined) {
        order.push(top.node);
        stack.pop();
        continue;
      }
      top.next++;
      if (!met.has(input)) enter(input);
    }
  }
  return order;
}

/** For each node of the graph the nodes that have it as an operand, in topological order, once for each use. */
export function usersOf(roots: readonly Node[]): Map<Node, Node[]> {
  const users = new Map<Node, Node[]>();
  for (const node of topologicalOrder(roots)) {
    users.set(node, []);
    for (const input of node.inputs) users.get(input)?.push(node);
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
