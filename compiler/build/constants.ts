// Takes effects with constants of several values, gives them with storages in place of those, which the runtime fills once.
import { numberText } from "../ops/exactText.js";
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import { overImages } from "../optimize/rewrite.js";
import type { GraphBuilder } from "../ops/builder.js";
import { elementCount } from "../types/dimension.js";
import type { Effect, Node, NodeOf, TensorType } from "../types/graph.js";
import type { BuiltStorage } from "./types.js";

/** Constants of a model by content, so that programs share them. */
export type ConstantTable = Map<string, BuiltStorage>;

export function storeConstants(
  b: GraphBuilder,
  effects: readonly Effect[],
  table: ConstantTable,
): Effect[] {
  const roots = withConstantsOutside(
    b,
    effects.map((effect) => effect.value),
  );
  const replacements = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    if (!hasSeveralValues(node)) continue;
    const storage = constantStorage(node, table);
    const leaf = b.stored(storage.name, { type: node.type, shape: [storage.elements] });
    replacements.set(node, b.reshape(leaf, node.shape));
  }
  const replaced = substitute(b, roots, replacements);
  return effects.map((effect, index) => ({ ...effect, value: replaced[index] ?? effect.value }));
}

function hasSeveralValues(node: Node): boolean {
  return node.op === "constant" && node.attributes.values.length > 1;
}

function constantStorage(node: Node, table: ConstantTable): BuiltStorage {
  if (node.op !== "constant") throw new Error("not a constant");
  const { values } = node.attributes;
  const key = `${node.type}:${values.map(numberText).join()}`;
  const known = table.get(key);
  if (known !== undefined) return known;
  const elements = elementCount(node.shape);
  if (typeof elements !== "number") throw new Error("a constant's shape is known");
  const name = `constant.${table.size}`;
  const made: BuiltStorage = { name, type: node.type, elements, kind: "constant", values };
  table.set(key, made);
  return made;
}

/** Bodies of loops take constants of several values from outside: there alone they have a place in memory. */
function withConstantsOutside(b: GraphBuilder, roots: readonly Node[]): Node[] {
  const images = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    const own = overImages(b, node, images);
    const made = own.op === "scan" ? takingConstants(b, own) : own;
    if (made !== node) images.set(node, made);
  }
  return roots.map((root) => images.get(root) ?? root);
}

function takingConstants(b: GraphBuilder, scan: NodeOf<"scan">): Node {
  const { attributes } = scan;
  const { nextCarries, yields, bound, constants } = attributes;
  const before = [...nextCarries, ...yields];
  const body = withConstantsOutside(b, before);
  const found = topologicalOrder(body).filter(hasSeveralValues);
  if (found.length === 0 && body.every((node, at) => node === before[at])) return scan;
  const first = bound.length - 1;
  const leaf = (type: TensorType, index: number): NodeOf<"bound"> =>
    b.leaf("bound", { type: type.type, shape: type.shape }, { index }) as NodeOf<"bound">;
  const leaves = found.map((node, at) => leaf(node, first + at));
  const step = leaf({ type: "i32", shape: [] }, first + found.length);
  const images = new Map<Node, Node>(found.map((node, at) => [node, leaves[at] ?? node]));
  for (const own of bound.slice(first)) images.set(own, step);
  const replaced = substitute(b, body, images);
  return b.at(scan.origin).scan([...scan.inputs, ...found], {
    ...attributes,
    constants: constants + found.length,
    bound: [...bound.slice(0, first), ...leaves, step],
    nextCarries: replaced.slice(0, nextCarries.length),
    yields: replaced.slice(nextCarries.length),
  });
}
