// Takes a typed model, gives its programs as graphs over storages: initial values, prediction, evaluation, fitted values, training steps.
import { membersSuffix } from "../../runtime/plan.js";
import type { PlanSeries } from "../../runtime/plan.js";
import { createBuilder } from "../graph/builder.js";
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { optimize } from "../optimize/index.js";
import type { PassTrace } from "../optimize/index.js";
import { elementCount, freeDim } from "../types/dimension.js";
import type { Effect, Node } from "../types/graph.js";
import type { Named, StageDeclaration, TypedModel } from "../types/model.js";
import { atStart, heldStates, overBatches } from "./carried.js";
import { joinMembers } from "./members.js";
import type { JoinedModel } from "./members.js";
import { boundsOf } from "./bounds.js";
import type { ConstantTable } from "./constants.js";
import { storeConstants } from "./constants.js";
import { layOut } from "./layout.js";
import type { StorageLayout } from "./layout.js";
import { buildStep } from "./objective.js";
import type { StepRequest } from "./objective.js";
import { countsExamplesIn } from "../graph/examples.js";
import { bindLeaves, inputValues } from "./parameters.js";
import { rangeValues } from "./ranges.js";
import type { BuiltRange } from "./ranges.js";
import { meanOfAll } from "./reduce.js";
import { streamOf } from "./stream.js";
import { overSet } from "./sets.js";
import type { SetRequest, SetValue } from "./sets.js";
import type { BuiltHeld, BuiltModel, BuiltProgram, BuiltStage, BuiltStorage } from "./types.js";

export interface BuildOptions {
  /** False leaves the graphs as they were built (for tests that optimized equals unoptimized). */
  readonly optimize?: boolean;
  /** Told of every pass over a program that changed something. */
  readonly onPass?: (program: BuiltProgram, trace: PassTrace) => void;
  /** Extents of free dimensions that costs are weighed by. */
  readonly estimates?: Readonly<Record<string, number>>;
  /** Whether a net can be fed step by step: of a model that `streamProblem` finds nothing in. */
  readonly stream?: boolean;
  /** What a bundle for inference needs, or all. */
  readonly entry?: "inference" | "training";
}

/** Above the ids of analysis, so that nodes of both have ids of their own. */
const firstId = 2 ** 30;

export function build(analysed: TypedModel, options: BuildOptions = {}): BuiltModel {
  const b = createBuilder(firstId);
  const typed = joinMembers(b, analysed);
  const layout = layOut(typed);
  const assembly: Assembly = {
    b,
    typed,
    layout,
    programs: [],
    storages: [...layout.storages],
    held: [],
  };
  addPredict(assembly);
  addDraws(assembly);
  if (options.stream === true) addStream(assembly);
  let stages: BuiltStage[] = [];
  if ((options.entry ?? "training") === "training") {
    addInit(assembly);
    addEvaluate(assembly);
    addFitted(assembly);
    stages = typed.stages.map((stage) => addStage(assembly, stage));
  }
  return finish(assembly, stages, options);
}

interface Assembly {
  readonly b: GraphBuilder;
  readonly typed: JoinedModel;
  readonly layout: StorageLayout;
  readonly programs: BuiltProgram[];
  readonly storages: BuiltStorage[];
  readonly held: BuiltHeld[];
}

/** Optimizes every program and moves constants of several values to storages. */
function finish(
  assembly: Assembly,
  stages: readonly BuiltStage[],
  { optimize: optimized = true, onPass, estimates = {} }: BuildOptions,
): BuiltModel {
  const { b, typed, layout } = assembly;
  const constants: ConstantTable = new Map();
  const programs = assembly.programs
    .filter((program) => program.effects.length > 0)
    .map((program) => {
      const roots = program.effects.map((effect) => effect.value);
      const better = optimized
        ? optimize(b, roots, { estimates, onPass: (trace) => onPass?.(program, trace) })
        : roots;
      const effects = program.effects.map((effect, index): Effect => ({
        ...effect,
        value: better[index] ?? effect.value,
      }));
      // Of the program as it is written: what passes take away of it today, they may leave tomorrow.
      const bounds = [...(program.bounds ?? []), ...boundsOf(program.effects)];
      return { ...program, effects: storeConstants(b, effects, constants), bounds };
    });
  const storages = [...assembly.storages, ...constants.values()];
  return { typed, storages, held: assembly.held, layout: layout.ranges, programs, stages };
}

