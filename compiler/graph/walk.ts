// Takes roots of a graph, gives their nodes in orders that passes need; iterative, since graphs may be deep.
import type { Node } from "../types/graph.js";

/** Every node that the roots need, each once, operands before their users; `operands` may cut the walk short. */
export function topologicalOrder(
  roots: readonly Node[],
  operands: (node: Node) => readonly Node[] = (node) => node.inputs,
): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  const stack: Node[] = [...roots].reverse();
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    const known = state.get(node);
    if (known === undefined) {
      state.set(node, "open");
      const needed = operands(node);
      for (let at = needed.length - 1; at >= 0; at--) {
        const input = needed[at];
        if (input !== undefined && !state.has(input)) stack.push(input);
      }
      continue;
    }
    stack.pop();
    if (known === "open") {
      state.set(node, "done");
      order.push(node);
    }
  }
  return order;
}
