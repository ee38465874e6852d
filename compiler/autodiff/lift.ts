// A graph and lifted copies of some of its nodes in; the graph for all members at once, by the lift rules of the op table, out.

import type { Dim } from "../types/dimension.js";
import type { Node, NodeOf, OpName } from "../types/graph.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { ruleOf } from "../ops/table.js";

/**
 * `roots` with one more leading axis of `extent`, where the nodes in `lifted` are replaced by their values for all members
 * (of their shape with that axis in front). What depends on none of them is computed once, and repeated where it is a root.
 */
export function liftGraph(
  b: GraphBuilder,
  roots: readonly Node[],
  lifted: ReadonlyMap<Node, Node>,
  extent: Dim,
): Node[] {
  const images = new Map(lifted);
  for (const node of topologicalOrder(roots)) {
    if (images.has(node) || !node.inputs.some((input) => images.has(input))) continue;
    images.set(node, liftNode(b.at(node.origin), node, images, extent));
  }
  return roots.map((root) => images.get(root) ?? b.broadcast(root, [extent, ...root.shape]));
}

function liftNode<K extends OpName>(
  b: GraphBuilder,
  node: NodeOf<K>,
  images: ReadonlyMap<Node, Node>,
  extent: Dim,
): Node {
  const inputs = node.inputs.map((input) => images.get(input) ?? input);
  const marks = node.inputs.map((input) => images.has(input));
  return ruleOf(node.op).lift({ b, node, inputs, lifted: marks, extent });
}
