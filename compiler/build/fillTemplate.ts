// What an optimizer or a projection does to any parameter in, the same of one out.
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import type { Node } from "../types/graph.js";

/** `leaves` stand in the places of placeholders, by name, and `step`, where there is one, in that of the run's; what is drawn is drawn for `owner` (a parameter, a storage) alone. */
export function fillTemplate(
  b: GraphBuilder,
  roots: readonly Node[],
  owner: string,
  leaves: ReadonlyMap<string, Node>,
): Node[] {
  const replacements = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    if (node.op === "random") {
      const { path, source } = node.attributes;
      replacements.set(node, b.random(`${path}/${owner}`, source, node.shape));
    }
    const step = node.op === "hostScalar" && node.attributes.name === "step" && leaves.get("step");
    if (step) replacements.set(node, step);
    if (node.op !== "placeholder") continue;
    const value = leaves.get(node.attributes.name);
    if (value === undefined) throw new Error(`placeholder ${node.attributes.name} is unknown`);
    replacements.set(node, value);
  }
  return substitute(b, roots, replacements);
}
