// Takes source text, gives compiled models and diagnostics: the whole pipeline, one line a phase.
import { diagnostic, hasErrors } from "../grammar/diagnostics.js";
import type { Diagnostic } from "../grammar/diagnostics.js";
import { parse } from "../grammar/parse.js";
import { lineTable, positionAt, type SourceFile } from "../grammar/span.js";
import { stepKinds } from "../runtime/plan.js";
import type { Plan } from "../runtime/plan.js";
import { analyze } from "./analyze/index.js";
import { build } from "./build/index.js";
import { streamProblem } from "./build/stream.js";
import { createBuilder } from "./graph/builder.js";
import { unkeptInputs } from "./build/sets.js";
import type { BuiltModel } from "./build/types.js";
import { modelPlan, trainedExtents } from "./emit/modelPlan.js";
import { planSources } from "./emit/sources.js";
import { cpuModuleText, planKernels, planPrograms } from "./emit/plan.js";
import type { Planned } from "./emit/plan.js";
import { createDescriber } from "./emit/places.js";
import { mapInSteps } from "./kernel/index.js";
import { inputOfLeaf } from "./missing.js";
import { preludeFiles } from "./prelude/prelude.generated.js";
import { scheduleWithin } from "./schedule/recompute.js";
import { createNestMaker } from "./schedule/alikeGroups.js";
import { schedule } from "./schedule/index.js";
import { elementBytes, largestSlot } from "./schedule/memory.js";
import { elementCount, evaluateDim, shapeText } from "./types/dimension.js";
import type { Extents } from "./types/dimension.js";
import type { CompileTimeData, TypedModel } from "./types/model.js";
import type { Schedule } from "./types/nest.js";

export interface CompileOptions {
  /** How the source is called in messages; imports are relative to it. */
  readonly file?: string;
  /** The text of a file by its path relative to the source, or undefined where there is none. */
  readonly readImport?: (path: string) => string | undefined;
  /** Parameters of models from outside: `--set classes=26`. */
  readonly set?: Readonly<Record<string, CompileTimeData>>;
  /** Compile this model alone. */
  readonly model?: string;
  /**
   * Bytes that a step may take at its peak, as trained: parameters, optimizer state, inputs and temporaries. Values of its forward pass
   * are computed again where gradients need them, those first that free most memory for the work, until it takes no more.
   */
  readonly recompute?: number;
  /** Nets can be fed step by step too, by `net.stream()`; a model that cannot is left out, and told of. */
  readonly stream?: boolean;
  /** The folder that imports stay under, named as `file` is; the folder of the file unless given. */
  readonly root?: string;
}

