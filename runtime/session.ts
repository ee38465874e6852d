// A plan and options in; an open backend with its storages at their first values, and runs of its programs, out.

import type { Backend, ProgramRun, Values } from "./backend.js";
import { openBackend, type BackendOptions } from "./backendChoice.js";
import { evaluateDim, type Dimensions } from "./dimensions.js";
import { at, fail, NnError } from "./errors.js";
import { evaluateHost, type HostScalars } from "./host.js";
import { PLAN_FORMAT, type Plan, type PlanProgram } from "./plan.js";

export interface SessionOptions extends BackendOptions {
  readonly seed?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** An open model; `reopen` replaces the backend. */
export interface Session {
  readonly plan: Plan;
  readonly options: SessionOptions;
  backend: Backend;
  reason: string;
  destroyed: boolean;
}

export async function openSession(plan: Plan, options: SessionOptions): Promise<Session> {
  if (plan.format !== PLAN_FORMAT) {
    fail("option", `this plan has format ${plan.format}, this runtime reads ${PLAN_FORMAT}`);
  }
  const { seed = 0 } = options;
  if (!Number.isSafeInteger(seed)) fail("option", `a seed is a whole number, not ${seed}`);
  const session: Session = {
    plan,
    options,
    ...(await openBackend(plan, options)),
    destroyed: false,
  };
  await startSession(session);
  return session;
}

/** A new backend in place of a lost one, on the same kind of device. */
export async function reopen(
  session: Session,
  { device, adapter }: Pick<BackendOptions, "device" | "adapter">,
): Promise<void> {
  checkOpen(session);
  const { kind } = session.backend;
  session.backend.destroy();
  const options = { ...session.options, backend: kind, device, adapter };
  Object.assign(session, await openBackend(session.plan, options));
  await startSession(session);
}

async function startSession({ plan, backend, options }: Session): Promise<void> {
  try {
    await backend.prepare([...plan.programs.keys()], options.onProgress);
    resetStorages(plan, backend, [...plan.storages.keys()]);
    await backend.ready();
  } catch (error) {
    backend.destroy();
    throw error;
  }
}

/** Storages with an initial value take it, accumulators 0; parameters are left to `init` and weights. */
export function resetStorages(plan: Plan, backend: Backend, storages: readonly number[]): void {
  for (const index of storages) {
    const { kind, elements, initial = 0 } = at(plan.storages, index);
    if (kind === "parameters") continue;
    backend.writeRange(index, 0, new Float32Array(elements).fill(initial));
  }
}

export function checkOpen(session: Session): void {
  if (session.destroyed) fail("destroyed", "this net was destroyed");
}

/** What a run needs besides its program. */
export interface RunRequest {
  readonly dimensions: Dimensions;
  readonly inputs?: ReadonlyMap<string, Values | GPUBuffer>;
  readonly scalars?: HostScalars;
  readonly seed?: number;
  readonly counter?: number;
  readonly wanted?: readonly number[];
  readonly journal?: ProgramRun["journal"];
}

/** The run of a program with its uniform words filled in. */
export function makeRun(session: Session, program: number, request: RunRequest): ProgramRun {
  checkOpen(session);
  const { plan, backend } = session;
  const { uniforms } = at(plan.programs, program);
  const { dimensions, inputs = new Map(), scalars = {}, seed = 0, counter = 0 } = request;
  const words = new Uint32Array(Math.ceil(uniforms.length / 4) * 4);
  const floats =
    backend.precision === 64 ? new Float64Array(words.length) : new Float32Array(words.buffer);
  uniforms.forEach((uniform, index) => {
    if (uniform.kind === "host") floats[index] = evaluateHost(uniform.value, dimensions, scalars);
    else if (uniform.kind === "dim") words[index] = evaluateDim(uniform.value, dimensions);
    else words[index] = { seed, counter, member: 0 }[uniform.kind];
  });
  const { wanted, journal } = request;
  return {
    program,
    dimensions,
    words,
    floats,
    inputs,
    ...(wanted && { wanted }),
    ...(journal && { journal }),
  };
}

/**
 * Of the programs that match, the one that uses most of the given inputs: a drawn input may have a
 * program in which it is given and one in which it is drawn. Says which inputs are missing.
 */
export function chooseProgram(
  plan: Plan,
  matches: (program: PlanProgram) => boolean,
  given: readonly string[],
  what: string,
): number {
  const candidates = [...plan.programs.entries()].filter(([, program]) => matches(program));
  if (candidates.length === 0) fail("option", `${plan.model} has nothing to ${what}`);
  let best: number | undefined;
  let fewest: readonly string[] | undefined;
  let most = -1;
  for (const [index, { inputs }] of candidates) {
    const missing = inputs.filter((name) => !given.includes(name));
    if (!fewest || missing.length < fewest.length) fewest = missing;
    if (missing.length > 0 || inputs.length <= most) continue;
    most = inputs.length;
    best = index;
  }
  if (best !== undefined) return best;
  const names = (fewest ?? []).map((name) => `"${name}"`).join(", ");
  fail("name", `to ${what}, ${plan.model} needs ${names} too`, { missing: fewest });
}

/** Runs the programs that draw the first weights. */
export function initialize(session: Session, seed: number): void {
  const { plan, backend } = session;
  plan.programs.forEach(({ kind }, index) => {
    if (kind === "init") backend.submit(makeRun(session, index, { dimensions: {}, seed }));
  });
}

/** An error of the device's, where that is behind it. */
export function isLoss(error: unknown): boolean {
  return error instanceof NnError && error.code === "device-lost";
}
