// In: a file; out: for each objective and parameter of its models how far central differences are from the derivative.
import { bindData } from "../data/bind.js";
import type { BoundData } from "../data/bind.js";
import type { TypedModel } from "../../compiler/types/model.js";
import type { InferenceNet, TrainingNet } from "../../runtime/api.js";
import type { Batch } from "../batches.js";
import type { GradcheckOptions } from "./options.js";
import { analyzeFile } from "../compiling.js";
import { toJson } from "../../grammar/render.js";
import { printDiagnostics } from "../diagnostics.js";
import { DiagnosticsFailure } from "../failure.js";
import type { CpuModule, Plan } from "../../runtime/plan.js";
import { readingOptions } from "../options.js";
import { importKernels } from "../session.js";
import { inputSpecs } from "../specs.js";
import type { Terminal } from "../terminal.js";
import { checkData, checkDimensions } from "./data.js";
import { nothingMeasured } from "./measure.js";
import type { Measured } from "./measure.js";
import { pointsOf, seed } from "./moves.js";
import type { Check, Point } from "./moves.js";
import { measureObjective } from "./share.js";
import { checkSizes } from "./sizes.js";
import { checkedModel } from "./objectives.js";
import type { CheckedModel, CheckedObjective } from "./objectives.js";

/** `unchecked`: nothing could be compared, for want of time or since rounding, kinks or infinities stood in the way. */
export type ParameterVerdict = "ok" | "wrong" | "unchecked" | "not finite";

export interface ParameterResult {
  readonly model: string;
  readonly objective: string;
  readonly name: string;
  /** Made along projections and single entries, so that there may be more than entries. */
  readonly comparisons: number;
  /** The largest relative error. */
  readonly error: number;
  /** Comparisons at which the objective has no derivative. */
  readonly kinks: number;
  /** Comparisons that told nothing: rounding hid the slope, or the objective was not finite beside the point. */
  readonly undecided: number;
  /** Entries whose derivative is infinite or NaN at the drawn point. */
  readonly infinite: number;
  /** Logarithms of negative numbers in the objective: their value is held there, and their derivative is not. */
  readonly outside: number;
  readonly verdict: ParameterVerdict;
  readonly ok: boolean;
}

export interface CheckResult {
  /** No derivative is wrong, every objective is finite at the drawn point, and something was compared. */
  readonly ok: boolean;
  readonly parameters: readonly ParameterResult[];
  /** Parameters that nothing was compared of. */
  readonly unchecked: readonly string[];
  /** Objectives that are NaN or infinite at the drawn point. */
  readonly notFinite: readonly string[];
}

/**
 * The comparisons of a file's models take this, one more or less; what was not reached is listed. Compiling and the
 * derivative at the drawn point come before, so that a busy machine leaves time to compare.
 */
const millisecondsPerFile = 20_000;

function verdictOf({ atBase, outside }: Point, { comparisons, wrong }: Measured): ParameterVerdict {
  if (!Number.isFinite(atBase)) return "not finite";
  if (wrong > 0) return outside > 0 ? "unchecked" : "wrong";
  return comparisons > 0 ? "ok" : "unchecked";
}

async function checkObjective(
  check: Check,
  objective: CheckedObjective,
  milliseconds: number,
): Promise<ParameterResult[]> {
  const points = await pointsOf(check, objective);
  const measured = await measureObjective(check, objective, points, milliseconds);
  return points.map((point, at) => {
    const one = measured[at] ?? nothingMeasured;
    const { comparisons, error, kinks, undecided } = one;
    const verdict = verdictOf(point, one);
    return {
      model: check.model,
      objective: objectiveName(objective),
      name: point.parameter.name,
      comparisons,
      error,
      kinks,
      undecided,
      infinite: Array.from(point.gradient).filter((slope) => !Number.isFinite(slope)).length,
      outside: point.outside,
      verdict,
      ok: verdict === "ok",
    };
  });
}

function objectiveName({ stage, name }: CheckedObjective): string {
  return stage === "" ? name : `${stage}.${name}`;
}

/** Values under `stop_gradient` are computed from the parameters as they are before anything is moved. */
async function heldInputs(net: InferenceNet, { held, objectives }: CheckedModel): Promise<Batch> {
  const shapes = new Map(
    objectives.flatMap(({ parameters }) => parameters.map(({ name, shape }) => [name, shape])),
  );
  const entries: [string, Batch[string]][] = [];
  for (const [parameter, input] of held) {
    const data = (await net.read(parameter)) as Float32Array<ArrayBuffer>;
    const shape = shapes.get(parameter) ?? net.parameters[parameter as never]?.shape ?? [];
    entries.push([input, { data, shape }]);
  }
  return Object.fromEntries(entries);
}

