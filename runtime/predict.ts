// An open session in; its `predict` out, which remembers what follows from the names and sizes that it is given.

import type { PredictOptions, TensorOutput } from "./api.js";
import type { Values } from "./backend.js";
import { namesIn, type Dimensions } from "./dimensions.js";
import { at, checkChoice, checkNames, fail, unknownName } from "./errors.js";
import { outputOf, predictOptions, resultNames } from "./members.js";
import type { Plan, PlanProgram } from "./plan.js";
import {
  checkOpen,
  checkSeed,
  inputsFor,
  refuseMissing,
  seedOf,
  settleRun,
  startRun,
  type Session,
  type SettledRun,
} from "./session.js";
import {
  boundAs,
  checkedInputs,
  dimensionsOf,
  givenNames,
  inputOf,
  isGpuBuffer,
  extentOf,
  readInput,
  type GivenTensor,
  type UsedInput,
} from "./tensors.js";
import { outward } from "./parameters.js";

/** Draws of `predict` without a seed take a key of their own, so that they leave training's alone. */
const predictKey = 0x5bd1e995;

/** Kinds of calls that are remembered. */
const mostPrepared = 64;

type Outputs = Record<string, TensorOutput | GPUBuffer>;

/** What all calls share that give tensors of the same names and sizes and want the same outputs. */
interface Prepared {
  readonly used: readonly UsedInput[];
  readonly run: SettledRun;
  /** In the order of the wanted results. */
  readonly outputs: readonly { readonly name: string; readonly type: string }[];
}

/** `missing` are the parameters that nobody has filled. All that is the caller's is read, copied and submitted before the first `await`. */
export function createPredictor(
  session: Session,
  missing: ReadonlySet<string>,
): (inputs?: object, wishes?: PredictOptions) => Promise<Outputs> {
  let counter = 0;
  let { backend } = session;
  const known = new Map<string, Prepared>();
  return async (inputs = {}, wishes = {}) => {
    checkOpen(session);
    checkFilled(session, missing);
    checkNames(wishes, predictOptions);
    const { seed, as } = wishes;
    checkSeed(seed);
    checkChoice("as", as, "array", "gpu", undefined);
    const { plan } = session;
    const tensors = givenNames(plan, inputs).map((name) => readInput(plan, name, inputs));
    // Runs are settled for a backend.
    if (backend !== session.backend || known.size >= mostPrepared) known.clear();
    ({ backend } = session);
    const key = keyOf(tensors, wishes);
    const prepared = known.get(key) ?? prepare(session, tensors, wishes);
    if (key) known.set(key, prepared);
    const run = startRun(prepared.run, {
      inputs: checkedInputs(tensors, prepared.used, backend.precision),
      seed: seed ?? (seedOf(session) ^ predictKey) >>> 0,
      counter: seed === undefined ? counter++ : 0,
    });
    const values: readonly (Values | GPUBuffer)[] =
      as === "gpu" ? await backend.readGpu(run) : await backend.read(run);
    const outputs: Outputs = {};
    values.forEach((value, position) => {
      const { name, type } = at(prepared.outputs, position);
      outputs[outputOf(name)] = isGpuBuffer(value) ? value : outward(value, type);
    });
    return outputs;
  };
}

/** Calls of one key have the same names and sizes; none where what is wished has to be looked at. */
function keyOf(
  tensors: readonly GivenTensor[],
  { outputs, batch, dimensions, members }: PredictOptions,
): string {
  if (dimensions ?? (members || typeof (batch ?? 0) !== "number")) return "";
  let key = `${batch} ${outputs && JSON.stringify(outputs)}`;
  for (const { name, data, shape } of tensors)
    key += ` ${name} ${shape?.join("×")} ${extentOf(data)}`;
  return key;
}

/** Answers of a net that knows nothing look like answers. */
export function checkFilled({ filled, plan }: Session, missing: ReadonlySet<string>): void {
  if (filled) return;
  fail(
    "weights",
    `${plan.model} has no weights${missing.size < plan.parameters.length ? ` for ${[...missing].join(", ")}` : ""}: load({ weights }) takes a safetensors file or its address; a net that trains takes { seed } too`,
  );
}

function prepare(
  session: Session,
  tensors: readonly GivenTensor[],
  wishes: PredictOptions,
): Prepared {
  const { plan } = session;
  const index = plan.programs.findIndex(({ kind }) => kind === "predict");
  if (index < 0) fail("option", `${plan.model} has no output`);
  const program = at(plan.programs, index);
  const wanted = resultNames(plan, wishes, wantedOutputs(plan, wishes.outputs)).map((name) =>
    program.results.findIndex((result) => result.name === name),
  );
  const needed = inputsFor(program, wanted);
  const given = new Set(tensors.map(({ name }) => name));
  refuseMissing(plan, needed, given);
  const dimensions = dimensionsFor(plan, program, { tensors, needed, wanted }, wishes);
  return {
    used: needed.filter((name) => given.has(name)).map((name) => boundAs(plan, name, dimensions)),
    run: settleRun(session, index, given, { dimensions, wanted }),
    outputs: wanted.map((result) => at(program.results, result)),
  };
}

interface Request {
  readonly tensors: readonly GivenTensor[];
  readonly needed: readonly string[];
  readonly wanted: readonly number[];
}

/** Dimensions are never taken from training: what is given tells them all. */
function dimensionsFor(
  plan: Plan,
  program: PlanProgram,
  { tensors, needed, wanted }: Request,
  { batch, dimensions: others }: PredictOptions,
): Dimensions {
  const known = { ...others, ...(batch !== undefined && { batch }) };
  const unknown: Record<string, number> = {};
  for (const { name } of plan.dimensions) unknown[name] = NaN;
  const dimensions: Record<string, number> = { ...dimensionsOf(plan, tensors, known, unknown) };
  const shapes = [
    ...needed.map((name) => inputOf(plan, name).shape),
    ...wanted
      .map((result) => at(program.results, result))
      .flatMap(({ shape, dimensions: more = [] }) => [shape, more]),
  ];
  for (const { name, trained } of plan.dimensions) {
    if (!Number.isNaN(dimensions[name])) continue;
    if (shapes.flat().flatMap(namesIn).includes(name)) {
      fail(
        "option",
        `no input tells ${name}: say it with { ${name === "batch" ? "batch: n" : `dimensions: { ${name}: n }`} }`,
      );
    }
    // Outputs that are not wanted may have it.
    dimensions[name] = trained;
  }
  return dimensions;
}

function wantedOutputs(plan: Plan, wanted: readonly string[] | undefined): readonly string[] {
  const names = plan.outputs.map(({ name }) => name);
  if (!Array.isArray(wanted ?? [])) fail("option", "outputs is a list");
  for (const name of wanted ?? []) if (!names.includes(name)) unknownName("output", name, names);
  return wanted ?? names;
}