/** `series`: of the run over a set that hands states on; where there is none, they are what they start from. */
function bind(
  { b, typed, layout }: Assembly,
  values: readonly Node[],
  draws: ReadonlySet<string>,
  series?: PlanSeries,
): readonly Node[] {
  const own =
    series === undefined ? atStart(b, typed, values) : overBatches(b, typed, series, values);
  return bindLeaves(b, layout, own, inputValues(typed.inputs, draws, "inference")).roots;
}

function results(prefix: string, names: readonly Named[], values: readonly Node[]): Effect[] {
  return names.flatMap(({ name }, index): Effect[] => {
    const value = values[index];
    return value === undefined ? [] : [{ kind: "result", name: prefix + name, value }];
  });
}

function addPredict(assembly: Assembly): void {
  const { inference, memberOutputs } = assembly.typed;
  const ofMembers = memberOutputs.map((one) => ({ ...one, name: one.name + membersSuffix }));
  const outputs = [...inference.outputs, ...ofMembers];
  const values = bind(
    assembly,
    outputs.map((output) => output.value),
    new Set(),
  );
  const effects = results("", outputs, values);
  assembly.programs.push({ name: "predict", kind: "predict", effects, apart: true });
}

/** One step of time in, one out; what passes on stands in inputs and results. */
function addStream(assembly: Assembly): void {
  const { b, typed } = assembly;
  const stream = streamOf(b, typed);
  if (stream === undefined) return;
  const { along, effects, held } = stream;
  const values = bind(
    assembly,
    effects.map(({ value }) => value),
    new Set(),
  );
  assembly.held.push(...held);
  assembly.programs.push({
    name: "stream",
    kind: "stream",
    along,
    effects: effects.map((effect, at) => ({ ...effect, value: values[at] ?? effect.value })),
  });
}

function drawnNames(typed: TypedModel): string[] {
  return typed.inputs.flatMap(({ name, source }) => (source.kind === "drawn" ? [name] : []));
}

/** One program for each drawn input: a caller may give some and leave out others. */
function addDraws(assembly: Assembly): void {
  for (const { name, source } of assembly.typed.inputs) {
    if (source.kind !== "drawn") continue;
    const [value] = bind(assembly, [source.value.inference], new Set());
    if (value === undefined) continue;
    const effects: Effect[] = [{ kind: "result", name, value }];
    assembly.programs.push({ name: `draw.${name}`, kind: "draw", effects });
  }
}

function addInit(assembly: Assembly): void {
  const effects: Effect[] = [];
  for (const { name, initial } of assembly.typed.parameters) {
    const range = assembly.layout.ranges.get(name);
    if (initial === undefined || range === undefined) continue;
    const count = elementCount(range.declaration.shape);
    const whole = assembly.b.broadcast(initial, range.declaration.shape);
    const value = assembly.b.reshape(whole, [count]);
    effects.push({ kind: "store", storage: range.storage, offset: range.offset, value });
  }
  assembly.programs.push({ name: "init", kind: "init", effects });
}

/** Losses, metrics and penalties of a whole set. */
function addEvaluate(assembly: Assembly): void {
  const { b, typed } = assembly;
  const { losses, metrics, penalties } = typed.inference;
  const named = [
    ...losses.map(({ name, value }) => ({ name: `loss.${name}`, value, of: "loss" as const })),
    ...metrics.map(({ name, value }) => ({ name: `metric.${name}`, value, of: "metric" as const })),
  ];
  const roots = [...named, ...penalties].map((one) => one.value);
  const checks = typed.inference.rangeChecks;
  const series = "evaluation";
  const nexts = typed.inference.stateUpdates;
  const all = [...roots, ...[...checks, ...nexts].map(({ value }) => value)];
  const bound = bind(assembly, all, new Set(), series);
  const handed = bound.slice(roots.length + checks.length);
  const checked = bound.slice(roots.length, roots.length + checks.length);
  const values = named.flatMap(({ name, of }, index): SetValue[] => {
    const value = bound[index];
    return value === undefined ? [] : [meanOverSet(assembly, name, value, of)];
  });
  const terms = bound.slice(named.length, roots.length);
  if (terms.length > 0) {
    const value = terms.reduce((sum, term) => b.add(sum, term));
    values.push(meanOverSet(assembly, "penalty.total", value, "loss"));
  }
  const finish = (name: string, value: Node): Effect => ({ kind: "result", name, value });
  const ranges = rangeValues(b, checks, checked, bound.slice(0, roots.length));
  values.push(
    ...ranges.map(({ name, value, combine }): SetValue => {
      return { name, value, average: { where: "data", entries: 1, combine } };
    }),
  );
  const carried = heldStates(typed, series, handed);
  const request = { series, values, carried, finish } as const;
  addSeries(assembly, request, new Map(ranges.map((one) => [one.name, one])));
}

