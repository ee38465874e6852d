// Takes a typed model that is trained as an ensemble, gives it with all members in its tensors: an axis in front of parameters, states, draws and optimizers.
import { liftGraph, liftImages } from "../autodiff/lift.js";
import type { Images } from "../autodiff/lift.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { activationsOf, mapMonitored, watchedNodes, watchesActivations } from "./activations.js";
import type { WatchedActivation } from "./activations.js";
import type { Node, Shape } from "../types/graph.js";
import type {
  FittedValue,
  Named,
  OptimizerInstance,
  ParameterDeclaration,
  StageDeclaration,
  Trace,
  TypedModel,
  UpdateTemplate,
} from "../types/model.js";

/** A model whose parameters, but for fitted ones that depend on none of them, have `members` in front of their shapes. */
export interface JoinedModel extends TypedModel {
  /** 1 of a model that is no ensemble: its tensors have no such axis. */
  readonly members: number;
  /** Of an ensemble, the outputs of its members: [members, …], by the name of the output that they are averaged to. */
  readonly memberOutputs: readonly Named[];
  /** Of a model whose stages watch them; of an ensemble shares over all members. */
  readonly activations: readonly WatchedActivation[];
}

/**
 * Members see the same batches, and draw their own weights and masks; each is trained by the gradient of its own losses, so that the
 * first is what would be trained alone. Losses keep the axis in front, those without axes and penalties are means over the members, and so are
 * outputs: of f32 the mean, of others the value that most members have (the first of several).
 */
export function joinMembers(b: GraphBuilder, typed: TypedModel): JoinedModel {
  const members = Math.max(1, ...typed.stages.map(({ ensemble }) => ensemble));
  const activations = watchesActivations(typed) ? activationsOf(b, typed) : [];
  if (members === 1) return { ...typed, members, memberOutputs: [], activations };
  const lift: Lift = { b, members, images: leafImages(b, typed, members) };
  const inference = joinTrace(lift, typed.inference);
  const training = joinWith(lift, typed.training, activations);
  const isJoined = (at: number): boolean =>
    inference.outputs[at]?.value !== typed.inference.outputs[at]?.value;
  return {
    ...typed,
    members,
    memberOutputs: inference.outputs.map((output, at) =>
      isJoined(at) ? output : { ...output, value: repeated(lift, output.value) },
    ),
    parameters: typed.parameters.map((declaration) => joinParameter(lift, declaration)),
    carried: typed.carried.map((state) => ({ ...state, shape: [members, ...state.shape] })),
    inference: {
      ...inference,
      outputs: inference.outputs.map((output, at) =>
        isJoined(at) ? { ...output, value: agreed(lift, output.value) } : output,
      ),
    },
    training: training.trace,
    activations: training.activations,
    fitted: joinFitted(lift, typed.fitted),
    stages: typed.stages.map((stage) => joinStage(lift, stage)),
  };
}

interface Lift {
  readonly b: GraphBuilder;
  readonly members: number;
  /** What stands for a leaf of the model, where members differ in it. */
  readonly images: Images;
}

function leafImages(b: GraphBuilder, typed: TypedModel, members: number): Images {
  const shared = sharedFitted(typed);
  const known = new Map<Node, Node | undefined>();
  const imageOf = (node: Node): Node | undefined => {
    const type = { type: node.type, shape: [members, ...node.shape] };
    if (node.op === "stored") {
      const { name } = node.attributes;
      return shared.has(name) ? undefined : b.at(node.origin).stored(name, type);
    }
    return drawnByEach(b, node, members);
  };
  const image = (node: Node): Node | undefined => {
    if (!known.has(node)) known.set(node, imageOf(node));
    return known.get(node);
  };
  return image;
}

function drawnByEach(b: GraphBuilder, node: Node, members: number): Node | undefined {
  if (node.op !== "random") return undefined;
  const { path, source } = node.attributes;
  return b.at(node.origin).random(path, source, [members, ...node.shape]);
}

/** Fitted values that depend on the data alone: one for all members. */
function sharedFitted({ fitted }: TypedModel): ReadonlySet<string> {
  const shared = new Set<string>();
  for (const { parameter, value } of fitted) {
    const differs = topologicalOrder([value]).some(
      (node) => node.op === "random" || (node.op === "stored" && !shared.has(node.attributes.name)),
    );
    if (!differs) shared.add(parameter);
  }
  return shared;
}

function joinFitted({ b, members, images }: Lift, fitted: readonly FittedValue[]): FittedValue[] {
  return fitted.map(({ parameter, value }) => ({
    parameter,
    value: liftImages(b, [value], images, members)[0] ?? value,
  }));
}

function joinParameter(
  { b, members, images }: Lift,
  declaration: ParameterDeclaration,
): ParameterDeclaration {
  const { name, type, shape, initial } = declaration;
  const leaf = b.stored(name, { type, shape });
  if (images(leaf) === undefined) return declaration;
  const whole = initial && liftGraph(b, [b.broadcast(initial, shape)], images, members)[0];
  return { ...declaration, shape: [members, ...shape], initial: whole };
}

const joinTrace = (lift: Lift, trace: Trace): Trace => joinWith(lift, trace, []).trace;

