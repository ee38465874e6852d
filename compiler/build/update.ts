// Takes clipped gradients by storage, gives the optimizer's new weights and states, each storage as one tensor where that is possible.
import type { GraphBuilder } from "../ops/builder.js";
import type { Effect, Node, Shape } from "../types/graph.js";
import type {
  ObjectiveDeclaration,
  OptimizerInstance,
  StageDeclaration,
  UpdateTemplate,
} from "../types/model.js";
import { elementCount } from "../types/dimension.js";
import { acrossParameters, rootsOf, type ShapedUpdate } from "./elementwise.js";
import { fillTemplate } from "./fillTemplate.js";
import { fromNumbers, type NumberedTemplate } from "./firstStates.js";
import type { StorageLayout } from "./layout.js";
import { storageLeaf } from "./parameters.js";
import type { BuiltStorage, ParameterRange } from "./types.js";

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

/** What is made of a step for its stage, whichever line it is of. */
export interface StageContext {
  readonly b: GraphBuilder;
  readonly layout: StorageLayout;
  readonly stage: StageDeclaration;
}

export interface UpdateRequest extends StageContext {
  readonly objective: ObjectiveDeclaration;
  /** The number of the update, where that is not the run's: updates that were left out do not count. */
  readonly step?: Node | undefined;
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
    const parts = partsOf(b, layout, members, update.optimizer);
    const template = acrossParameters(b, parts, wholeNumber(before.shape));
    const result =
      template === undefined
        ? applyEach(request, storage, parts, before, gradient)
        : applyWhole(request, storage, template, before, gradient);
    updated.push({ storage, before, next: asKept(b, layout, storage, result.next) });
    effects.push(...result.effects);
    storages.push(...result.storages);
  }
  return { updated, effects, storages };
}

/** Of what was declared f16 halves are kept: those of a storage are so together. */
export function asKept(b: GraphBuilder, layout: StorageLayout, storage: string, next: Node): Node {
  const [first = ""] = layout.members.get(storage) ?? [];
  return layout.ranges.get(first)?.declaration.half ? b.half(next) : next;
}

interface Applied {
  readonly next: Node;
  readonly effects: readonly Effect[];
  readonly storages: readonly BuiltStorage[];
}

/** A parameter of a storage and its update. */
interface Part extends ShapedUpdate {
  readonly range: ParameterRange;
}

function partsOf(
  b: GraphBuilder,
  layout: StorageLayout,
  members: readonly string[],
  optimizer: OptimizerInstance,
): Part[] {
  const templates = new Map<UpdateTemplate, NumberedTemplate>();
  const numbered = (shape: Shape): NumberedTemplate => {
    const template = optimizer.update(shape);
    const known = templates.get(template) ?? fromNumbers(b, template);
    templates.set(template, known);
    return known;
  };
  return members.flatMap((name) => {
    const range = layout.ranges.get(name);
    if (range === undefined) return [];
    const { shape } = range.declaration;
    return [{ range, shape, template: numbered(shape) }];
  });
}

function stepOf({ step }: UpdateRequest): readonly (readonly [string, Node])[] {
  return step ? [["step", step]] : [];
}

function stateName(request: UpdateRequest, storage: string, state: string): string {
  return `optimizer.${request.stage.name}.${request.objective.name}.${storage}.${state}`;
}

function applyWhole(
  request: UpdateRequest,
  storage: string,
  template: NumberedTemplate,
  before: Node,
  gradient: Node,
): Applied {
  const { b } = request;
  const leaves = new Map<string, Node>([["w", before], ["g", gradient], ...stepOf(request)]);
  const storages: BuiltStorage[] = [];
  for (const state of template.states) {
    const name = stateName(request, storage, state.name);
    const elements = wholeNumber(state.shape);
    const stored = b.stored(name, { type: "f32", shape: [elements] });
    leaves.set(`state.${state.name}`, b.reshape(stored, state.shape));
    storages.push({ name, type: "f32", elements, kind: "optimizer", initial: state.initial });
  }
  const [next, ...states] = fillTemplate(b, rootsOf(template), storage, leaves);
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
  parts: readonly Part[],
  before: Node,
  gradient: Node,
): Applied {
  const { b } = request;
  const states = joinStates(parts.map(({ template }) => template));
  const weights: Node[] = [];
  for (const { range, shape, template } of parts) {
    const count = wholeNumber(shape);
    const part = (of: Node): Node => b.reshape(b.slice(of, [range.offset], [count]), shape);
    const leaves = new Map([["w", part(before)], ["g", part(gradient)], ...stepOf(request)]);
    for (const { name, shape: own } of template.states) {
      const joined = at(states, name);
      const offset = elementsOf(joined.next);
      const type = { type: "f32", shape: [joined.elements] } as const;
      const stored = b.stored(stateName(request, storage, name), type);
      leaves.set(`state.${name}`, b.reshape(b.slice(stored, [offset], [wholeNumber(own)]), own));
    }
    const [weight = before, ...values] = fillTemplate(
      b,
      rootsOf(template),
      range.declaration.name,
      leaves,
    );
    weights.push(b.reshape(weight, [count]));
    template.states.forEach(({ name, shape: own }, index) => {
      const value = values[index];
      if (value !== undefined) {
        at(states, name).next.push(b.reshape(b.broadcast(value, own), [wholeNumber(own)]));
      }
    });
  }
  return {
    next: b.concat(weights, 0),
    effects: [...states].map(([name, { next }]) => ({
      kind: "store",
      storage: stateName(request, storage, name),
      value: b.concat(next, 0),
    })),
    storages: [...states].map(([name, { elements, initial }]) => ({
      name: stateName(request, storage, name),
      type: "f32",
      elements,
      kind: "optimizer",
      initial,
    })),
  };
}

/** One state of all parameters of a storage, end to end. */
interface JoinedState {
  readonly elements: number;
  readonly initial: number;
  /** The new values, flat, of the parameters done so far. */
  readonly next: Node[];
}

function joinStates(templates: readonly NumberedTemplate[]): ReadonlyMap<string, JoinedState> {
  const joined = new Map<string, JoinedState>();
  for (const { name, shape, initial } of templates.flatMap(({ states }) => states)) {
    const elements = (joined.get(name)?.elements ?? 0) + wholeNumber(shape);
    joined.set(name, { elements, initial, next: [] });
  }
  return joined;
}

function at(states: ReadonlyMap<string, JoinedState>, name: string): JoinedState {
  const found = states.get(name);
  if (found === undefined) throw new Error(`the optimizer has no state ${name}`);
  return found;
}

function elementsOf(parts: readonly Node[]): number {
  return parts.reduce((sum, { shape }) => sum + wholeNumber(shape), 0);
}

function wholeNumber(shape: Shape): number {
  const count = elementCount(shape);
  if (typeof count !== "number") throw new Error("a parameter's shape depends on a free dimension");
  return count;
}
