// Nodes come in; what they are computed from goes out: leaves that answer a question, paths to them, everything reachable.
import { reachable } from "../../reachable.js";
import type { Node } from "../../types/graph.js";

/** The nodes that a node reads directly, the body of a scan included. */
function readBy(node: Node): readonly Node[] {
  if (node.op !== "scan") return node.inputs;
  return [...node.inputs, ...node.attributes.nextCarries, ...node.attributes.yields];
}

/** Every node that the roots are computed from, themselves and the bodies of scans included. */
export function reachableNodes(roots: Iterable<Node>): Set<Node> {
  return reachable(roots, readBy);
}

/** A leaf below `root` that `wanted` accepts. */
export function findLeaf(root: Node, wanted: (leaf: Node) => boolean): Node | undefined {
  for (const node of reachableNodes([root])) {
    if (node.inputs.length === 0 && node.op !== "bound" && wanted(node)) return node;
  }
  return undefined;
}

/** The nodes from `root` down to the first one that `wanted` accepts. */
export function findPath(root: Node, wanted: (node: Node) => boolean): readonly Node[] | undefined {
  const from = new Map<Node, Node | undefined>([[root, undefined]]);
  const queue = [root];
  for (const node of queue) {
    if (wanted(node)) {
      const path: Node[] = [];
      for (let at: Node | undefined = node; at !== undefined; at = from.get(at)) path.unshift(at);
      return path;
    }
    for (const next of readBy(node)) {
      if (from.has(next)) continue;
      from.set(next, node);
      queue.push(next);
    }
  }
  return undefined;
}