/** A trace, and what is watched in it: lifted at once, so that both have the same nodes. */
function joinWith(
  lift: Lift,
  trace: Trace,
  activations: readonly WatchedActivation[],
): { readonly trace: Trace; readonly activations: readonly WatchedActivation[] } {
  const { b, members, images } = lift;
  const { outputs, losses, penalties, metrics, stateUpdates, rangeChecks } = trace;
  const lists = [outputs, losses, penalties, metrics, stateUpdates, rangeChecks].flat();
  const watched = watchedNodes(activations);
  const roots = [...lists.map(({ value }) => value), ...watched];
  const lifted = liftImages(b, roots, images, members);
  let at = 0;
  const take = <T extends { readonly value: Node }>(
    list: readonly T[],
    then: (whole: Node) => Node,
  ): T[] =>
    list.map((one) => {
      const image = lifted[at++];
      return image === undefined ? one : { ...one, value: then(image) };
    });
  const own = (whole: Node): Node => whole;
  const score = (whole: Node): Node => (whole.shape.length === 1 ? mean(lift, whole) : whole);
  const joined = {
    outputs: take(outputs, own),
    losses: take(losses, score),
    penalties: take(penalties, score),
    metrics: take(metrics, score),
    stateUpdates: take(stateUpdates, own).map((update, position) =>
      update === stateUpdates[position]
        ? { ...update, value: repeated(lift, update.value) }
        : update,
    ),
    rangeChecks: take(rangeChecks, own),
    calls: trace.calls,
  };
  const share = (value: Node): Node => {
    const image = lifted[at++];
    return image === undefined ? value : mean(lift, image);
  };
  return {
    trace: joined,
    activations: activations.map((one) => ({
      ...one,
      value: lifted[at++] ?? one.value,
      monitored: mapMonitored(one.monitored, share),
    })),
  };
}

function repeated({ b, members }: Lift, value: Node): Node {
  return b.broadcast(value, [members, ...value.shape]);
}

/** Over the members, which stand in front. */
function mean({ b, members }: Lift, whole: Node): Node {
  return b.divide(b.sum(b.cast(whole, "f32"), [0]), members);
}

/** One answer of all members. */
function agreed(lift: Lift, whole: Node): Node {
  const { b, members } = lift;
  if (whole.type === "f32") return mean(lift, whole);
  const shape = whole.shape.slice(1);
  const votes = b.cast(
    b.equal(b.reshape(whole, [members, 1, ...shape]), b.reshape(whole, [1, members, ...shape])),
    "i32",
  );
  const winner = b.cast(b.argmax(b.sum(votes, [1]), 0), "i32");
  const chosen = b.equal(b.iota([members, ...shape], 0), b.reshape(winner, [1, ...shape]));
  const taken = b.sum(b.select(chosen, b.cast(whole, "i32"), b.constant(0, [], "i32")), [0]);
  return b.cast(taken, whole.type);
}

function joinStage(lift: Lift, stage: StageDeclaration): StageDeclaration {
  const { b, members } = lift;
  return {
    ...stage,
    objectives: stage.objectives.map((objective) => ({
      ...objective,
      updates: objective.updates.map((update) => ({
        ...update,
        optimizer: joinOptimizer(lift, update.optimizer),
      })),
    })),
    projections: stage.projections.map((projection) => ({
      ...projection,
      apply: (shape) => {
        const own = projection.apply(shape.slice(1));
        const images = placeholders(lift, (name) => name === "w");
        return liftGraph(b, [b.broadcast(own, shape.slice(1))], images, members)[0] ?? own;
      },
    })),
  };
}

function joinOptimizer(lift: Lift, optimizer: OptimizerInstance): OptimizerInstance {
  const known = new Map<UpdateTemplate, UpdateTemplate>();
  return {
    ...optimizer,
    update: (shape) => {
      const own = optimizer.update(shape.slice(1));
      const joined = known.get(own) ?? joinUpdate(lift, own, shape);
      known.set(own, joined);
      return joined;
    },
  };
}

/** Each member has a state of its own, but for one that is the same for all whatever they are: a count of steps. */
function joinUpdate(lift: Lift, template: UpdateTemplate, shape: Shape): UpdateTemplate {
  const { b, members } = lift;
  const inner = shape.slice(1);
  const own = new Set(
    template.states.flatMap((state) => (state.shape.length > 0 ? state.name : [])),
  );
  for (;;) {
    const images = placeholders(
      lift,
      (name) => !name.startsWith(statePrefix) || own.has(name.slice(statePrefix.length)),
    );
    const lifted = (value: Node, of: Shape): Node | undefined =>
      liftImages(b, [b.broadcast(value, of)], images, members)[0];
    const states = template.states.map(({ initial, next, ...state }) => ({
      state,
      first: { value: initial, image: lifted(initial, state.shape) },
      next: { value: next, image: lifted(next, state.shape) },
    }));
    const before = own.size;
    for (const { state, first, next } of states) if (first.image ?? next.image) own.add(state.name);
    if (own.size > before) continue;
    return {
      weight: lifted(template.weight, inner) ?? b.broadcast(template.weight, shape),
      states: states.map(({ state, first, next }) => {
        if (!own.has(state.name)) return { ...state, initial: first.value, next: next.value };
        const whole = [members, ...state.shape];
        return {
          ...state,
          shape: whole,
          initial: first.image ?? first.value,
          next: next.image ?? b.broadcast(next.value, whole),
        };
      }),
    };
  }
}

const statePrefix = "state.";

/** Placeholders of those names, and draws, with the members in front. */
function placeholders({ b, members }: Lift, differs: (name: string) => boolean): Images {
  const known = new Map<Node, Node | undefined>();
  return (node) => {
    if (node.op === "random") return drawnByEach(b, node, members);
    if (node.op !== "placeholder" || !differs(node.attributes.name)) return undefined;
    const image =
      known.get(node) ??
      b.placeholder(node.attributes.name, { type: node.type, shape: [members, ...node.shape] });
    known.set(node, image);
    return image;
  };
}
