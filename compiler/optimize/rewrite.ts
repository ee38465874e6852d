// Roots and a local rule in; roots over nodes that the rule replaced, operands before users, out.

import type { Node } from "../types/graph.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";

/** A node of the same type and value for `node`, whose operands are rewritten already; undefined where there is none better. */
export type Rule = (b: GraphBuilder, node: Node) => Node | undefined;

/**
 * `settled` nodes stay as they are, and so does what only they were computed from: what a derivative is taken by, and what the same
 * rule left as it was before. Those that it leaves now are added: a node never changes, nor does what it is computed from.
 */
export function rewrite(
  b: GraphBuilder,
  roots: readonly Node[],
  rule: Rule,
  settled: Set<Node> = new Set(),
): Node[] {
  const images = new Map<Node, Node>();
  for (const node of unsettled(roots, (own) => settled.has(own))) {
    const rebuilt = overImages(b, node, images);
    const better = rule(b.at(rebuilt.origin), rebuilt) ?? rebuilt;
    if (better !== node) images.set(node, better);
    else if (rebuilt === node) settled.add(node);
  }
  return roots.map((root) => images.get(root) ?? root);
}

/** As `topologicalOrder`, without what is settled and what only that is computed from. */
export function unsettled(
  roots: readonly Node[],
  isSettled: (node: Node) => boolean,
): readonly Node[] {
  return topologicalOrder(
    roots.filter((root) => !isSettled(root)),
    ({ inputs }) => (inputs.some(isSettled) ? inputs.filter((own) => !isSettled(own)) : inputs),
  );
}

/** The node over the images of its operands, which are of their types; itself where they are its own. */
export function overImages(b: GraphBuilder, node: Node, images: ReadonlyMap<Node, Node>): Node {
  if (!node.inputs.some((input) => images.has(input))) return node;
  const inputs = node.inputs.map((input) => images.get(input) ?? input);
  return b.over(node, inputs);
}
