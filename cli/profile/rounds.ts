// In: runs of a program's dispatches and a clock; out: how long each takes at best, within about the time that is given.
import type { Backend, ProgramRun } from "../../runtime/backend.js";
import type { Meter } from "./meter.js";
import { createTimes, dispatchTime, isTold } from "./resolution.js";
import type { DispatchTime, Resolution } from "./resolution.js";
import { repeats } from "./single.js";
import type { SinglePlan } from "./single.js";

export interface DispatchRuns {
  readonly nothing: ProgramRun;
  /** The program undivided. */
  readonly whole: ProgramRun;
  /** Each dispatch once, and many times in a run. */
  readonly dispatches: readonly { readonly once: ProgramRun; readonly often: ProgramRun }[];
}

export interface Rounds {
  readonly rounds: number;
  /** Milliseconds of a run that dispatches nothing. */
  readonly overhead: number;
  /** Milliseconds by which that may be wrong. */
  readonly uncertainty: number;
  /** Of each dispatch, in one turn. */
  readonly dispatches: readonly DispatchTime[];
  /** Of the program undivided, by the clock. */
  readonly whole: number;
}

export interface Budget {
  readonly seconds: number;
  /** Times the program undivided, which devices tell no time of. */
  readonly clock: Meter;
  readonly onProgress: (what: string) => void;
}

const mostRounds = 100;
const mostNothing = 3;
/** Milliseconds below which a dispatch is timed many at once: clocks and submissions vary by parts of this. */
const short = 0.25;
/** Milliseconds from which a dispatch is timed by itself, however much clocks and submissions vary: many would take too long. */
const long = 5;

export function runsOf(
  { nothing, singles, repeated }: SinglePlan,
  backend: Backend["kind"],
  whole: ProgramRun,
  runOf: (program: number) => ProgramRun,
): DispatchRuns {
  return {
    whole,
    nothing: runOf(nothing),
    dispatches: singles[backend].map((once, at) => ({
      once: runOf(once),
      often: runOf(repeated[backend][at] ?? once),
    })),
  };
}

/**
 * In each round all is timed once, so that what else the machine does meets all alike; the first run of all makes room. What turns out
 * to be short, as its first run met something else, is timed many at once from then on.
 */
export async function timeRounds(
  meter: Meter,
  { nothing, whole, dispatches }: DispatchRuns,
  { seconds, clock, onProgress }: Budget,
): Promise<Rounds> {
  onProgress("the whole program");
  let leastWhole = await clock.time(whole);
  const end = performance.now() + 1000 * seconds;
  const times = createTimes();
  const timed = async (run: ProgramRun): Promise<number> => {
    const milliseconds = await meter.time(run);
    times.seen(milliseconds);
    return milliseconds;
  };
  const timeNothing = async (): Promise<Resolution> => {
    times.idle(await meter.time(nothing));
    return times.resolution();
  };
  let resolution = await timeNothing();
  for (let again = 1; again < mostNothing; again++) resolution = await timeNothing();
  const leastOnce: number[] = [];
  for (const [at, { once }] of dispatches.entries()) {
    onProgress(`dispatch ${at + 1} of ${dispatches.length}`);
    leastOnce.push(await timed(once));
  }
  const leastOften = dispatches.map(() => Infinity);
  const isShort = (at: number): boolean => {
    const once = leastOnce[at] ?? 0;
    return once - resolution.overhead < short || (once < long && !isTold(once, resolution));
  };
  let rounds = 0;
  do {
    onProgress(`round ${rounds + 1}`);
    resolution = await timeNothing();
    for (const [at, { once, often }] of dispatches.entries()) {
      // None is left out but with all behind it: those read what it writes, and may look for indices there.
      if (rounds > 0 && performance.now() > end) break;
      if (!isShort(at)) leastOnce[at] = Math.min(leastOnce[at] ?? Infinity, await timed(once));
      if (isShort(at)) leastOften[at] = Math.min(leastOften[at] ?? Infinity, await timed(often));
    }
    rounds++;
    // It leaves what its dispatches find when they run one after the other.
    if (performance.now() < end) leastWhole = Math.min(leastWhole, await clock.time(whole));
  } while (rounds < mostRounds && performance.now() < end);
  const { overhead, uncertainty } = resolution;
  const dispatchTimes = dispatches.map((_, at) => {
    const often = leastOften[at] ?? Infinity;
    return Number.isFinite(often)
      ? dispatchTime(often, repeats, resolution)
      : dispatchTime(leastOnce[at] ?? 0, 1, resolution);
  });
  return { rounds, overhead, uncertainty, dispatches: dispatchTimes, whole: leastWhole };
}
