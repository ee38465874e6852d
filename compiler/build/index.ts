// Takes a typed model, gives its programs as graphs over storages: initial values, prediction, evaluation, training steps, passes.
import { createBuilder } from "../graph/builder.js";
import type { GraphBuilder } from "../ops/builder.js";
import { optimize } from "../optimize/index.js";
import type { Effect, Node } from "../types/graph.js";
import type { Named, StageDeclaration, TypedModel } from "../types/model.js";
import type { ConstantTable } from "./constants.js";
import { storeConstants } from "./constants.js";
import { countOf, layOut } from "./layout.js";
import type { Layout } from "./layout.js";
import { buildStep } from "./objective.js";
import { bindLeaves, inlinedInputs } from "./parameters.js";
import { splitPasses } from "./passes.js";
import { meanOfAll } from "./reduce.js";
import type { BuiltModel, BuiltProgram, BuiltStage, BuiltStorage } from "./types.js";

export interface BuildOptions {
  /** False leaves the graphs as they were built (for tests that optimized equals unoptimized). */
  readonly optimize?: boolean;
  /** What a bundle for inference needs, or all. */
  readonly entry?: "inference" | "training";
}

export function build(typed: TypedModel, options: BuildOptions = {}): BuiltModel {
  const b = createBuilder();
  const layout = layOut(typed);
  const assembly: Assembly = { b, typed, layout, programs: [], storages: [...layout.storages] };
  addPredict(assembly);
  addDraws(assembly);
  let stages: BuiltStage[] = [];
  if ((options.entry ?? "training") === "training") {
    addInit(assembly);
    addEvaluate(assembly);
    addFitted(assembly);
    stages = typed.stages.map((stage) => addStage(assembly, stage));
  }
  return finish(assembly, stages, options.optimize ?? true);
}

interface Assembly {
  readonly b: GraphBuilder;
  readonly typed: TypedModel;
  readonly layout: Layout;
  readonly programs: BuiltProgram[];
  readonly storages: BuiltStorage[];
}

/** Optimizes every program and moves constants of several values to storages. */
function finish(assembly: Assembly, stages: readonly BuiltStage[], optimized: boolean): BuiltModel {
  const { b, typed, layout } = assembly;
  const constants: ConstantTable = new Map();
  const programs = assembly.programs
    .filter((program) => program.effects.length > 0)
    .map((program) => {
      const roots = program.effects.map((effect) => effect.value);
      const better = optimized ? optimize(b, roots) : roots;
      const effects = program.effects.map((effect, index): Effect => ({
        ...effect,
        value: better[index] ?? effect.value,
      }));
      return { ...program, effects: storeConstants(b, effects, constants) };
    });
  const storages = [...assembly.storages, ...constants.values()];
  return { typed, storages, layout: layout.places, programs, stages };
}

function bind(assembly: Assembly, values: readonly Node[], draws: boolean): readonly Node[] {
  const inputs = inlinedInputs(assembly.typed.inputs, draws);
  return bindLeaves(assembly.b, assembly.layout, values, inputs).roots;
}

function results(prefix: string, names: readonly Named[], values: readonly Node[]): Effect[] {
  return names.flatMap(({ name }, index): Effect[] => {
    const value = values[index];
    return value === undefined ? [] : [{ kind: "result", name: prefix + name, value }];
  });
}

function addPredict(assembly: Assembly): void {
  const { outputs } = assembly.typed.inference;
  const values = bind(
    assembly,
    outputs.map((output) => output.value),
    false,
  );
  const effects = results("", outputs, values);
  assembly.programs.push({ name: "predict", kind: "predict", effects });
}

/** One program for each drawn input: a caller may give some and leave out others. */
function addDraws(assembly: Assembly): void {
  for (const { name, source } of assembly.typed.inputs) {
    if (source.kind !== "drawn") continue;
    const [value] = bind(assembly, [source.value], true);
    if (value === undefined) continue;
    const effects: Effect[] = [{ kind: "result", name, value }];
    assembly.programs.push({ name: `draw.${name}`, kind: "draw", effects });
  }
}

function addInit(assembly: Assembly): void {
  const effects: Effect[] = [];
  for (const { name, initial } of assembly.typed.parameters) {
    const place = assembly.layout.places.get(name);
    if (initial === undefined || place === undefined) continue;
    const count = countOf(place.declaration);
    const whole = assembly.b.broadcast(initial, place.declaration.shape);
    const value = assembly.b.reshape(whole, [count]);
    effects.push({ kind: "store", storage: place.storage, offset: place.offset, value });
  }
  assembly.programs.push({ name: "init", kind: "init", effects });
}

