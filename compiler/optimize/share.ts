// Roots in; roots over a graph in which equal ops over equal operands are one node out.

import { dimKey } from "../types/dimension.js";
import { attributeKey } from "../graph/attributeKey.js";
import type { Node } from "../types/graph.js";
import type { GraphBuilder } from "../ops/builder.js";
import { overImages, unsettled } from "./rewrite.js";

/** Nodes of which no two are equal, numbered, by what they are. */
export interface SharedNodes {
  readonly numbers: Map<Node, number>;
  readonly known: Map<string, Node>;
  readonly attributeKeys: Map<object, string>;
}

export function createSharedNodes(): SharedNodes {
  return { numbers: new Map(), known: new Map(), attributeKeys: new Map() };
}

/** `shared`: those of graphs before, which stay. */
export function share(
  b: GraphBuilder,
  roots: readonly Node[],
  { numbers, known, attributeKeys }: SharedNodes = createSharedNodes(),
): Node[] {
  const images = new Map<Node, Node>();
  for (const node of unsettled(roots, (own) => numbers.has(own))) {
    const rebuilt = overImages(b, node, images);
    const key = keyOf(rebuilt, numbers, attributeKeys);
    const earlier = known.get(key);
    if (earlier === undefined) {
      known.set(key, rebuilt);
      numbers.set(rebuilt, numbers.size);
      if (rebuilt !== node) images.set(node, rebuilt);
    } else {
      images.set(node, earlier);
    }
  }
  return roots.map((root) => images.get(root) ?? root);
}

function keyOf(
  node: Node,
  numbers: ReadonlyMap<Node, number>,
  attributeKeys: Map<object, string>,
): string {
  let key: string = node.op;
  for (const input of node.inputs) key += `,${numbers.get(input) ?? "?"}`;
  // Scans are compared by identity: their bodies are graphs of their own. So are leaves of a body.
  if (node.op === "scan" || node.op === "bound") return `${key}#${node.id}`;
  if (node.inputs.length === 0) key += `:${node.type}[${node.shape.map(dimKey).join()}]`;
  return key + attributeKey(node, attributeKeys);
}
