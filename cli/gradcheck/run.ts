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
import { batchSize, checkData, checkDimensions } from "./data.js";
import {
  addComparison,
  compareAlong,
  directionsFor,
  nothingMeasured,
  randomSource,
  slopeAlong,
} from "./measure.js";
import type { Comparison, Direction, Line, Measured } from "./measure.js";
import { checkedModel } from "./objectives.js";
import type { CheckedModel, CheckedObjective, CheckedParameter } from "./objectives.js";

/** `unchecked`: nothing could be compared, for want of time or since rounding, kinks or infinities stood in the way. */
export type ParameterVerdict = "ok" | "wrong" | "unchecked" | "not finite";

export interface ParameterResult {
  readonly model: string;
  readonly objective: string;
  readonly name: string;
  /** Comparisons made: projections and single entries. */
  readonly entries: number;
  /** The largest relative error. */
  readonly error: number;
  /** Comparisons at which the objective has no derivative. */
  readonly kinks: number;
  /** Comparisons that told nothing: rounding hid the slope, or the objective was not finite beside the point. */
  readonly undecided: number;
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

/** The models of a file are checked within this, one evaluation more or less; what is left is listed. */
const millisecondsPerFile = 24_000;
const seed = 0;

interface Check {
  readonly model: string;
  readonly net: InferenceNet;
  readonly batch: Batch;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly outOfTime: () => boolean;
}

async function output(check: Check, names: readonly string[]): Promise<readonly Float64Array[]> {
  const { net, batch, dimensions } = check;
  const result = await net.predict(batch, { outputs: names, dimensions, seed });
  const values = result as Readonly<Record<string, Float64Array>>;
  return names.map((name) => values[name] ?? new Float64Array(0));
}

/** A parameter at a point: its values there, and the derivative of the objective. */
interface Point {
  readonly parameter: CheckedParameter;
  readonly base: Float64Array;
  readonly gradient: ArrayLike<number>;
  readonly atBase: number;
}

function write(
  { net }: Check,
  { name, shape }: CheckedParameter,
  data: Float64Array,
): Promise<void> {
  return net.write(name, { data, shape });
}

async function pointsOf(
  check: Check,
  { value, parameters }: CheckedObjective,
): Promise<readonly Point[]> {
  const outputs = [value, ...parameters.map(({ gradient }) => gradient)];
  const [atBase, ...gradients] = await output(check, outputs);
  const points: Point[] = [];
  for (const [at, parameter] of parameters.entries())
    points.push({
      parameter,
      base: Float64Array.from(await check.net.read(parameter.name as never)),
      gradient: gradients[at] ?? [],
      atBase: atBase?.[0] ?? NaN,
    });
  return points;
}

/** A direction through the values of one or several parameters. */
interface Move {
  readonly point: Point;
  readonly direction: Direction;
}

function moved({ point, direction }: Move, step: number): Float64Array {
  const values = point.base.slice();
  for (const [index, weight] of direction.entries)
    values[index] = (values[index] ?? 0) + step * weight;
  return values;
}

/** Leaves the parameters where the last step moved them. */
function lineOf(check: Check, objective: CheckedObjective, moves: readonly Move[]): Line {
  const largest = moves.reduce(
    (most, { point, direction }) =>
      direction.entries.reduce(
        (top, [place]) => Math.max(top, Math.abs(point.base[place] ?? 0)),
        most,
      ),
    0,
  );
  return {
    scale: largest || 1,
    atBase: moves[0]?.point.atBase ?? NaN,
    slope: moves.reduce(
      (sum, { point, direction }) => sum + slopeAlong(direction, point.gradient),
      0,
    ),
    value: async (step) => {
      for (const move of moves) await write(check, move.point.parameter, moved(move, step));
      const [found] = await output(check, [objective.value]);
      return found?.[0] ?? NaN;
    },
  };
}

/** Compares along all moves at once, and puts the parameters back. */
async function compareMoves(
  check: Check,
  objective: CheckedObjective,
  moves: readonly Move[],
): Promise<Comparison | undefined> {
  try {
    return await compareAlong(lineOf(check, objective, moves), check.outOfTime);
  } finally {
    for (const { point } of moves) await write(check, point.parameter, point.base);
  }
}

/**
 * A wrong verdict wants a second opinion at a point nearby: at weights of 0, say, kinks that turn opposite ways may
 * cancel in the differences.
 */
async function secondOpinion(
  check: Check,
  objective: CheckedObjective,
  { point, direction }: Move,
): Promise<Comparison | undefined> {
  const { normal } = randomSource(direction.entries[0]?.[0] ?? 0);
  const mean = point.base.reduce((sum, value) => sum + Math.abs(value), 0) / point.base.length;
  const base = point.base.map((value) => value + 0.01 * normal() * (Math.abs(value) + mean + 0.01));
  await write(check, point.parameter, base);
  try {
    const [atBase, gradient] = await output(check, [objective.value, point.parameter.gradient]);
    const there: Point = { ...point, base, gradient: gradient ?? [], atBase: atBase?.[0] ?? NaN };
    return await compareMoves(check, objective, [{ point: there, direction }]);
  } finally {
    await write(check, point.parameter, point.base);
  }
}

async function compareMove(
  check: Check,
  objective: CheckedObjective,
  move: Move,
): Promise<Comparison | undefined> {
  const first = await compareMoves(check, objective, [move]);
  if (first?.verdict !== "wrong") return first;
  const second = await secondOpinion(check, objective, move);
  return second === undefined || second.verdict === "wrong"
    ? first
    : { ...second, verdict: "kink" };
}

/**
 * A direction of every parameter before the second of any, so that the time is shared. Before all others comes one along
 * which all move at once, each by as much as changes the objective alike: it alone tells of a model too large for more.
 */
async function measureObjective(
  check: Check,
  objective: CheckedObjective,
): Promise<{ readonly points: readonly Point[]; readonly measured: readonly Measured[] }> {
  const points = await pointsOf(check, objective);
  const measured = points.map(() => nothingMeasured);
  if (!Number.isFinite(points[0]?.atBase ?? 0)) return { points, measured };
  const directions = points.map(({ base }, at) => directionsFor(base.length, at));
  const together = points.map((point, at): Move => {
    const first = directions[at]?.[0] ?? { entries: [] };
    const slope = Math.abs(slopeAlong(first, point.gradient));
    const share = Number.isFinite(slope) ? 1 / Math.max(slope, 1e-3) : 1;
    const entries = first.entries.map(([index, weight]) => [index, weight * share] as const);
    return { point, direction: { entries } };
  });
  const all = points.length > 1 ? await compareMoves(check, objective, together) : undefined;
  const agreed = all?.verdict === "right" ? all : undefined;
  const rounds = Math.max(0, ...directions.map((list) => list.length));
  for (let round = 0; round < rounds; round++)
    for (const [at, point] of points.entries()) {
      const direction = directions[at]?.[round];
      if (direction === undefined || check.outOfTime()) continue;
      const comparison = await compareMove(check, objective, { point, direction });
      if (comparison !== undefined)
        measured[at] = addComparison(measured[at] ?? nothingMeasured, comparison);
    }
  return {
    points,
    measured: measured.map((one) =>
      agreed !== undefined && one.entries + one.kinks + one.undecided === 0
        ? addComparison(one, agreed)
        : one,
    ),
  };
}

function verdictOf({ atBase }: Point, { entries, wrong }: Measured): ParameterVerdict {
  if (!Number.isFinite(atBase)) return "not finite";
  if (wrong > 0) return "wrong";
  return entries > 0 ? "ok" : "unchecked";
}

async function checkObjective(
  check: Check,
  objective: CheckedObjective,
): Promise<ParameterResult[]> {
  const { points, measured } = await measureObjective(check, objective);
  return points.map((point, at) => {
    const one = measured[at] ?? nothingMeasured;
    const { entries, error, kinks, undecided } = one;
    const verdict = verdictOf(point, one);
    return {
      model: check.model,
      objective: objectiveName(objective),
      name: point.parameter.name,
      entries,
      error,
      kinks,
      undecided,
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
  given: (specs: ReturnType<typeof inputSpecs>) => Promise<BoundData>,
  deadline: number,
): Promise<CheckResult> {
  const checked = checkedModel(typed);
  const { plan, open } = await openDouble(checked.typed);
  const held = new Set(checked.held.values());
  const needed = new Set(plan.outputs.flatMap(({ needs }) => needs));
  const specs = inputSpecs(plan, needed).filter(({ name }) => !held.has(name));
  const found = await given(specs);
  const data = checkData(specs, found);
  const dimensions = checkDimensions(plan, found);
  const net = await open();
  // Fitted values are held at what the drawn batch gives.
  if (typed.fitted.length > 0) await net.prepare(data);
  const batch = { ...data, ...(await heldInputs(net, checked)) };
  const parameters: ParameterResult[] = [];
  for (const [at, objective] of checked.objectives.entries()) {
    const now = performance.now();
    const end = now + (deadline - now) / (checked.objectives.length - at);
    const outOfTime = (): boolean => performance.now() > end;
    const check: Check = { model: typed.name, net, batch, dimensions, outOfTime };
    parameters.push(...(await checkObjective(check, objective)));
  }
  net.destroy();
  return resultOf(parameters);
}

function resultOf(parameters: readonly ParameterResult[]): CheckResult {
  const bad = parameters.some(({ verdict }) => verdict === "wrong" || verdict === "not finite");
  const some = parameters.some(({ entries }) => entries > 0);
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

export async function checkGradients(
  file: string,
  options: GradcheckOptions,
  terminal: Terminal,
): Promise<CheckResult> {
  const started = performance.now();
  const models = await analyzeFile(file, options, terminal);
  const given = (specs: ReturnType<typeof inputSpecs>): Promise<BoundData> =>
    bindData(
      specs.map((spec) => ({ ...spec, optional: true })),
      options.data,
      { firstRows: batchSize, ...readingOptions(options) },
    );
  const results: CheckResult[] = [];
  const { loweringProblems } = await import("../../compiler/compile.js");
  const problems = models.flatMap((typed) => loweringProblems(typed));
  if (problems.length > 0) {
    await printDiagnostics(problems, terminal);
    throw new DiagnosticsFailure(problems.map(toJson));
  }
  for (const [at, typed] of models.entries()) {
    const deadline = started + (millisecondsPerFile * (at + 1)) / models.length;
    results.push(await checkModel(typed, given, deadline));
  }
  return resultOf(results.flatMap(({ parameters }) => parameters));
}
