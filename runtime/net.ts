// An open session in; the net of the inference interface out: predict, read, write, restore, destroy.

import type {
  InferenceNet,
  LoadedWeights,
  LoadOptions,
  PredictOptions,
  TensorOutput,
} from "./api.js";
import type { Values } from "./backend.js";
import { countOf, namesIn, resolveDimensions } from "./dimensions.js";
import { at, checkChoice, checkNames, fail, unknownName } from "./errors.js";
import type { Beginning } from "./load.js";
import type { Plan, PlanParameter, PlanProgram } from "./plan.js";
import { readSafetensors } from "./safetensors.js";
import {
  checkOpen,
  checkSeed,
  inputsFor,
  makeRun,
  refuseMissing,
  reopen,
  type Session,
} from "./session.js";
import {
  bindInputs,
  givenNames,
  inputOf,
  isGpuBuffer,
  readTensor,
  type BoundInputs,
} from "./tensors.js";
import {
  applyWeights,
  checkedNumbers,
  compareWeights,
  outward,
  writeParameter,
} from "./weights.js";

/** Draws of `predict` without a seed take a key of their own, so that they leave training's alone. */
const predictKey = 0x5bd1e995;

/** The key of a net's draws: its seed, else that of its first stage. */
export function seedOf({ plan, options }: Session): number {
  return options.seed ?? plan.stages[0]?.seed ?? 0;
}

/** Fills the parameters from the weights given, and from the seed (or with zeros) what those may leave out. */
export async function loadParameters(
  session: Session,
  { weights, partial = false }: Parameters,
): Promise<LoadedWeights | undefined> {
  const { plan } = session;
  if (!weights || partial) await session.options.initialize?.(session, seedOf(session));
  if (!weights) return undefined;
  // Its bytes were found to be a file when they were given.
  const file = readSafetensors(weights);
  const loaded = compareWeights(plan.model, plan.parameters, file, partial);
  applyWeights(session, file, loaded.matched);
  return loaded;
}

type Parameters = Pick<Beginning<LoadOptions>, "weights" | "partial">;

export async function createNet(session: Session, beginning: Parameters): Promise<InferenceNet> {
  const { plan } = session;
  // Only a plan that trains carries what its parameters begin with; any other's hold zeros until all are written.
  const isTrainable = plan.programs.some(({ kind }) => kind === "init");
  const isSeeded = session.options.seed !== undefined;
  const missing = new Set(plan.parameters.map(({ name }) => name));
  session.filled = missing.size === 0 || (isTrainable && (isSeeded || !!beginning.weights));
  if (!isTrainable && !isSeeded && !beginning.weights) checkFilled(session, missing);
  const loaded = await loadParameters(session, beginning);
  const fill = (name: string): void => {
    missing.delete(name);
    session.filled ||= isTrainable || missing.size === 0;
  };
  if (!isTrainable) loaded?.matched.forEach(fill);
  const written = new Map<string, Values>();
  let draws = 0;
  return {
    get backend() {
      return session.backend.kind;
    },
    get machine() {
      return session.backend.machine;
    },
    get backendReason() {
      return session.reason;
    },
    get lost() {
      return session.backend.lost;
    },
    loaded,
    parameters: Object.fromEntries(
      plan.parameters.map(({ name, shape, role }) => [name, { shape, role }]),
    ),
    predict: ((inputs: object = {}, wishes: PredictOptions = {}) =>
      predict(session, { inputs, missing }, wishes, () => draws++)) as InferenceNet["predict"],
    read: async (name) => {
      const { storage, offset, shape, type } = parameterOf(session, name);
      const values = await session.backend.readRange(storage, offset, countOf(shape));
      return outward(values, type);
    },
    write: (name, values) =>
      new Promise((resolve) => {
        const parameter = parameterOf(session, name);
        const numbers = parameterValues(session, parameter, values);
        writeParameter(session, parameter, numbers);
        written.set(name, numbers);
        fill(name);
        resolve();
      }),
    restore: async (devices = {}) => {
      checkNames(devices, ["device", "adapter"]);
      await reopen(session, devices);
      await loadParameters(session, beginning);
      for (const [name, values] of written) {
        writeParameter(session, parameterOf(session, name), values);
      }
    },
    destroy: () => {
      if (session.destroyed) return;
      session.destroyed = true;
      session.backend.destroy();
    },
  };
}

