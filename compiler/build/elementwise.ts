// An optimizer's updates of parameters in, one update of all their entries end to end out, where each entry is updated by itself.
import { attributeKey } from "../graph/attributeKey.js";
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { opTable } from "../ops/table.js";
import { shapeEqual } from "../types/dimension.js";
import type { Node, Shape } from "../types/graph.js";
import type { NumberedTemplate } from "./firstStates.js";

/** The update of a parameter in its own shape: a rank of 1 would not tell which axis an expression looks along. */
export interface ShapedUpdate {
  readonly shape: Shape;
  readonly template: NumberedTemplate;
}

/**
 * The update over `elements` entries in a row that does the same as each parameter's own; undefined where one looks at
 * more than an entry (a norm, a row), or where shapes are updated otherwise (by their number of columns, say).
 */
export function acrossParameters(
  b: GraphBuilder,
  updates: readonly ShapedUpdate[],
  elements: number,
): NumberedTemplate | undefined {
  const model = updates.find(({ shape }) => shape.length > 0) ?? updates[0];
  if (model === undefined || !isElementwise(model)) return undefined;
  const others = new Set(updates.map(({ template }) => template));
  others.delete(model.template);
  for (const other of updates) {
    if (others.delete(other.template) && !(isElementwise(other) && isAlike(model, other))) {
      return undefined;
    }
  }
  return inARow(b, model, [elements]);
}

/** The new weight, and the new states. */
export function rootsOf({ states, weight }: NumberedTemplate): Node[] {
  return [weight, ...states.map(({ next }) => next)];
}

function isElementwise({ shape, template }: ShapedUpdate): boolean {
  return topologicalOrder(rootsOf(template)).every(
    (node) =>
      (node.shape.length === 0 || shapeEqual(node.shape, shape)) && isOfOneEntry(node, shape),
  );
}

function isOfOneEntry(node: Node, shape: Shape): boolean {
  const { lowering } = opTable[node.op];
  if (lowering.kind !== "leaf")
    return lowering.kind === "pointwise" || lowering.kind === "identity";
  if (node.op === "constant") return node.attributes.values.length === 1;
  // One number drawn for a parameter is another for the next one.
  if (node.op === "random") return node.shape.length === shape.length;
  return lowering.source !== "place" || shape.length === 0;
}

/** Whether both are one expression. Of a parameter without axes nothing tells its entry from a number. */
function isAlike(model: ShapedUpdate, other: ShapedUpdate): boolean {
  const told = other.shape.length > 0;
  return textOf(model.template, told) === textOf(other.template, told);
}

function textOf(template: NumberedTemplate, tellsNumbers: boolean): string {
  const numbers = new Map<Node, number>();
  const attributes = new Map<object, string>();
  const rank = ({ shape }: { shape: Shape }): boolean => tellsNumbers && shape.length > 0;
  const roots = rootsOf(template);
  const nodes = topologicalOrder(roots).map((node) => {
    numbers.set(node, numbers.size);
    const inputs = node.inputs.map((input) => numbers.get(input)).join();
    const isWide = node.op !== "constant" && rank(node);
    return `${node.op} ${node.type} ${isWide} ${inputs}${attributeKey(node, attributes)}`;
  });
  const states = template.states.map((state) => `${state.name} ${state.initial} ${rank(state)}`);
  return [...nodes, ...states, ...roots.map((root) => numbers.get(root))].join("\n");
}

/** The same expression over leaves of another shape; numbers stay numbers. */
function inARow(b: GraphBuilder, { shape, template }: ShapedUpdate, row: Shape): NumberedTemplate {
  const own = (of: Shape): Shape => (shapeEqual(of, shape) ? row : of);
  const roots = rootsOf(template);
  const replacements = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    const { type } = node;
    if (node.op === "placeholder") {
      const { name } = node.attributes;
      replacements.set(node, b.placeholder(name, { type, shape: own(node.shape) }));
    } else if (node.op === "random") {
      const { path, source } = node.attributes;
      replacements.set(node, b.random(path, source, own(node.shape)));
    } else if (node.op === "constant" && node.shape.length > 0) {
      replacements.set(node, b.constant(node.attributes.values, [], type));
    }
  }
  const [weight = template.weight, ...next] = substitute(b, roots, replacements);
  const states = template.states.map((state, at) => ({
    ...state,
    shape: own(state.shape),
    next: next[at] ?? state.next,
  }));
  return { states, weight };
}
