// In: a compiled model, one of its programs and sizes; out: how long each dispatch takes on a backend, beside what the device can do.
import type { CompiledModel } from "../../compiler/index.js";
import type { Dimensions } from "../../runtime/dimensions.js";
import type { PlanProgram } from "../../runtime/plan.js";
import { makeRun } from "../../runtime/session.js";
import type { TrainingSession } from "../../runtime/session.js";
import { initialize } from "../../runtime/train/initialize.js";
import type { Backend } from "../options.js";
import type { Ceilings } from "./ceilings.js";
import { mostOf } from "./ceilings.js";
import { dispatchFacts } from "./dispatches.js";
import type { DispatchFacts } from "./dispatches.js";
import { checkMemory, randomInputs } from "./inputs.js";
import type { DispatchTime } from "./resolution.js";
import { runsOf, timeRounds } from "./rounds.js";
import { openProfiled } from "./session.js";
import { withSingles } from "./single.js";

export interface ProfileRequest {
  /** Its position in the plan. */
  readonly program: number;
  readonly sizes: Dimensions;
  readonly backend: Backend;
  /** About how long is measured: each dispatch at least once. */
  readonly seconds: number;
  /** What is measured now. */
  readonly onProgress: (what: string) => void;
}

/** Of all turns: the least of all rounds, less what a run takes that dispatches nothing; of short ones, a part of many in one run. */
export interface DispatchProfile extends DispatchFacts, DispatchTime {}

export interface Profile {
  readonly place: string;
  readonly method: string;
  readonly rounds: number;
  readonly ceilings: Ceilings;
  /** Milliseconds of a run that dispatches nothing: taken off each dispatch. */
  readonly overhead: number;
  /** Milliseconds by which that, and so the time of a run, may be wrong. */
  readonly uncertainty: number;
  /** Milliseconds of the program as it runs undivided, with its inputs taken to the device, by the clock. */
  readonly whole: number;
  /** In the order of running. */
  readonly dispatches: readonly DispatchProfile[];
}

const seed = 1;

export async function profileProgram(
  model: CompiledModel,
  request: ProfileRequest,
): Promise<Profile> {
  const { program, sizes, backend, seconds, onProgress } = request;
  const planned = programAt(model, program);
  checkMemory(model.plan, planned, sizes);
  const single = withSingles(model.plan, planned);
  const opened = await openProfiled(single.plan, model, backend);
  const { session, clock, meter, place } = opened;
  const { kind } = session.backend;
  try {
    await fillParameters(session);
    const inputs = randomInputs(session.plan, planned, sizes);
    const given = { dimensions: sizes, seed, counter: 1, scalars: scalarsOf(planned, sizes) };
    await clock.time(makeRun(session, single.upload, { ...given, inputs }));
    const undivided = makeRun(session, program, { ...given, inputs });
    const runs = runsOf(single, kind, undivided, (index) => makeRun(session, index, given));
    onProgress("the ceilings of the device");
    const before = await opened.measureCeilings();
    const rounds = await timeRounds(meter, runs, { seconds, clock, onProgress });
    onProgress("the ceilings of the device again");
    const after = await opened.measureCeilings();
    const dispatches = dispatchFacts(model, program, sizes, kind).map((fact, at) => {
      const { milliseconds = 0, below } = rounds.dispatches[at] ?? {};
      return {
        ...fact,
        milliseconds: fact.turns * milliseconds,
        ...(below !== undefined && { below: fact.turns * below }),
      };
    });
    const ceilings = mostOf(before, after, dispatches);
    return { place, method: meter.method, ...rounds, ceilings, dispatches };
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
