// Roots and a local rule in; roots over nodes that the rule replaced, operands before users, out.

import type { Node } from "../types/graph.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";

/** A node of the same type and value for `node`, whose operands are rewritten already; undefined where there is none better. */
export type Rule = (b: GraphBuilder, node: Node) => Node | undefined;

/** `kept` nodes stay as they are, and so does what only they were computed from. */
export function rewrite(
  b: GraphBuilder,
  roots: readonly Node[],
  rule: Rule,
  kept: ReadonlySet<Node> = new Set(),
): Node[] {
  const images = new Map<Node, Node>();
  for (const node of topologicalOrder(roots, (own) => (kept.has(own) ? [] : own.inputs))) {
    if (kept.has(node)) continue;
    const rebuilt = overImages(b, node, images);
    const better = rule(b.at(rebuilt.origin), rebuilt) ?? rebuilt;
    if (better !== node) images.set(node, better);
  }
  return roots.map((root) => images.get(root) ?? root);
}

/** The node over the images of its operands, which are of their types; itself where they are its own. */
export function overImages(b: GraphBuilder, node: Node, images: ReadonlyMap<Node, Node>): Node {
  if (!node.inputs.some((input) => images.has(input))) return node;
  const inputs = node.inputs.map((input) => images.get(input) ?? input);
  return b.over(node, inputs);
}