/** The model with double precision kernels, on the CPU. */
async function openDouble(
  typed: TypedModel,
): Promise<{ plan: Plan; open: () => Promise<TrainingNet> }> {
  const [{ compileEntry }, { cpuModuleText }, { load }] = await Promise.all([
    import("../../compiler/compile.js"),
    import("../../compiler/emit/plan.js"),
    import("../../runtime/index.js"),
  ]);
  const { plan, planned } = compileEntry(typed, "training");
  const cpu = (): Promise<CpuModule> => importKernels(cpuModuleText(planned.kernels, "f64"));
  return { plan, open: () => load(plan, { cpu, backend: "cpu", precision: 64, seed }) };
}

async function checkModel(
  typed: TypedModel,
  given: (
    specs: ReturnType<typeof inputSpecs>,
    firstRows: number | undefined,
  ) => Promise<BoundData>,
  milliseconds: number,
  say: (line: string) => void,
): Promise<CheckResult> {
  const checked = checkedModel(typed);
  say(`${typed.name}: compiling in double precision`);
  const { plan, open } = await openDouble(checked.typed);
  const held = new Set(checked.held.values());
  const needed = new Set(plan.outputs.flatMap(({ needs }) => needs));
  const specs = inputSpecs(plan, needed).filter(({ name }) => !held.has(name));
  const found = await given(specs, checkSizes(plan).batch);
  const sizes = checkSizes(plan, found.free);
  const data = checkData(plan, specs, found, sizes);
  const dimensions = checkDimensions(sizes, found);
  const net = await open();
  // Fitted values are held at what the drawn batch gives.
  if (typed.fitted.length > 0) await net.prepare(data);
  const batch = { ...data, ...(await heldInputs(net, checked)) };
  const parameters: ParameterResult[] = [];
  const check: Check = { model: typed.name, net, batch, dimensions };
  const share = milliseconds / checked.objectives.length;
  for (const objective of checked.objectives) {
    const count = objective.parameters.length;
    const seconds = Math.max(1, Math.round(share / 1000));
    say(
      `${typed.name}: comparing the derivative of ${objectiveName(objective)} by ${count} ${count === 1 ? "parameter" : "parameters"}, for ${seconds} s at most`,
    );
    parameters.push(...(await checkObjective(check, objective, share)));
  }
  net.destroy();
  return resultOf(parameters);
}

function resultOf(parameters: readonly ParameterResult[]): CheckResult {
  const bad = parameters.some(({ verdict }) => verdict === "wrong" || verdict === "not finite");
  const some = parameters.some(({ verdict }) => verdict === "ok");
  const named = (verdict: ParameterVerdict, nameOf: (one: ParameterResult) => string): string[] => [
    ...new Set(parameters.filter((one) => one.verdict === verdict).map(nameOf)),
  ];
  return {
    ok: !bad && some,
    parameters,
    unchecked: named("unchecked", ({ model, name }) => `${model} ${name}`),
    notFinite: named("not finite", ({ model, objective }) => `${model} ${objective}`),
  };
}

/** What is quickly done says nothing in a log: lines come once this has passed. */
const silentMilliseconds = 3000;

/** What is at work: in a terminal's line, elsewhere as notes once it takes long. */
function patientProgress(terminal: Terminal): {
  readonly say: (line: string) => void;
  readonly end: () => void;
} {
  if (terminal.live) return { say: terminal.update, end: () => undefined };
  let waiting: string | undefined;
  let isLong = false;
  const timer = setTimeout(() => {
    isLong = true;
    if (waiting !== undefined) terminal.note(waiting);
  }, silentMilliseconds);
  const say = (line: string): void => {
    waiting = line;
    if (isLong) terminal.note(line);
  };
  return {
    say,
    end: () => {
      clearTimeout(timer);
    },
  };
}

export async function checkGradients(
  file: string,
  options: GradcheckOptions,
  terminal: Terminal,
): Promise<CheckResult> {
  const models = await analyzeFile(file, options, terminal);
  const given = (
    specs: ReturnType<typeof inputSpecs>,
    firstRows: number | undefined,
  ): Promise<BoundData> =>
    bindData(
      specs.map((spec) => ({ ...spec, optional: true })),
      options.data,
      { ...(firstRows === undefined ? {} : { firstRows }), ...readingOptions(options) },
    );
  const results: CheckResult[] = [];
  const { loweringProblems } = await import("../../compiler/compile.js");
  const problems = models.flatMap((typed) => loweringProblems(typed));
  if (problems.length > 0) {
    await printDiagnostics(problems, terminal);
    throw new DiagnosticsFailure(problems.map(toJson));
  }
  const progress = patientProgress(terminal);
  try {
    for (const typed of models)
      results.push(
        await checkModel(typed, given, millisecondsPerFile / models.length, progress.say),
      );
  } finally {
    progress.end();
  }
  return resultOf(results.flatMap(({ parameters }) => parameters));
}