/** Answers of a net that knows nothing look like answers. */
function checkFilled({ filled, plan }: Session, missing: ReadonlySet<string>): void {
  if (filled) return;
  const some = missing.size < plan.parameters.length ? ` for ${[...missing].join(", ")}` : "";
  fail(
    "weights",
    `${plan.model} has no weights${some}: load({ weights }) takes a safetensors file or its address; a net that trains takes { seed } too`,
  );
}

function parameterOf(session: Session, name: string): PlanParameter {
  checkOpen(session);
  const { parameters } = session.plan;
  const parameter = parameters.find((candidate) => candidate.name === name);
  return (
    parameter ??
    unknownName(
      "parameter",
      name,
      parameters.map((candidate) => candidate.name),
    )
  );
}

function parameterValues(session: Session, parameter: PlanParameter, value: unknown): Values {
  const { name, shape } = parameter;
  const { data, shape: given } = readTensor(name, value, shape.length !== 1);
  if (isGpuBuffer(data)) fail("option", `write takes numbers for ${name}, not a GPUBuffer`);
  resolveDimensions([{ name, declared: shape, shape: given, count: data.length }], {}, {});
  return checkedNumbers(session, parameter, data);
}

type Outputs = Record<string, TensorOutput | GPUBuffer>;

/** All that is the caller's is read, copied and submitted before the first `await`. */
async function predict(
  session: Session,
  { inputs, missing }: { readonly inputs: object; readonly missing: ReadonlySet<string> },
  wishes: PredictOptions,
  draw: () => number,
): Promise<Outputs> {
  checkOpen(session);
  checkFilled(session, missing);
  checkNames(wishes, ["outputs", "as", "batch", "dimensions", "seed"]);
  const { plan, backend } = session;
  const index = plan.programs.findIndex(({ kind }) => kind === "predict");
  if (index < 0) fail("option", `${plan.model} has no output`);
  const program = at(plan.programs, index);
  const outputs = wantedOutputs(plan, wishes.outputs);
  const wanted = outputs.map((name) => program.results.findIndex((result) => result.name === name));
  const { seed, as } = wishes;
  checkSeed(seed);
  checkChoice("as", as, "array", "gpu", undefined);
  const draws =
    seed === undefined ? { seed: (seedOf(session) ^ predictKey) >>> 0, counter: draw() } : { seed };
  const bound = bindForPredict(session, program, wanted, inputs, wishes);
  const run = makeRun(session, index, { ...bound, ...draws, wanted });
  const values: readonly (Values | GPUBuffer)[] =
    as === "gpu" ? await backend.readGpu(run) : await backend.read(run);
  return Object.fromEntries(
    values.map((value, position) => {
      const { name, type } = at(program.results, at(wanted, position));
      return [name, isGpuBuffer(value) ? value : outward(value, type)];
    }),
  );
}

/** The inputs that the wanted results need. Dimensions are never taken from training: what is given tells them all. */
function bindForPredict(
  { plan, backend }: Session,
  program: PlanProgram,
  wanted: readonly number[],
  inputs: object,
  { batch, dimensions: others }: PredictOptions,
): BoundInputs {
  const needed = inputsFor(program, wanted);
  const given = givenNames(plan, inputs);
  refuseMissing(plan, needed, new Set(given));
  const known = { ...others, ...(batch !== undefined && { batch }) };
  const unknown: Record<string, number> = {};
  for (const { name } of plan.dimensions) unknown[name] = NaN;
  const bound = bindInputs(plan, inputs, given, backend.precision, known, unknown, needed);
  const shapes = [
    ...needed.map((name) => inputOf(plan, name).shape),
    ...wanted
      .map((result) => at(program.results, result))
      .flatMap(({ shape, dimensions = [] }) => [shape, dimensions]),
  ];
  const dimensions: Record<string, number> = { ...bound.dimensions };
  for (const { name, trained } of plan.dimensions) {
    if (!Number.isNaN(dimensions[name])) continue;
    if (shapes.flat().flatMap(namesIn).includes(name)) {
      const wish = name === "batch" ? "batch: n" : `dimensions: { ${name}: n }`;
      fail("option", `no input tells ${name}: say it with { ${wish} }`);
    }
    // Outputs that are not wanted may have it.
    dimensions[name] = trained;
  }
  return { ...bound, dimensions };
}

function wantedOutputs(plan: Plan, wanted: readonly string[] | undefined): readonly string[] {
  const names = plan.outputs.map(({ name }) => name);
  if (!Array.isArray(wanted ?? [])) fail("option", "outputs is a list");
  for (const name of wanted ?? []) if (!names.includes(name)) unknownName("output", name, names);
  return wanted ?? names;
}