/** Metrics without entries are of the whole set, losses of a batch where nothing else can be said. */
function meanOverSet(
  { b, typed }: Assembly,
  name: string,
  value: Node,
  of: "loss" | "metric",
): SetValue {
  const single = value.shape.length === 0;
  const examples = typed.freeDimensions.includes("batch") ? freeDim("batch") : 1;
  const entries = countsExamplesIn(value) ? elementCount(value.shape) : examples;
  const where = of === "loss" ? "examples meet" : single ? "no batch" : "data";
  return { name, value: meanOfAll(b, value), average: { where, entries } };
}

/** A fitted value that reads another one waits for it: its graph stands in place of the stored leaf. */
function fittedValues({ b, typed }: Assembly): Node[] {
  const values = new Map<string, Node>();
  return typed.fitted.map(({ parameter, value }) => {
    const replacements = new Map<Node, Node>();
    for (const node of topologicalOrder([value])) {
      const known = node.op === "stored" ? values.get(node.attributes.name) : undefined;
      if (known !== undefined) replacements.set(node, b.broadcast(known, node.shape));
    }
    const [whole = value] = substitute(b, [value], replacements);
    values.set(parameter, whole);
    return whole;
  });
}

function addFitted(assembly: Assembly): void {
  const { b, typed, layout } = assembly;
  const series = "fitted";
  const nexts = typed.inference.stateUpdates.map(({ value }) => value);
  const roots = [...fittedValues(assembly), ...nexts];
  const bound = bind(assembly, roots, new Set(drawnNames(typed)), series);
  const carried = heldStates(typed, series, bound.slice(typed.fitted.length));
  const values = typed.fitted.map(({ parameter, value }, index): SetValue => ({
    name: parameter,
    value: bound[index] ?? value,
  }));
  const finish = (name: string, value: Node): Effect => {
    const range = layout.ranges.get(name);
    if (range === undefined) throw new Error(`parameter ${name} has no range`);
    const count = elementCount(range.declaration.shape);
    const flat = b.reshape(b.broadcast(value, range.declaration.shape), [count]);
    return { kind: "store", storage: range.storage, offset: range.offset, value: flat };
  };
  addSeries(assembly, { series, values, carried, finish });
}

function addSeries(
  assembly: Assembly,
  request: Omit<SetRequest, "b">,
  ranges: ReadonlyMap<string, BuiltRange> = new Map(),
): void {
  const { programs, held } = overSet({ b: assembly.b, ...request });
  assembly.programs.push(...programs.map((program) => ({ ...program, ranges })));
  assembly.held.push(...held);
}

function addStage(assembly: Assembly, stage: StageDeclaration): BuiltStage {
  const drawn = new Set(drawnNames(assembly.typed));
  const objectives = stage.objectives.map((objective, index) => {
    const last = index === stage.objectives.length - 1;
    const request = { stage, objective, last };
    const own = addStep(assembly, { ...request, draws: drawn }, "");
    const given =
      drawn.size === 0 ? undefined : addStep(assembly, { ...request, draws: new Set() }, ".given");
    const { name, losses, repeat } = objective;
    return {
      name,
      program: own.step,
      gather: own.gather,
      given: given?.step,
      gatherGiven: given?.gather,
      losses,
      repeat,
    };
  });
  return { declaration: stage, objectives };
}

function addStep(
  assembly: Assembly,
  request: Pick<StepRequest, "stage" | "objective" | "last" | "draws">,
  suffix: string,
): { readonly step: string; readonly gather: string | undefined } {
  const { b, typed, layout, programs, storages } = assembly;
  const built = buildStep({ b, model: typed, layout, ...request });
  const stage = request.stage.name;
  const objective = request.objective.name;
  const name = `${stage}.${objective}${suffix}`;
  const step = `step.${name}`;
  const { effects, entries, ranges, bounds } = built;
  const told = { entries, ranges, bounds };
  programs.push({ name: step, kind: "step", stage, objective, effects, ...told });
  const known = new Set(storages.map((storage) => storage.name));
  storages.push(...built.storages.filter((storage) => !known.has(storage.name)));
  if (built.gather === undefined) return { step, gather: undefined };
  const gather = `gather.${name}`;
  programs.push({ name: gather, kind: "gather", stage, objective, effects: built.gather, ...told });
  return { step, gather };
}
