// Takes a stage's objective, gives its training step as one graph: losses, penalties, gradients, clipping, updates, metrics.
import { differentiate } from "../autodiff/differentiate.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { elementCount, freeDim } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Effect, Node, Shape } from "../types/graph.js";
import type { Named, ObjectiveDeclaration, StageDeclaration, StateUpdate } from "../types/model.js";
import { mapMonitored, watchedNodes } from "./activations.js";
import type { WatchedActivation } from "./activations.js";
import type { JoinedModel } from "./members.js";
import { bringsExamples, countsExamplesIn, examplesOf } from "../graph/examples.js";
import type { BuiltBound } from "./bounds.js";
import { carriedBounds, carriedStorages, inStage } from "./carried.js";
import type { StorageLayout } from "./layout.js";
import { clip } from "./clip.js";
import { activationEffects, monitorEffects } from "./monitor.js";
import { bindLeaves, inputValues, storageLeaf } from "./parameters.js";
import { projectUpdates } from "./project.js";
import { keepingOverflows, lossScale, type LossScale } from "./scale.js";
import { rangeValues } from "./ranges.js";
import type { BuiltRange } from "./ranges.js";
import { meanOfAll } from "./reduce.js";
import { stateEffects } from "./states.js";
import type { BuiltStorage } from "./types.js";
import { updateStorages } from "./update.js";

export interface StepRequest {
  readonly b: GraphBuilder;
  readonly model: JoinedModel;
  readonly layout: StorageLayout;
  readonly stage: StageDeclaration;
  readonly objective: ObjectiveDeclaration;
  /** Metrics and monitors are reported by the last objective of a step. */
  readonly last: boolean;
  /** The drawn inputs that the program draws itself; it reads the others. */
  readonly draws: ReadonlySet<string>;
}

export interface BuiltStep {
  readonly effects: readonly Effect[];
  /** A step but for its update, where the stage accumulates: the batch's gradients are added to the sums. */
  readonly gather: readonly Effect[] | undefined;
  /** Of how many entries each loss and metric is the mean, by the name of its result. */
  readonly entries: ReadonlyMap<string, Dim>;
  readonly ranges: ReadonlyMap<string, BuiltRange>;
  readonly storages: readonly BuiltStorage[];
  readonly bounds: readonly BuiltBound[];
}

export function buildStep(request: StepRequest): BuiltStep {
  const { b, layout, stage, model } = request;
  const trace = bindTrace(request);
  const goal = goalOf(request, trace);
  const scale = lossScale(
    request,
    request.objective.name,
    goal.value,
    trainedViews(request, trace),
  );
  const accumulation = accumulate(request, flatGradients(request, trace, goal, scale));
  const settled = scale?.settle(accumulation.gradients);
  const clipped = clip(request, settled?.gradients ?? accumulation.gradients);
  const updated = keepingOverflows(
    b,
    updateStorages({ ...request, step: scale?.step }, clipped),
    settled,
  );
  const projected = projectUpdates(b, layout, stage, updated.updated).map((one) => {
    return settled ? { ...one, next: settled.kept(one.next, one.before) } : one;
  });
  const told = reports(request, trace, goal);
  // Whether an update follows or not: states move on, and losses and metrics are told.
  const states = stateEffects(request, trace.stateUpdates);
  const own = [...states.runs, ...told.effects];
  const reached = [goal.value, ...[...own, ...states.updates].map(({ value }) => value)];
  const checked = rangeValues(b, model.training.rangeChecks, trace.checked, reached);
  const ranges = checked.map(({ name, value }): Effect => ({ kind: "result", name, value }));
  const run = [...own, ...ranges];
  const watched = activationEffects(stage, trace.activations, goal.value);
  const examples = watched.map(({ name }): [string, Dim] => [name, freeDim("batch")]);
  return {
    effects: [
      ...projected.map(({ storage, next }): Effect => ({ kind: "store", storage, value: next })),
      ...updated.effects,
      ...accumulation.resets,
      ...(settled?.effects ?? []),
      ...states.updates,
      ...run,
      ...monitorEffects(request, clipped, projected),
      ...watched,
    ],
    gather: accumulation.effects && [...accumulation.effects, ...run],
    entries: new Map([...told.entries, ...examples]),
    ranges: new Map(checked.map((one) => [one.name, one])),
    storages: [
      ...updated.storages,
      ...accumulation.storages,
      ...(scale?.storages ?? []),
      ...carriedStorages(model, stage),
    ],
    bounds: carriedBounds(model, stage),
  };
}

