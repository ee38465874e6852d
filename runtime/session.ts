// A plan and options in; an open backend with its storages at their first values, and runs of its programs, out.

import {
  isServed,
  type Backend,
  type ProgramRun,
  type TrainingBackend,
  type GivenInput,
} from "./backend.js";
import { openBackend, type BackendOptions, type OpenBackend } from "./backendChoice.js";
import { evaluateDim, isSize, namesIn, type Dimensions } from "./dimensions.js";
import { at, fail, inWords } from "./errors.js";
import type { EvaluateHost, HostScalars } from "./host.js";
import type { Plan, PlanDim, PlanProgram } from "./plan.js";

export interface SessionOptions<B extends Backend = Backend> extends BackendOptions<B> {
  /** Absent where no program has host values. */
  readonly evaluateHost?: EvaluateHost | undefined;
  /** Gives parameters their first values; absent where the plan carries no initializers. */
  readonly initialize?: ((session: Session, seed: number) => Promise<void>) | undefined;
  /** Programs that are wanted first, whose kernels are compiled before all else; all of them, unless said. */
  readonly first?: readonly number[] | undefined;
  readonly seed?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** An open model; `reopen` replaces the backend. */
export interface Session<B extends Backend = Backend> {
  readonly plan: Plan;
  readonly options: SessionOptions<B>;
  backend: B;
  reason: string;
  destroyed: boolean;
  /** Whether the parameters are anyone's choice: loaded, written, trained, or drawn from a seed that was given. */
  filled: boolean;
  /** Steps of streams that wait for those before them. */
  streaming?: number;
}

export type TrainingSession = Session<TrainingBackend>;

export async function openSession<B extends Backend>(
  plan: Plan,
  options: SessionOptions<B>,
): Promise<Session<B>> {
  checkSeed(options.seed);
  const opened = await openStarted(plan, options);
  return { plan, options, ...opened, destroyed: false, filled: false };
}

/** Generators of random numbers take 32 bits: of more, others would be cut off, and another seed's draws given. */
export function checkSeed(seed = 0): void {
  if (!isSize(seed) || seed >= 2 ** 32)
    fail("option", `seed is ${seedRange}, not ${inWords(seed)}`);
}

export const seedRange = "a whole number from 0 to 4294967295";

/** A backend ready for runs. An error of the app's own is no reason to take another one. */
export async function openStarted<B extends Backend>(
  plan: Plan,
  options: SessionOptions<B>,
): Promise<OpenBackend<B>> {
  const errors: unknown[] = [];
  const onProgress: SessionOptions["onProgress"] = (done, total) => {
    try {
      options.onProgress?.(done, total);
    } catch (error) {
      errors.push(error);
    }
  };
  const opened = await openBackend(plan, options, async (backend) => {
    await backend.prepare(options.first ?? [...plan.programs.keys()], onProgress);
    // New buffers hold zeros.
    const filled = plan.storages.flatMap(({ initial, values }, index) =>
      initial || values ? [index] : [],
    );
    resetStorages(plan, backend, filled);
  });
  if (errors.length === 0) return opened;
  opened.backend.destroy();
  throw errors[0];
}

/** Storages take their first values; parameters are left to `init` and weights. */
export function resetStorages(plan: Plan, backend: Backend, storages: readonly number[]): void {
  for (const index of storages) {
    const { kind, elements, initial = 0, values } = at(plan.storages, index);
    if (kind === "parameters") continue;
    backend.writeRange(index, 0, values ?? new Float64Array(elements).fill(initial));
  }
}

/** The key of a net's draws: its seed, else that of its first stage. */
export function seedOf({ plan, options }: Session): number {
  return options.seed ?? plan.stages[0]?.seed ?? 0;
}

export function checkOpen(session: Session): void {
  if (session.destroyed) fail("destroyed", "this net was destroyed");
}

/** What a run needs besides its program. */
export interface RunRequest {
  readonly dimensions: Dimensions;
  readonly inputs?: ReadonlyMap<string, GivenInput>;
  readonly scalars?: HostScalars;
  readonly seed?: number;
  readonly counter?: number;
  readonly wanted?: readonly number[];
  readonly journal?: ProgramRun["journal"];
}

/** Inputs that the dispatches behind these results read; all of the program's without a list. */
export function inputsFor(program: PlanProgram, wanted?: readonly number[]): readonly string[] {
  if (!wanted) return program.inputs;
  const read = program.dispatches
    .filter(({ serves }) => isServed(serves, wanted))
    .flatMap(({ buffers }) => buffers);
  const given = wanted.map((result) => at(program.results, result).buffer);
  const names = [...read, ...given].flatMap((buffer) =>
    buffer.kind === "input" ? [buffer.input] : [],
  );
  return [...new Set(names)];
}

/** The program that draws an input; −1 where its data must be given. */
export function findDraw(plan: Plan, input: string): number {
  return plan.programs.findIndex(
    ({ kind, results }) => kind === "draw" && results[0]?.name === input,
  );
}

/** What a run of a program is at these sizes, whatever its numbers: callers may keep it. */
export interface SettledRun extends Pick<ProgramRun, "program" | "dimensions" | "wanted"> {
  readonly words: Uint32Array;
  readonly floats: Float32Array | Float64Array;
  /** Where a run's seed and counter stand. */
  readonly seeds: readonly (readonly [index: number, kind: "seed" | "counter"])[];
  readonly draws: readonly { readonly input: string; readonly run: SettledRun }[];
}

type SettledRequest = Pick<RunRequest, "dimensions" | "scalars" | "wanted">;

/**
 * Fills in the uniform words, and finds what draws the inputs that are not `given`.
 * Throws NnError "name" where one is missing that nothing draws.
 */
export function settleRun(
  session: Session,
  program: number,
  given: { has(name: string): boolean },
  { dimensions, scalars = {}, wanted }: SettledRequest,
): SettledRun {
  checkOpen(session);
  const { plan, backend, options } = session;
  const planned = at(plan.programs, program);
  checkBounds(planned, dimensions, wanted);
  const words = new Uint32Array(Math.ceil(planned.uniforms.length / 4) * 4);
  const { precision } = backend;
  const floats = precision === 64 ? new Float64Array(words.length) : new Float32Array(words.buffer);
  const seeds: [number, "seed" | "counter"][] = [];
  planned.uniforms.forEach((uniform, index) => {
    if (uniform.kind === "host") {
      floats[index] = options.evaluateHost?.(uniform.value, dimensions, scalars, precision) ?? NaN;
    } else if (uniform.kind === "dim") words[index] = evaluateDim(uniform.value, dimensions);
    else seeds.push([index, uniform.kind]);
  });
  const absent = inputsFor(planned, wanted).filter((name) => !given.has(name));
  refuseMissing(plan, absent, given);
  const draws = absent.map((input) => ({
    input,
    run: settleRun(session, findDraw(plan, input), new Set(), { dimensions }),
  }));
  return { program, dimensions, words, floats, seeds, draws, ...(wanted && { wanted }) };
}

type Started = Pick<RunRequest, "inputs" | "seed" | "counter" | "journal">;

/** A run; where no word differs among runs, they all have the words of what is settled. */
export function startRun(
  settled: SettledRun,
  { inputs = new Map(), seed = 0, counter = 0, journal }: Started,
): ProgramRun {
  const { program, dimensions, wanted, seeds } = settled;
  let { words, floats } = settled;
  if (seeds.length > 0) {
    words = words.slice();
    if (floats instanceof Float32Array) floats = new Float32Array(words.buffer);
    for (const [index, kind] of seeds) words[index] = kind === "seed" ? seed : counter;
  }
  const draws = settled.draws.map(({ input, run }) => ({
    input,
    run: startRun(run, { seed, counter }),
  }));
  const chosen = { ...(wanted && { wanted }), ...(journal && { journal }) };
  return { program, dimensions, words, floats, inputs, draws, ...chosen };
}

/** The run of a program, settled and started. */
export function makeRun(session: Session, program: number, request: RunRequest): ProgramRun {
  const given = request.inputs ?? new Map<string, GivenInput>();
  return startRun(settleRun(session, program, given, request), request);
}

/** Throws NnError "shape" where a live dimension is too small, or too large, for these results (all, without a list). */
export function checkBounds(
  { bounds = [] }: PlanProgram,
  dimensions: Dimensions,
  wanted?: readonly number[],
): void {
  for (const { value, text, serves } of bounds) {
    if (evaluateDim(value, dimensions) >= 0 || !isServed(serves, wanted)) continue;
    fail("shape", `${liveText(value, dimensions)}: ${text}`);
  }
}

function liveText(value: PlanDim, dimensions: Dimensions): string {
  const live = [...new Set(namesIn(value))].map((name) => `${name} is ${dimensions[name]}`);
  return live.join(", ");
}

/** Throws NnError "name" where a wanted input is neither given nor drawn. */
export function refuseMissing(
  plan: Plan,
  wanted: readonly string[],
  given: { has(name: string): boolean },
): void {
  const missing = wanted.filter((name) => !given.has(name) && findDraw(plan, name) < 0);
  if (missing.length === 0) return;
  fail("name", `${plan.model} needs ${missing.map((name) => `"${name}"`).join(", ")} too`);
}
