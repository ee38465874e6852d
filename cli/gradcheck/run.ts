// In: a file; out: for each objective and parameter of its models how far central differences are from the derivative.
import { bindData } from "../data/bind.js";
import type { BoundData } from "../data/bind.js";
import type { TypedModel } from "../../compiler/types/model.js";
import type { InferenceNet } from "../../runtime/api.js";
import type { Batch } from "../batches.js";
import type { GradcheckOptions } from "../commands/gradcheck.js";
import { analyzeFile } from "../compiling.js";
import type { CpuModule, Plan } from "../../runtime/plan.js";
import { readingOptions } from "../options.js";
import { importKernels } from "../session.js";
import { readNnFile } from "../sources.js";
import { inputSpecs } from "../specs.js";
import type { Terminal } from "../terminal.js";
import { checkData, checkDimensions } from "./data.js";
import { directionsFor, errorLimit, measure } from "./measure.js";
import type { Measured, Probe } from "./measure.js";
import { checkedModel } from "./objectives.js";
import type { CheckedModel, CheckedObjective, CheckedParameter } from "./objectives.js";

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
  readonly ok: boolean;
}

export interface CheckResult {
  readonly ok: boolean;
  readonly parameters: readonly ParameterResult[];
  /** Parameters that the time did not suffice for. */
  readonly unchecked: readonly string[];
}

/** The models of a file are checked within this, one evaluation more or less; what is left is listed. */
const millisecondsPerFile = 24_000;
const seed = 0;

interface Check {
  readonly model: string;
  readonly net: InferenceNet;
  readonly batch: Batch;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly deadline: number;
}

async function output(check: Check, names: readonly string[]): Promise<readonly Float64Array[]> {
  const { net, batch, dimensions } = check;
  const result = await net.predict(batch, { outputs: names, dimensions, seed });
  const values = result as Readonly<Record<string, Float64Array>>;
  return names.map((name) => values[name] ?? new Float64Array(0));
}

/** The parameter's values are put back after every evaluation. */
async function probeOf(
  check: Check,
  objective: CheckedObjective,
  parameter: CheckedParameter,
): Promise<Probe> {
  const { net } = check;
  const [atBase, gradient] = await output(check, [objective.value, parameter.gradient]);
  const base = Float64Array.from(await net.read(parameter.name as never));
  const write = (data: Float64Array): Promise<void> =>
    net.write(parameter.name, { data, shape: parameter.shape });
  return {
    base,
    atBase: atBase?.[0] ?? NaN,
    gradient: gradient ?? [],
    value: async (values) => {
      await write(values);
      const [found] = await output(check, [objective.value]);
      await write(base);
      return found?.[0] ?? NaN;
    },
  };
}

async function measureParameter(
  check: Check,
  objective: CheckedObjective,
  parameter: CheckedParameter,
  place: number,
  outOfTime: () => boolean,
): Promise<Measured> {
  const probe = await probeOf(check, objective, parameter);
  return measure(probe, directionsFor(probe.base.length, place), outOfTime);
}

async function checkParameter(
  check: Check,
  objective: CheckedObjective,
  parameter: CheckedParameter,
  place: number,
): Promise<ParameterResult> {
  const outOfTime = (): boolean => performance.now() > check.deadline;
  const { entries, error, kinks } = outOfTime()
    ? { entries: 0, error: 0, kinks: 0 }
    : await measureParameter(check, objective, parameter, place, outOfTime);
  return {
    model: check.model,
    objective: objective.stage === "" ? objective.name : `${objective.stage}.${objective.name}`,
    name: parameter.name,
    entries,
    error,
    kinks,
    ok: error <= errorLimit,
  };
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
  file: string,
): Promise<{ plan: Plan; open: () => Promise<InferenceNet> }> {
  const [{ compileEntry }, { cpuModuleText }, { load }] = await Promise.all([
    import("../../compiler/compile.js"),
    import("../../compiler/emit/plan.js"),
    import("../../runtime/index.js"),
  ]);
  const { plan, planned } = compileEntry(typed, { name: file, text: readNnFile(file) }, "training");
  const cpu = (): Promise<CpuModule> => importKernels(cpuModuleText(planned.kernels, "f64"));
  return { plan, open: () => load(plan, { cpu, backend: "cpu", precision: 64, seed }) };
}

async function checkModel(
  typed: TypedModel,
  file: string,
  given: (specs: ReturnType<typeof inputSpecs>) => Promise<BoundData>,
  deadline: number,
): Promise<CheckResult> {
  const checked = checkedModel(typed);
  const { plan, open } = await openDouble(checked.typed, file);
  const held = new Set(checked.held.values());
  const needed = new Set(plan.outputs.flatMap(({ needs }) => needs));
  const specs = inputSpecs(plan, needed).filter(({ name }) => !held.has(name));
  const found = await given(specs);
  const data = checkData(specs, found);
  const dimensions = checkDimensions(plan, found);
  const net = await open();
  const batch = { ...data, ...(await heldInputs(net, checked)) };
  const check: Check = { model: typed.name, net, batch, dimensions, deadline };
  const parameters: ParameterResult[] = [];
  for (const objective of checked.objectives)
    for (const [place, parameter] of objective.parameters.entries())
      parameters.push(await checkParameter(check, objective, parameter, place));
  net.destroy();
  return {
    ok: parameters.every(({ ok }) => ok),
    parameters: parameters.filter(({ entries, kinks }) => entries + kinks > 0),
    unchecked: parameters
      .filter(({ entries, kinks }) => entries + kinks === 0)
      .map(({ name }) => `${typed.name} ${name}`),
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
      readingOptions(options),
    );
  const results: CheckResult[] = [];
  for (const [at, typed] of models.entries()) {
    const deadline = started + (millisecondsPerFile * (at + 1)) / models.length;
    results.push(await checkModel(typed, file, given, deadline));
  }
  return {
    ok: results.every(({ ok }) => ok),
    parameters: results.flatMap(({ parameters }) => parameters),
    unchecked: results.flatMap(({ unchecked }) => unchecked),
  };
}
