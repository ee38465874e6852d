// Takes effects with constants of several values, gives them with storages in place of those, which the runtime fills once.
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { elementCount } from "../types/dimension.js";
import type { Effect, Node } from "../types/graph.js";
import type { BuiltStorage } from "./types.js";

/** Constants of a model by content, so that programs share them. */
export type ConstantTable = Map<string, BuiltStorage>;

export function storeConstants(
  b: GraphBuilder,
  effects: readonly Effect[],
  table: ConstantTable,
): Effect[] {
  const roots = effects.map((effect) => effect.value);
  const replacements = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    if (node.op !== "constant" || node.attributes.values.length <= 1) continue;
    const storage = constantStorage(node, table);
    const leaf = b.stored(storage.name, { type: node.type, shape: [storage.elements] });
    replacements.set(node, b.reshape(leaf, node.shape));
  }
  if (replacements.size === 0) return [...effects];
  const replaced = substitute(b, roots, replacements);
  return effects.map((effect, index) => ({ ...effect, value: replaced[index] ?? effect.value }));
}

function constantStorage(node: Node, table: ConstantTable): BuiltStorage {
  if (node.op !== "constant") throw new Error("not a constant");
  const { values } = node.attributes;
  const key = `${node.type}:${values.join(",")}`;
  const known = table.get(key);
  if (known !== undefined) return known;
  const elements = elementCount(node.shape);
  if (typeof elements !== "number") throw new Error("a constant's shape is known");
  const name = `constant.${table.size}`;
  const made: BuiltStorage = { name, type: node.type, elements, kind: "constant", values };
  table.set(key, made);
  return made;
}
