// Takes a built model and its programs as plan programs, gives the plan: the whole compiled model as data.
import { inputOfLeaf, markerOf } from "../missing.js";
import { ownEntry } from "../ownEntry.js";
import { examplesOf } from "../graph/examples.js";
import { nodesOf, topologicalOrder } from "../graph/walk.js";
import type { BuiltHeld, BuiltModel, BuiltStage, BuiltStorage } from "../build/types.js";
import type { Node } from "../types/graph.js";
import type { InputDeclaration, Named, OfTraces, TypedModel } from "../types/model.js";
import type {
  Plan,
  PlanHeld,
  PlanInput,
  PlanKernel,
  PlanOutput,
  PlanParameter,
  PlanProgram,
  PlanStage,
  PlanStorage,
} from "../../runtime/plan.js";
import { PLAN_FORMAT } from "../../runtime/plan.js";
import { bindingBytes } from "../../runtime/layout.js";
import { planDim } from "./dimensions.js";
import { stageFormulas } from "./stageFormulas.js";
import { stageTerms, termsOfProgress } from "./stageTerms.js";

export const compilerName = "nnc 0.1.0";

/** WebGPU's default limit on a buffer, in bytes. */
const defaultBuffer = 256 * 1024 * 1024;

export interface ModelPlanRequest {
  readonly built: BuiltModel;
  readonly kernels: readonly PlanKernel[];
  readonly programs: readonly PlanProgram[];
  readonly entry: "inference" | "training";
  /** Bytes of the largest temporary where free dimensions are as trained. */
  readonly largestTemporary?: number;
}

export function modelPlan(request: ModelPlanRequest): Plan {
  const { built, kernels, programs, entry, largestTemporary = 0 } = request;
  const { typed } = built;
  const stages = entry === "training" ? built.stages : [];
  return {
    format: PLAN_FORMAT,
    compiler: compilerName,
    model: typed.name,
    ...(typed.doc === undefined ? {} : { doc: typed.doc }),
    dimensions: typed.freeDimensions.map((name) => ({
      name,
      trained: trainedExtent(typed, name),
    })),
    inputs: typed.inputs
      .filter((input) => entry === "training" || input.role === "input")
      .map(planInput),
    outputs: typed.inference.outputs.map((output) => planOutput(typed, output)),
    parameters: planParameters(built),
    storages: built.storages.map(planStorage),
    ...(built.held.length === 0 ? {} : { held: built.held.map(planHeld) }),
    kernels,
    programs,
    stages: stages.map((stage) => planStage(built, stage, programs)),
    requiredLimits: requiredLimits(built, largestTemporary),
  };
}

/** Free dimensions are sized for what the first stage trains with; without stages, for one example. */
export function trainedExtent(typed: TypedModel, name: string): number {
  return ownEntry(typed.stages[0]?.dimensions ?? {}, name) ?? (name === "batch" ? 32 : 16);
}

/** What every free dimension is trained with, by name. */
export function trainedExtents(typed: TypedModel): Readonly<Record<string, number>> {
  return Object.fromEntries(typed.freeDimensions.map((name) => [name, trainedExtent(typed, name)]));
}

function planInput(input: InputDeclaration): PlanInput {
  const { name, role, type, categories, range, bounds, masked, doc, source } = input;
  const missing = masked && type !== "bool" ? markerOf(type) : input.missing;
  return {
    name,
    role,
    type,
    ...(categories === undefined ? {} : { categories }),
    ...(range === undefined ? {} : { range }),
    ...(bounds === undefined ? {} : { bounds }),
    shape: input.shape.map(planDim),
    ...(missing === undefined ? {} : { missing }),
    source: source.kind,
    ...(doc === undefined ? {} : { doc }),
  };
}

function planOutput(typed: TypedModel, { name, value, doc }: Named): PlanOutput {
  return {
    name,
    type: value.type,
    shape: value.shape.map(planDim),
    needs: inputsOf(typed, "inference", [value]),
    ...(mixesExamples(typed, value) ? { mixes: true } : {}),
    ...(doc === undefined ? {} : { doc }),
  };
}

/** Inputs that the values read, in order of declaration; what a computed one reads counts in its place. */
function inputsOf(
  typed: TypedModel,
  trace: keyof OfTraces<Node>,
  values: readonly Node[],
): string[] {
  return readBy(typed, trace, values).inputs.map(({ name }) => name);
}

interface Read {
  /** Those that are not computed, in order of declaration. */
  readonly inputs: readonly InputDeclaration[];
  /** The values, and those of the computed inputs that they read. */
  readonly values: readonly Node[];
}