/** What an objective minimises. */
interface Goal {
  /** Each the mean over its entries. */
  readonly losses: readonly Named[];
  /** Sums of the penalties that count here, each of those that count in the same lines, by what tells these lines apart. */
  readonly penalties: ReadonlyMap<string, Node>;
  readonly value: Node;
}

function goalOf({ b, stage, objective }: StepRequest, trace: BoundTrace): Goal {
  const losses = trace.losses.map((loss) => ({ ...loss, value: meanOfAll(b, loss.value) }));
  const counted = trace.penalties
    .map((penalty) => ({ penalty, lines: linesOf(stage, trace, penalty.value) }))
    .filter(({ lines }) => lines.includes(objective));
  const groups = new Map<string, Named[]>();
  for (const { penalty, lines } of counted) {
    const places = lines.map((line) => stage.objectives.indexOf(line) + 1);
    const name = lines.length === stage.objectives.length ? "total" : places.join("+");
    groups.set(name, [...(groups.get(name) ?? []), penalty]);
  }
  const penalties = new Map([...groups].map(([name, group]) => [name, sumOf(b, group)]));
  const sum = sumOf(
    b,
    counted.map(({ penalty }) => penalty),
  );
  return { losses, penalties, value: b.add(sumOf(b, losses), sum) };
}

/**
 * A penalty counts in the lines whose parameters it depends on. One that no line of the stage can change (of inputs alone, of
 * frozen weights) counts in all of them: it has no gradient, but is told of as an evaluation tells of it.
 */
function linesOf(
  { objectives }: StageDeclaration,
  trace: BoundTrace,
  penalty: Node,
): readonly ObjectiveDeclaration[] {
  const lines = objectives.filter((line) => dependsOn(penalty, trace, trainedBy(line)));
  return lines.length > 0 ? lines : objectives;
}

function trainedBy(objective: ObjectiveDeclaration): readonly string[] {
  return objective.updates.flatMap((update) => update.parameters);
}

interface Reports {
  readonly effects: readonly Effect[];
  readonly entries: ReadonlyMap<string, Dim>;
}

/** What a run hands to the runtime: losses and penalties, and behind the last objective the metrics. */
function reports({ b, model, last }: StepRequest, trace: BoundTrace, goal: Goal): Reports {
  const examples = model.freeDimensions.includes("batch") ? freeDim("batch") : 1;
  const effects: Effect[] = [];
  const entries = new Map<string, Dim>();
  const report = (name: string, value: Node, count: Dim | undefined): void => {
    effects.push({ kind: "result", name, value });
    if (count !== undefined) entries.set(name, count);
  };
  trace.losses.forEach(({ name, value: { shape } }, index) => {
    const mean = goal.losses[index];
    if (mean === undefined) return;
    report(`loss.${name}`, mean.value, entriesOf(shape, examples));
  });
  for (const [name, value] of goal.penalties) report(`penalty.${name}`, value, examples);
  for (const { name, value } of last ? trace.metrics : []) {
    const alone = ofBatchAlone(value);
    if (alone && examplesMeet(value)) continue;
    const count = alone ? undefined : entriesOf(value.shape, examples);
    report(`metric.${name}`, meanOfAll(b, value), count);
  }
  return { effects, entries };
}

function entriesOf(shape: Shape, examples: Dim): Dim {
  return shape.length > 0 ? elementCount(shape) : examples;
}

/** A number about all examples of a batch, of which several batches have no mean that would say anything. */
function ofBatchAlone(value: Node): boolean {
  return !countsExamplesIn(value) && topologicalOrder([value]).some(bringsExamples);
}

/** Whether a value needs its examples side by side: a median, a rank. It may not even be defined for a few. */
function examplesMeet(value: Node): boolean {
  return [...examplesOf([value]).values()].some(({ kind }) => kind === "mixed");
}

interface BoundTrace {
  readonly losses: readonly Named[];
  readonly penalties: readonly Named[];
  readonly metrics: readonly Named[];
  readonly stateUpdates: readonly StateUpdate[];
  /** The integers of the trace's range checks. */
  readonly checked: readonly Node[];
  readonly activations: readonly WatchedActivation[];
  readonly views: ReadonlyMap<string, Node>;
}

