// States over the batch, and graphs that read them, in; the same graphs over what holds the states in a step, over a set, or nowhere, out.
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { boundOf } from "../types/bounds.js";
import { elementCount, evaluateDim, freeDim, subtractDims } from "../types/dimension.js";
import type { Node, Origin } from "../types/graph.js";
import type { CarriedState, StageDeclaration, TypedModel } from "../types/model.js";
import type { BuiltBound } from "./bounds.js";
import type { BuiltHeld, BuiltStorage } from "./types.js";

/** Puts what holds a state in the place of its leaf. */
function inPlaceOf(
  b: GraphBuilder,
  carried: readonly CarriedState[],
  roots: readonly Node[],
  image: (state: CarriedState) => Node,
): readonly Node[] {
  if (carried.length === 0) return roots;
  const byName = new Map(carried.map((state) => [state.name, state]));
  const replacements = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    const state = node.op === "stored" ? byName.get(node.attributes.name) : undefined;
    if (state !== undefined) replacements.set(node, image(state));
  }
  return substitute(b, roots, replacements);
}

/** Where nothing came before: each state is what it starts from. */
export function atStart(
  b: GraphBuilder,
  { carried }: TypedModel,
  roots: readonly Node[],
): readonly Node[] {
  return inPlaceOf(b, carried, roots, ({ initial, shape, type }) =>
    b.constant(initial, shape, type),
  );
}

/** In a step each state is read from, and written to, a storage of the stage's, which is as long as its batch. */
export function inStage(
  b: GraphBuilder,
  { carried }: TypedModel,
  stage: StageDeclaration,
  roots: readonly Node[],
): readonly Node[] {
  return inPlaceOf(b, carried, roots, (state) => {
    const flat = b.at(originOf(state)).stored(storageName(stage, state.name), {
      type: state.type,
      shape: [elementCount(state.shape)],
    });
    return b.reshape(flat, state.shape);
  });
}

export function storageName(stage: StageDeclaration, name: string): string {
  return `carried.${stage.name}.${name}`;
}

function originOf({ name, place }: CarriedState): Origin {
  const at = name.lastIndexOf(".");
  return { ...place, path: at < 0 ? "" : name.slice(0, at) };
}

export function carriedStorages({ carried }: TypedModel, stage: StageDeclaration): BuiltStorage[] {
  return carried.map(({ name, type, shape, initial }) => ({
    name: storageName(stage, name),
    type,
    elements: evaluateDim(elementCount(shape), stage.dimensions),
    kind: "carried",
    initial,
  }));
}

/** What is kept is as long as the batch that the stage says, so a step takes just as many examples. */
export function carriedBounds({ carried }: TypedModel, stage: StageDeclaration): BuiltBound[] {
  const [state] = carried;
  if (state === undefined) return [];
  const batch = freeDim("batch");
  const size = evaluateDim(batch, stage.dimensions);
  return [subtractDims(batch, size), subtractDims(size, batch)].flatMap((value) =>
    typeof value === "number"
      ? []
      : [{ ...boundOf(value), origin: originOf(state), results: undefined }],
  );
}

/** Over a set, each run holds the states itself, from one batch to the next. */
export function overBatches(
  b: GraphBuilder,
  { carried }: TypedModel,
  series: string,
  roots: readonly Node[],
): readonly Node[] {
  return inPlaceOf(b, carried, roots, ({ name, type, shape }) =>
    b.input(heldName(series, name), { type, shape }),
  );
}

function heldName(series: string, name: string): string {
  return `${series}.carried.${name}`;
}

/** A state as a run over a set holds it, and what each batch leaves of it. */
export interface HeldState extends Pick<BuiltHeld, "name" | "type" | "shape"> {
  readonly initial: number;
  readonly next: Node;
}

/** `nexts`: the values of the inference trace's state updates, bound. */
export function heldStates(
  { carried, inference }: TypedModel,
  series: string,
  nexts: readonly Node[],
): HeldState[] {
  const latest = new Map(
    inference.stateUpdates.map(({ name, value }, at) => [name, nexts[at] ?? value]),
  );
  return carried.flatMap(({ name, type, shape, initial }) => {
    const next = latest.get(name);
    return next === undefined ? [] : [{ name: heldName(series, name), type, shape, initial, next }];
  });
}