export interface CheckResult {
  readonly models: readonly TypedModel[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface CompileResult {
  readonly models: readonly CompiledModel[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What a bundle with or without training holds: every level of it, for printing. */
export interface CompiledEntry {
  readonly built: BuiltModel;
  readonly schedules: readonly Schedule[];
  readonly planned: Planned;
  readonly plan: Plan;
}

export interface CompiledModel {
  readonly name: string;
  readonly file: SourceFile;
  readonly typed: TypedModel;
  /** With training. */
  readonly training: CompiledEntry;
  /** Predicts alone; made when asked for. */
  readonly inference: CompiledEntry;
  /** `training.plan`, and its CPU kernels as the text of an ES module. */
  readonly plan: Plan;
  readonly cpu: string;
  /** Those kernels for `load({ precision: 64 })`: nothing is rounded to single precision, as `cpu` rounds written numbers and what decides. */
  readonly cpuDouble: string;
}

/** Parses and analyses: all that can be said about the source. */
export function check(source: string, options: CompileOptions = {}): CheckResult {
  if (typeof source !== "string")
    throw new TypeError(`the source is the text of a .nn file, not ${String(source)}`);
  const file: SourceFile = { name: options.file ?? "model.nn", text: source };
  const parsed = parse(file);
  const analysed = analyze(parsed.file, {
    prelude: preludeFiles,
    readImport: options.readImport ?? (() => undefined),
    set: options.set ?? {},
    ...(options.model === undefined ? {} : { model: options.model }),
    ...(options.root === undefined ? {} : { root: options.root }),
  });
  const found = [
    ...parsed.diagnostics,
    ...analysed.diagnostics.filter(outside(parsed.diagnostics)),
  ];
  // What a mistake hides may be the output.
  const diagnostics = found.length > 0 ? found : analysed.models.flatMap(withoutOutput);
  return { models: analysed.models, diagnostics };
}

/** Whether a mistake stands on no line that was read otherwise than it is written: what is wrong with that may follow from it. */
function outside(read: readonly Diagnostic[]): (found: Diagnostic) => boolean {
  const lineOf = ({ file, span }: Diagnostic): string =>
    `${file.name} ${positionAt(lineTable(file), span.start).line}`;
  const lines = new Set(read.filter(({ severity }) => severity === "error").map(lineOf));
  return (found) => lines.size === 0 || !lines.has(lineOf(found));
}

/** The warning that nothing can be asked of a model; none, where something can. */
function withoutOutput({ name, place, inference }: TypedModel): Diagnostic[] {
  if (inference.outputs.length > 0) return [];
  return [
    diagnostic("NN0418", {
      ...place,
      severity: "warning",
      message: `${name} has no output: a net of it predicts nothing`,
      hint: "`output y = …` gives a value out, and `output z` one that has a name",
    }),
  ];
}

/** Models come without a plan where the source has errors: then `models` is empty. */
export function compile(source: string, options: CompileOptions = {}): CompileResult {
  const checked = check(source, options);
  if (hasErrors(checked.diagnostics)) return { models: [], diagnostics: checked.diagnostics };
  const diagnostics = [
    ...checked.diagnostics,
    ...checked.models.flatMap((typed) => loweringProblems(typed, options)),
  ];
  const models = checked.models
    .filter((typed) => loweringProblems(typed, options).length === 0)
    .map((typed) => compileModel(typed, options));
  return { models, diagnostics };
}

/** Why no code is generated for a model that is right: none, where it is. */
export function loweringProblems(
  typed: TypedModel,
  { stream = false }: Pick<CompileOptions, "stream"> = {},
): Diagnostic[] {
  return [...unkept(typed), ...(stream ? unstreamed(typed) : [])];
}

/** Why a model cannot take one step of time after the other. */
function unstreamed(typed: TypedModel): Diagnostic[] {
  const problem = streamProblem(createBuilder(), typed);
  if (problem === undefined) return [];
  const { origin, message, hint } = problem;
  const isHere = origin?.file === typed.place.file;
  return [
    diagnostic("NN0703", {
      ...(origin && isHere ? { file: origin.file, span: origin.span } : typed.place),
      message: `${typed.name} cannot be streamed: ${message}`,
      notes:
        origin && !isHere
          ? [`it stands in ${origin.path === "" ? origin.file.name : origin.path}`]
          : [],
      hint,
    }),
  ];
}

function compileModel(typed: TypedModel, options: CompileOptions): CompiledModel {
  const training = compileEntry(typed, "training", options);
  let inference: CompiledEntry | undefined;
  let cpu: string | undefined;
  let cpuDouble: string | undefined;
  return {
    name: typed.name,
    file: typed.place.file,
    typed,
    training,
    plan: training.plan,
    get inference() {
      return (inference ??= compileEntry(typed, "inference", { stream: options.stream ?? false }));
    },
    get cpu() {
      return (cpu ??= cpuModuleText(training.planned.kernels, "f32"));
    },
    get cpuDouble() {
      return (cpuDouble ??= cpuModuleText(training.planned.kernels, "f64"));
    },
  };
}

/** From a typed model to a plan. */
export function compileEntry(
  typed: TypedModel,
  entry: "inference" | "training",
  { recompute, stream = false }: Pick<CompileOptions, "recompute" | "stream"> = {},
): CompiledEntry {
  const estimates = trainedExtents(typed);
  const built = build(typed, { entry, estimates, stream });
  const storages = new Map(built.storages.map((storage) => [storage.name, storage]));
  const storage = (name: string): { elements: number; type: "f32" | "i32" | "u32" | "bool" } => {
    const found = storages.get(name);
    if (found === undefined) throw new Error(`storage ${name} is not declared`);
    return found;
  };
  const bytes = recompute === undefined ? undefined : recompute - lastingBytes(built, estimates);
  const settings = { estimates, storage, share: false, make: createNestMaker() };
  const ordered = built.programs.map((program) => {
    if (!stepKinds.includes(program.kind)) return schedule(program, settings);
    return scheduleWithin(program, { ...settings, ...(bytes === undefined ? {} : { bytes }) });
  });
  const mapped = mapInSteps(ordered, estimates);
  const { schedules } = mapped;
  const planned = planPrograms(planSources(built, mapped), {
    storages: built.storages.map(({ name }) => name),
    dimensions: typed.freeDimensions,
    describe: createDescriber(typed.place.file),
  });
  const plan = modelPlan({
    built,
    kernels: planKernels(planned),
    programs: planned.programs,
    entry,
    largestTemporary: Math.max(0, ...schedules.map((one) => largestSlot(one, estimates))),
  });
  return { built, schedules, planned, plan };
}

/** What storages, inputs and targets take. */
function lastingBytes({ storages, typed }: BuiltModel, extents: Extents): number {
  const given = typed.inputs.map(({ shape }) => evaluateDim(elementCount(shape), extents));
  const stored = storages.map(({ elements }) => elements);
  return elementBytes * [...given, ...stored].reduce((sum, elements) => sum + elements, 0);
}

/** Values of the whole set over data that batches do not give: the set has no one axis of examples to put them together along. */
function unkept(typed: TypedModel): Diagnostic[] {
  const fitted = typed.fitted.flatMap(({ parameter, value }) => {
    const place = typed.parameters.find(({ name }) => name === parameter)?.place;
    return place === undefined ? [] : [{ name: parameter, value, place, or: "" }];
  });
  const metrics = typed.inference.metrics
    .filter(({ value }) => value.shape.length === 0)
    .map((metric) => ({
      ...metric,
      or: `, or leave \`${metric.name}\` with its batch axis, so that it is averaged`,
    }));
  return [...fitted, ...metrics].flatMap(({ name, value, place, or }) => {
    const [input] = unkeptInputs(value);
    if (input?.op !== "input") return [];
    const data = inputOfLeaf(input.attributes.name);
    const declared = typed.inputs.find((one) => one.name === data)?.place;
    return [
      diagnostic("NN0702", {
        ...place,
        message: `\`${name}\` looks at the whole set, but \`${data}\` cannot be put together from batches`,
        labels:
          declared === undefined ? [] : [{ ...declared, text: `\`${data}\` is declared here` }],
        notes: [
          `\`${data}\` is ${shapeText(input.shape)}: examples of different batches are put end to end along one axis that is \`batch\``,
        ],
        hint: `give \`${data}\` one axis that is \`batch\`${or}`,
      }),
    ];
  });
}