function readBy(typed: TypedModel, trace: keyof OfTraces<Node>, values: readonly Node[]): Read {
  const found = new Set<InputDeclaration>();
  const stack = [...values];
  const seen = new Set<Node>();
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    for (const node of topologicalOrder([value])) {
      if (node.op !== "input") continue;
      const name = inputOfLeaf(node.attributes.name);
      const declaration = typed.inputs.find((input) => input.name === name);
      if (declaration?.source.kind === "computed") stack.push(declaration.source.value[trace]);
      else if (declaration) found.add(declaration);
    }
  }
  return { inputs: typed.inputs.filter((input) => found.has(input)), values: [...seen] };
}

/** Whether an output's entries of one example depend on other examples, or on the position of their own among them, as draws do. */
function mixesExamples(typed: TypedModel, output: Node): boolean {
  const { inputs, values } = readBy(typed, "inference", [output]);
  return (
    inputs.some(({ source }) => source.kind === "drawn") ||
    nodesOf(values).some(({ op }) => op === "random") ||
    [...examplesOf(values).values()].some(({ kind }) => kind === "mixed" || kind === "combined")
  );
}

function planParameters(built: BuiltModel): PlanParameter[] {
  const positions = new Map(built.storages.map((storage, index) => [storage.name, index]));
  return [...built.layout.values()].map(({ declaration, storage, offset }) => ({
    name: declaration.name,
    role: declaration.role,
    type: declaration.type,
    shape: declaration.shape,
    storage: positions.get(storage) ?? 0,
    offset,
  }));
}

function planStorage({ name, type, elements, kind, initial, values }: BuiltStorage): PlanStorage {
  return {
    name,
    type,
    elements,
    kind,
    ...(initial === undefined ? {} : { initial }),
    ...(values === undefined ? {} : { values }),
  };
}

function planHeld({ name, type, shape, combine, axis, initial }: BuiltHeld): PlanHeld {
  return {
    name,
    type,
    shape: shape.map(planDim),
    ...(combine === undefined ? {} : { combine }),
    ...(axis === undefined ? {} : { axis }),
    ...(initial === undefined ? {} : { initial }),
  };
}

function planStage(
  built: BuiltModel,
  { declaration, objectives }: BuiltStage,
  programs: readonly PlanProgram[],
): PlanStage {
  const position = (name: string): number => {
    const index = programs.findIndex((program) => program.name === name);
    if (index < 0) throw new Error(`program ${name} is missing`);
    return index;
  };
  const optional = <K extends string>(
    key: K,
    name: string | undefined,
  ): Partial<Record<K, number>> =>
    name === undefined ? {} : ({ [key]: position(name) } as Record<K, number>);
  const { typed } = built;
  const { epochs, steps, stopEarly } = declaration;
  const progress = termsOfProgress(typed, declaration);
  return {
    name: declaration.name,
    dimensions: declaration.dimensions,
    ...(epochs === undefined ? {} : { epochs }),
    ...(steps === undefined ? {} : { steps }),
    seed: declaration.seed,
    validation: declaration.validation,
    // What passes from batch to batch is as long as each of them.
    dropLast: declaration.dropLast || typed.carried.length > 0,
    accumulate: declaration.accumulate,
    ...(stopEarly === undefined ? {} : { stopEarly }),
    plateaus: declaration.plateaus,
    formulas: stageFormulas(built, declaration),
    terms: stageTerms(typed, declaration),
    ...(progress.length === 0 ? {} : { progress }),
    objectives: objectives.map((objective) => ({
      name: objective.name,
      program: position(objective.program),
      ...optional("given", objective.given),
      ...optional("gather", objective.gather),
      ...optional("gatherGiven", objective.gatherGiven),
      losses: objective.losses,
      ...(objective.repeat === undefined ? {} : { repeat: objective.repeat }),
    })),
    start: declaration.start.map(({ parameters, below, file }) => ({
      parameters,
      ...(Object.keys(below).length === 0 ? {} : { below }),
      file,
    })),
    frozen: declaration.frozen,
    monitor: declaration.monitor,
    ensemble: declaration.ensemble,
    inputs: stageInputs(typed, objectives),
  };
}

/** What the stage's losses, penalties and metrics read. */
function stageInputs(typed: TypedModel, objectives: BuiltStage["objectives"]): string[] {
  const losses = new Set(objectives.flatMap((objective) => [...objective.losses]));
  const { training } = typed;
  return inputsOf(
    typed,
    "training",
    [
      ...training.losses.filter((loss) => losses.has(loss.name)),
      ...training.penalties,
      ...training.metrics,
    ].map((one) => one.value),
  );
}

function requiredLimits(built: BuiltModel, temporary: number): Record<string, number> {
  const largest = Math.max(temporary, ...built.storages.map((storage) => storage.elements * 4));
  return {
    ...(largest > defaultBuffer ? { maxBufferSize: largest } : {}),
    ...(largest > bindingBytes ? { maxStorageBufferBindingSize: largest } : {}),
  };
}
