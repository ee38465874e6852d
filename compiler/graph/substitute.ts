// Takes roots and replacements of nodes, gives the roots rebuilt over the replacements; what does not change is shared.
import type { GraphBuilder } from "../ops/builder.js";
import type { Node } from "../types/graph.js";
import { topologicalOrder } from "./walk.js";

/** The same node over other operands; itself where these are its own. */
function withInputs(b: GraphBuilder, node: Node, inputs: readonly Node[]): Node {
  if (inputs.every((input, position) => input === node.inputs[position])) return node;
  return b.at(node.origin).node(node.op, inputs, node.attributes);
}

export function substitute(
  b: GraphBuilder,
  roots: readonly Node[],
  replacements: ReadonlyMap<Node, Node>,
): Node[] {
  const made = new Map<Node, Node>(replacements);
  const order = topologicalOrder(roots, (node) => (replacements.has(node) ? [] : node.inputs));
  for (const node of order) {
    if (made.has(node)) continue;
    const inputs = node.inputs.map((input) => made.get(input) ?? input);
    made.set(node, withInputs(b, node, inputs));
  }
  return roots.map((root) => made.get(root) ?? root);
}
