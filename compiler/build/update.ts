// Takes clipped gradients by storage, gives the optimizer's new weights and states, each storage as one tensor where that is possible.
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { opTable } from "../ops/table.js";
import type { Effect, Node, Shape } from "../types/graph.js";
import type {
  ObjectiveDeclaration,
  OptimizerInstance,
  StageDeclaration,
  UpdateTemplate,
} from "../types/model.js";
import { elementCount, shapeEqual } from "../types/dimension.js";
import type { Layout } from "./layout.js";
import { countOf } from "./layout.js";
import { storageLeaf } from "./parameters.js";
import type { BuiltStorage } from "./types.js";

export interface UpdatedStorage {
  readonly storage: string;
  readonly before: Node;
  readonly next: Node;
}

export interface Updates {
  readonly updated: readonly UpdatedStorage[];
  readonly effects: readonly Effect[];
  readonly storages: readonly BuiltStorage[];
}

export interface UpdateRequest {
  readonly b: GraphBuilder;
  readonly layout: Layout;
  readonly stage: StageDeclaration;
  readonly objective: ObjectiveDeclaration;
}

export function updateStorages(
  request: UpdateRequest,
  gradients: ReadonlyMap<string, Node>,
): Updates {
  const { b, layout, objective } = request;
  const updated: UpdatedStorage[] = [];
  const effects: Effect[] = [];
  const storages: BuiltStorage[] = [];
  for (const [storage, gradient] of gradients) {
    const members = layout.members.get(storage) ?? [];
    const update = objective.updates.find((line) =>
      line.parameters.some((name) => members.includes(name)),
    );
    if (update === undefined) continue;
    const before = storageLeaf(b, layout, storage);
    const template = update.optimizer.update(before.shape);
    const result = isElementwise(template, before.shape)
      ? applyWhole(request, storage, template, before, gradient)
      : applyEach(request, storage, update.optimizer, before, gradient);
    updated.push({ storage, before, next: result.next });
    effects.push(...result.effects);
    storages.push(...result.storages);
  }
  return { updated, effects, storages };
}

interface Applied {
  readonly next: Node;
  readonly effects: readonly Effect[];
  readonly storages: readonly BuiltStorage[];
}

/** True where every parameter's update is the same expression of its own entries, so that a whole storage may be one tensor. */
function isElementwise(template: UpdateTemplate, shape: Shape): boolean {
  const roots = [template.weight, ...template.states.map((state) => state.next)];
  const scalarsStay = template.states.every(
    (state) => state.shape.length > 0 || state.next.shape.length === 0,
  );
  return (
    scalarsStay &&
    topologicalOrder(roots).every((node) => {
      const { kind } = opTable[node.op].lowering;
      const simple = kind === "leaf" || kind === "pointwise" || kind === "identity";
      return simple && (node.shape.length === 0 || shapeEqual(node.shape, shape));
    })
  );
}

function stateName(request: UpdateRequest, storage: string, state: string): string {
  return `optimizer.${request.stage.name}.${request.objective.name}.${storage}.${state}`;
}

function applyWhole(
  request: UpdateRequest,
  storage: string,
  template: UpdateTemplate,
  before: Node,
  gradient: Node,
): Applied {
  const { b } = request;
  const leaves = new Map<string, Node>([
    ["w", before],
    ["g", gradient],
  ]);
  const storages: BuiltStorage[] = [];
  for (const state of template.states) {
    const name = stateName(request, storage, state.name);
    const elements = wholeNumber(state.shape);
    const stored = b.stored(name, { type: "f32", shape: [elements] });
    leaves.set(`state.${state.name}`, b.reshape(stored, state.shape));
    storages.push({ name, type: "f32", elements, kind: "optimizer", initial: state.initial });
  }
  const [next, ...states] = fill(b, template, leaves);
  const effects = template.states.flatMap((state, index): Effect[] => {
    const value = states[index];
    if (value === undefined) return [];
    const name = stateName(request, storage, state.name);
    const flat = b.reshape(b.broadcast(value, state.shape), [wholeNumber(state.shape)]);
    return [{ kind: "store", storage: name, value: flat }];
  });
  return { next: b.broadcast(next ?? before, before.shape), effects, storages };
}

/** Updates that look at a whole parameter (its norm, its rows) are applied to each by itself. */
function applyEach(
  request: UpdateRequest,
  storage: string,
  optimizer: OptimizerInstance,
  before: Node,
  gradient: Node,
): Applied {
  const { b, layout } = request;
  const pieces: Node[] = [];
  const next = new Map<string, Node[]>();
  const initial = new Map<string, number>();
  const widths = new Map<string, number>();
  for (const name of layout.members.get(storage) ?? []) {
    const place = layout.places.get(name);
    if (place === undefined) continue;
    const { shape } = place.declaration;
    const count = countOf(place.declaration);
    const template = optimizer.update(shape);
    const part = (of: Node): Node => b.reshape(b.slice(of, [place.offset], [count]), shape);
    const leaves = new Map<string, Node>([
      ["w", part(before)],
      ["g", part(gradient)],
    ]);
    for (const state of template.states) {
      const offset = widths.get(state.name) ?? 0;
      const elements = wholeNumber(state.shape);
      const total = stateElements(layout, storage, optimizer, state.name);
      const stored = b.stored(stateName(request, storage, state.name), {
        type: "f32",
        shape: [total],
      });
      leaves.set(
        `state.${state.name}`,
        b.reshape(b.slice(stored, [offset], [elements]), state.shape),
      );
      widths.set(state.name, offset + elements);
      initial.set(state.name, state.initial);
    }
    const [weight, ...states] = fill(b, template, leaves);
    if (weight !== undefined) pieces.push(b.reshape(weight, [count]));
    template.states.forEach((state, index) => {
      const value = states[index];
      if (value === undefined) return;
      const flat = b.reshape(b.broadcast(value, state.shape), [wholeNumber(state.shape)]);
      next.set(state.name, [...(next.get(state.name) ?? []), flat]);
    });
  }
  const join = (parts: readonly Node[]): Node => {
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : b.concat(parts, 0);
  };
  return {
    next: join(pieces),
    effects: [...next].map(([state, parts]) => ({
      kind: "store",
      storage: stateName(request, storage, state),
      value: join(parts),
    })),
    storages: [...widths].map(([state, elements]) => ({
      name: stateName(request, storage, state),
      type: "f32",
      elements,
      kind: "optimizer",
      initial: initial.get(state) ?? 0,
    })),
  };
}

function stateElements(
  layout: Layout,
  storage: string,
  optimizer: OptimizerInstance,
  state: string,
): number {
  let total = 0;
  for (const name of layout.members.get(storage) ?? []) {
    const shape = layout.places.get(name)?.declaration.shape ?? [];
    const found = optimizer.update(shape).states.find((one) => one.name === state);
    total += wholeNumber(found?.shape ?? []);
  }
  return total;
}

function wholeNumber(shape: Shape): number {
  const count = elementCount(shape);
  if (typeof count !== "number") throw new Error("a parameter's shape depends on a free dimension");
  return count;
}

/** The template's weight and states with its placeholders filled. */
function fill(
  b: GraphBuilder,
  template: UpdateTemplate,
  leaves: ReadonlyMap<string, Node>,
): Node[] {
  const roots = [template.weight, ...template.states.map((state) => state.next)];
  const replacements = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    if (node.op !== "placeholder") continue;
    const value = leaves.get(node.attributes.name);
    if (value === undefined) throw new Error(`placeholder ${node.attributes.name} is unknown`);
    replacements.set(node, value);
  }
  return substitute(b, roots, replacements);
}