/** Losses and metrics that average over examples; metrics of the whole set become passes. */
function addEvaluate(assembly: Assembly): void {
  const { b, typed } = assembly;
  const { losses, metrics, penalties } = typed.inference;
  const setMetrics = metrics.filter((metric) => isOfSet(metric.value));
  const bound = bind(
    assembly,
    setMetrics.map((metric) => metric.value),
    false,
  );
  const passes = splitPasses(
    b,
    setMetrics.map((metric, index) => ({ name: metric.name, value: bound[index] ?? metric.value })),
    "accumulator.metrics",
  );
  const unsplit = new Set(passes.impossible.map((value) => value.name));
  const averaged = [
    ...losses.map((loss) => ({ ...loss, name: `loss.${loss.name}` })),
    ...metrics
      .filter((metric) => !setMetrics.includes(metric) || unsplit.has(metric.name))
      .map((metric) => ({ ...metric, name: `metric.${metric.name}` })),
  ];
  const values = bind(
    assembly,
    [...averaged, ...penalties].map((one) => one.value),
    false,
  );
  const means = values.slice(0, averaged.length).map((value) => meanOfAll(b, value));
  const effects = results("", averaged, means);
  const terms = values.slice(averaged.length);
  if (terms.length > 0) {
    const value = terms.reduce((sum, term) => b.add(sum, term));
    effects.push({ kind: "result", name: "penalty.total", value });
  }
  assembly.programs.push({ name: "evaluate", kind: "evaluate", effects });
  pushPasses(assembly, "metrics", passes.passes, [
    ...passes.finished.map(({ name, value }): Effect => ({
      kind: "result",
      name: `metric.${name}`,
      value,
    })),
  ]);
  assembly.storages.push(...passes.storages);
}

/** Without a batch axis although it depends on examples: a number about the set. */
function isOfSet(value: Node): boolean {
  return !value.shape.some((extent) => typeof extent !== "number");
}

function addFitted(assembly: Assembly): void {
  const { b, typed, layout } = assembly;
  const bound = bind(
    assembly,
    typed.fitted.map((fitted) => fitted.value),
    false,
  );
  // A fitted value that reads another one waits for it: its graph stands in place of the stored leaf.
  const passes = splitPasses(
    b,
    typed.fitted.map((fitted, index) => ({
      name: fitted.parameter,
      value: bound[index] ?? fitted.value,
    })),
    "accumulator.fitted",
  );
  const effects: Effect[] = [];
  for (const { name, value } of passes.finished) {
    const place = layout.places.get(name);
    if (place === undefined) continue;
    const count = countOf(place.declaration);
    const flat = b.reshape(b.broadcast(value, place.declaration.shape), [count]);
    effects.push({ kind: "store", storage: place.storage, offset: place.offset, value: flat });
  }
  pushPasses(assembly, "fitted", passes.passes, effects);
  assembly.storages.push(...passes.storages);
}

function pushPasses(
  assembly: Assembly,
  series: "fitted" | "metrics",
  passes: readonly (readonly Effect[])[],
  finish: readonly Effect[],
): void {
  passes.forEach((effects, index) => {
    assembly.programs.push({ name: `${series}.${index}`, kind: "pass", series, effects });
  });
  assembly.programs.push({ name: `${series}.finish`, kind: "finish", series, effects: finish });
}

function addStage(assembly: Assembly, stage: StageDeclaration): BuiltStage {
  const { b, typed, layout } = assembly;
  const drawn = typed.inputs.some((input) => input.source.kind === "drawn");
  const objectives = stage.objectives.map((objective, index) => {
    const last = index === stage.objectives.length - 1;
    const base = `step.${stage.name}.${objective.name}`;
    const add = (draws: boolean): { step: string; gather: string | undefined } => {
      const step = buildStep({ b, model: typed, layout, stage, objective, last, draws });
      const suffix = draws || !drawn ? "" : ".given";
      const common = { stage: stage.name, objective: objective.name };
      const { effects } = step;
      assembly.programs.push({ name: base + suffix, kind: "step", ...common, effects });
      const known = new Set(assembly.storages.map((storage) => storage.name));
      assembly.storages.push(...step.storages.filter((storage) => !known.has(storage.name)));
      if (step.gather === undefined) return { step: base + suffix, gather: undefined };
      const gather = `gather.${stage.name}.${objective.name}${suffix}`;
      assembly.programs.push({ name: gather, kind: "gather", ...common, effects: step.gather });
      return { step: base + suffix, gather };
    };
    const own = add(true);
    const given = drawn ? add(false) : undefined;
    return {
      name: objective.name,
      program: own.step,
      gather: own.gather,
      given: given?.step,
      gatherGiven: given?.gather,
      losses: objective.losses,
      repeat: objective.repeat,
    };
  });
  return { declaration: stage, objectives };
}