/** The training trace over storages: the losses of this objective, and all that may go with them. */
function bindTrace({ b, model, layout, stage, objective, draws, last }: StepRequest): BoundTrace {
  const { training } = model;
  const losses = training.losses.filter((loss) => objective.losses.includes(loss.name));
  const metrics = last ? training.metrics : [];
  const lists = [losses, training.penalties, metrics, training.stateUpdates];
  const roots = lists.flat().map((one) => one.value);
  const watched = watchedNodes(model.activations);
  const checked = training.rangeChecks.map((one) => one.value);
  const bound = bindLeaves(
    b,
    layout,
    inStage(b, model, stage, [...roots, ...checked, ...watched]),
    inputValues(model.inputs, draws, "training"),
  );
  let at = 0;
  const take = <Kind extends Named>(list: readonly Kind[]): Kind[] =>
    list.map((one) => ({ ...one, value: bound.roots[at++] ?? one.value }));
  return {
    losses: take(losses),
    penalties: take(training.penalties),
    metrics: take(metrics),
    stateUpdates: take(training.stateUpdates),
    checked: training.rangeChecks.map(({ value }) => bound.roots[at++] ?? value),
    activations: model.activations.map((one) => ({
      ...one,
      value: bound.roots[at++] ?? one.value,
      monitored: mapMonitored(one.monitored, (value) => bound.roots[at++] ?? value),
    })),
    views: bound.views,
  };
}

function trainedViews({ objective }: StepRequest, trace: BoundTrace): ReadonlySet<Node> {
  return new Set(trainedBy(objective).flatMap((name) => trace.views.get(name) ?? []));
}

function viewOf(trace: BoundTrace, name: string): Node {
  const view = trace.views.get(name);
  if (view === undefined) throw new Error(`parameter ${name} is not read`);
  return view;
}

function sumOf(b: GraphBuilder, values: readonly { readonly value: Node }[]): Node {
  return values.reduce((sum, { value }) => b.add(sum, value), b.constant(0));
}

function dependsOn(value: Node, trace: BoundTrace, names: readonly string[]): boolean {
  const wanted = new Set(names.map((name) => trace.views.get(name)));
  return topologicalOrder([value]).some((node) => wanted.has(node));
}

/** For each storage that the objective updates, the gradients of its parameters end to end. */
function flatGradients(
  { b, layout, model, objective }: StepRequest,
  trace: BoundTrace,
  goal: Goal,
  scale: LossScale | undefined,
): Map<string, Node> {
  const trained = new Set(trainedBy(objective));
  const targets = [...trained].filter((name) => trace.views.has(name));
  const views = targets.map((name) => viewOf(trace, name));
  // Each member goes by the gradient of its own goal; what is told is the mean of these.
  const total = model.members > 1 ? b.multiply(goal.value, model.members) : goal.value;
  const gradients = differentiate(b, scale ? b.multiply(total, scale.value) : total, views);
  const byName = new Map(targets.map((name, index) => [name, gradients[index]]));
  const flat = new Map<string, Node>();
  for (const [storage, members] of layout.members) {
    if (!members.some((name) => trained.has(name))) continue;
    const pieces = members.map((name) => {
      const range = layout.ranges.get(name);
      const count = elementCount(range?.declaration.shape ?? []);
      const gradient = byName.get(name);
      return gradient === undefined ? b.constant(0, [count]) : b.reshape(gradient, [count]);
    });
    const whole = b.concat(pieces, 0);
    flat.set(storage, scale ? b.divide(whole, scale.value) : whole);
  }
  return flat;
}

interface Accumulation {
  readonly gradients: Map<string, Node>;
  readonly effects: readonly Effect[] | undefined;
  readonly resets: readonly Effect[];
  readonly storages: readonly BuiltStorage[];
}

/**
 * With `accumulate n` the mean over the examples of n batches: the gradients of n − 1 are added up, each times its examples,
 * the last comes with the update, which clears the sums.
 */
function accumulate(
  { b, layout, stage, objective }: StepRequest,
  flat: ReadonlyMap<string, Node>,
): Accumulation {
  if (stage.accumulate <= 1) {
    return { gradients: new Map(flat), effects: undefined, resets: [], storages: [] };
  }
  const gradients = new Map<string, Node>();
  const effects: Effect[] = [];
  const examples = b.cast(b.dimension(freeDim("batch")), "f32");
  const total = b.hostScalar("total.batch");
  const resets: Effect[] = [];
  const storages: BuiltStorage[] = [];
  for (const [storage, gradient] of flat) {
    const name = `gradients.${stage.name}.${objective.name}.${storage}`;
    const like = storageLeaf(b, layout, storage);
    const before = b.stored(name, { type: "f32", shape: like.shape });
    const sum = b.add(before, b.multiply(gradient, examples));
    storages.push({
      name,
      type: "f32",
      elements: layout.storages.find((one) => one.name === storage)?.elements ?? 0,
      kind: "optimizer",
      initial: 0,
    });
    effects.push({ kind: "store", storage: name, value: sum });
    resets.push({ kind: "store", storage: name, value: b.zerosLike(like) });
    gradients.set(storage, b.divide(sum, total));
  }
  return { gradients, effects, resets, storages };
}
