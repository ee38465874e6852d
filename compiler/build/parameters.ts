// Takes graphs over named parameters, gives the same graphs over ranges of flat storages.
import { elementCount } from "../types/dimension.js";
import type { GraphBuilder } from "../ops/builder.js";
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import { inputOfLeaf, markerOf } from "../missing.js";
import type { Node } from "../types/graph.js";
import type { InputDeclaration, OfTraces } from "../types/model.js";
import type { StorageLayout } from "./layout.js";

/** The value of a parameter as a range of its storage. */
function parameterView(b: GraphBuilder, layout: StorageLayout, name: string): Node {
  const held = layout.ranges.get(name);
  if (held === undefined) throw new Error(`parameter ${name} has no range`);
  const { declaration, storage, offset } = held;
  const whole = storageLeaf(b, layout, storage);
  const range = b.slice(whole, [offset], [elementCount(declaration.shape)]);
  return b.reshape(range, declaration.shape);
}

export function storageLeaf(b: GraphBuilder, layout: StorageLayout, name: string): Node {
  const storage = layout.storages.find((one) => one.name === name);
  if (storage === undefined) throw new Error(`storage ${name} is not laid out`);
  return b.stored(name, { type: storage.type, shape: [storage.elements] });
}

export interface ParameterViews {
  /** The roots over storages, in the order given. */
  readonly roots: readonly Node[];
  /** The view that stands for each parameter that the roots read. */
  readonly views: ReadonlyMap<string, Node>;
}

/**
 * Replaces parameters by ranges of storages and, where `inputs` says so, drawn and computed inputs by their values, and marked
 * ones by what they stand for.
 */
export function bindLeaves(
  b: GraphBuilder,
  layout: StorageLayout,
  roots: readonly Node[],
  inputs: InputValues,
): ParameterViews {
  const views = new Map<string, Node>();
  const expanded = unmark(b, inlineInputs(b, roots, inputs.inlined), inputs.marked);
  const replacements = new Map<Node, Node>();
  for (const node of topologicalOrder(expanded)) {
    if (node.op !== "stored" || !layout.ranges.has(node.attributes.name)) continue;
    const name = node.attributes.name;
    const view = views.get(name) ?? parameterView(b, layout, name);
    views.set(name, view);
    replacements.set(node, view);
  }
  return { roots: substitute(b, expanded, replacements), views };
}

/** Values of inputs may be computed from other inputs, so this repeats until none is left. */
function inlineInputs(
  b: GraphBuilder,
  roots: readonly Node[],
  inputs: ReadonlyMap<string, Node>,
): readonly Node[] {
  let current = roots;
  for (let round = 0; round <= inputs.size; round++) {
    const replacements = new Map<Node, Node>();
    for (const node of topologicalOrder(current)) {
      const value = node.op === "input" ? inputs.get(node.attributes.name) : undefined;
      if (value !== undefined) replacements.set(node, value);
    }
    if (replacements.size === 0) return current;
    current = substitute(b, current, replacements);
  }
  throw new Error("inputs are computed from each other in a circle");
}

/** Of an input that marks what is missing, the mask, and the value with what stands for a missing one in its place. */
function unmark(
  b: GraphBuilder,
  roots: readonly Node[],
  marked: InputValues["marked"],
): readonly Node[] {
  if (marked.size === 0) return roots;
  const replacements = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    const name = node.op === "input" ? inputOfLeaf(node.attributes.name) : "";
    const input = marked.get(name);
    if (node.op !== "input" || input === undefined || input.type === "bool") continue;
    const { type, shape, missing = 0 } = input;
    const given = b.input(name, { type, shape });
    const mask = b.equal(given, b.constant(markerOf(type), [], type));
    const isMask = node.attributes.name !== name;
    replacements.set(node, isMask ? mask : b.select(mask, b.constant(missing, shape, type), given));
  }
  return substitute(b, roots, replacements);
}

/** What stands for leaves of inputs. */
export interface InputValues {
  /** The inputs that a program computes itself: computed targets, and drawn inputs where it draws them. */
  readonly inlined: ReadonlyMap<string, Node>;
  readonly marked: ReadonlyMap<string, InputDeclaration>;
}

export function inputValues(
  inputs: readonly InputDeclaration[],
  draws: ReadonlySet<string>,
  trace: keyof OfTraces<Node>,
): InputValues {
  const inlined = new Map<string, Node>();
  for (const { name, source } of inputs) {
    if (source.kind === "computed" || (source.kind === "drawn" && draws.has(name))) {
      inlined.set(name, source.value[trace]);
    }
  }
  const marked = inputs.filter(({ masked }) => masked).map((input) => [input.name, input] as const);
  return { inlined, marked: new Map(marked) };
}
