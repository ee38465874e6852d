// In: a compiled model, one of its programs and sizes; out: how long each dispatch takes on a backend, beside what the device can do.
import type { CompiledModel } from "../../compiler/index.js";
import type { Dimensions } from "../../runtime/dimensions.js";
import type { ProgramRun } from "../../runtime/backend.js";
import type { PlanProgram } from "../../runtime/plan.js";
import { makeRun } from "../../runtime/session.js";
import type { RunRequest, TrainingSession } from "../../runtime/session.js";
import { initialize } from "../../runtime/train/initialize.js";
import type { Backend } from "../options.js";
import type { Ceilings } from "./ceilings.js";
import { dispatchFacts } from "./dispatches.js";
import type { DispatchFacts } from "./dispatches.js";
import { randomInputs } from "./inputs.js";
import type { Meter } from "./meter.js";
import { openProfiled } from "./session.js";
import { withSingles } from "./single.js";
import type { SinglePlan } from "./single.js";

export interface ProfileRequest {
  /** Its position in the plan. */
  readonly program: number;
  readonly sizes: Dimensions;
  readonly backend: Backend;
  /** About how long is measured. */
  readonly seconds: number;
}

export interface DispatchProfile extends DispatchFacts {
  /** The least of all rounds, less what a run takes that dispatches nothing. */
  readonly milliseconds: number;
}

export interface Profile {
  readonly place: string;
  readonly method: string;
  readonly rounds: number;
  readonly ceilings: Ceilings;
  /** Milliseconds of a run that dispatches nothing: taken off each dispatch. */
  readonly overhead: number;
  /** Milliseconds of the program as it runs undivided, with its inputs taken to the device, by the clock. */
  readonly whole: number;
  /** In the order of running. */
  readonly dispatches: readonly DispatchProfile[];
}

const fewestRounds = 3;
const mostRounds = 100;
const seed = 1;

export async function profileProgram(
  model: CompiledModel,
  request: ProfileRequest,
): Promise<Profile> {
  const { program, sizes, backend, seconds } = request;
  const planned = programAt(model, program);
  const single = withSingles(model.plan, planned);
  const facts = dispatchFacts(model, program, sizes);
  const opened = await openProfiled(single.plan, model, backend);
  const { session, clock, meter, place } = opened;
  try {
    await fillParameters(session);
    const inputs = randomInputs(session.plan, planned, sizes);
    const given = { dimensions: sizes, seed, counter: 1, scalars: scalarsOf(planned, sizes) };
    const whole = await timeWhole(clock, makeRun(session, program, { ...given, inputs }));
    await clock.time(makeRun(session, single.upload, { ...given, inputs }));
    const rounds = await timeRounds(session, single, meter, { given, seconds });
    const least = (at: number): number =>
      rounds.reduce((before, round) => Math.min(before, round[at] ?? before), Infinity);
    const overhead = least(0);
    return {
      ...{ place, method: meter.method, rounds: rounds.length, overhead, whole },
      ceilings: await opened.measureCeilings(),
      dispatches: facts.map((fact, at) => ({
        ...fact,
        milliseconds: Math.max(0, least(at + 1) - overhead),
      })),
    };
  } finally {
    session.backend.destroy();
  }
}

function programAt({ plan }: CompiledModel, index: number): PlanProgram {
  const found = plan.programs[index];
  if (found === undefined) throw new Error(`the plan has no program ${index}`);
  return found;
}

/** First weights from a seed; what is fitted to data is 1, so that what divides by it stays finite. */
async function fillParameters(session: TrainingSession): Promise<void> {
  await initialize(session, seed);
  for (const { role, storage, offset, shape } of session.plan.parameters) {
    if (role !== "fitted") continue;
    const count = shape.reduce((product, extent) => product * extent, 1);
    session.backend.writeRange(storage, offset, new Float32Array(count).fill(1));
  }
}

/** Sums over a set that is one batch; other scalars are as before any training. */
function scalarsOf(
  { totals = {} }: PlanProgram,
  { batch = 1 }: Dimensions,
): Record<string, number> {
  const names = ["total.batch", ...Object.keys(totals)];
  return Object.fromEntries(names.map((name) => [name, batch]));
}

/** The least of a few runs, undivided, behind one that makes room. */
async function timeWhole(clock: Meter, run: ProgramRun): Promise<number> {
  await clock.time(run);
  let least = Infinity;
  for (let round = 0; round < fewestRounds; round++) least = Math.min(least, await clock.time(run));
  return least;
}

/** Milliseconds of each round: first of a run that dispatches nothing, then of each dispatch. */
async function timeRounds(
  session: TrainingSession,
  { nothing, singles }: SinglePlan,
  meter: Meter,
  { given, seconds }: { readonly given: RunRequest; readonly seconds: number },
): Promise<readonly (readonly number[])[]> {
  const runs = [nothing, ...singles].map((index) => makeRun(session, index, given));
  for (const run of runs) await meter.time(run);
  const rounds: number[][] = [];
  const end = performance.now() + 1000 * seconds;
  while (rounds.length < fewestRounds || (performance.now() < end && rounds.length < mostRounds)) {
    const round: number[] = [];
    for (const run of runs) round.push(await meter.time(run));
    rounds.push(round);
  }
  return rounds;
}
