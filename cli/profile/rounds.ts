// In: runs of a program's dispatches and a clock; out: how long each takes at best, within about the time that is given.
import type { Backend, ProgramRun } from "../../runtime/backend.js";
import type { Meter } from "./meter.js";
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
  /** Of each dispatch, less the overhead. */
  readonly milliseconds: readonly number[];
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

/** In each round all is timed once, so that what else the machine does meets all alike; the first run of all makes room. */
export async function timeRounds(
  meter: Meter,
  { nothing, whole, dispatches }: DispatchRuns,
  { seconds, clock, onProgress }: Budget,
): Promise<Rounds> {
  onProgress("the whole program");
  let leastWhole = await clock.time(whole);
  const end = performance.now() + 1000 * seconds;
  let overhead = Infinity;
  const timeNothing = async (): Promise<void> => {
    overhead = Math.min(overhead, await meter.time(nothing));
  };
  for (let again = 0; again < mostNothing; again++) await timeNothing();
  const first: number[] = [];
  for (const [at, { once }] of dispatches.entries()) {
    onProgress(`dispatch ${at + 1} of ${dispatches.length}`);
    first.push(await meter.time(once));
  }
  const chosen = dispatches.map(({ once, often }, at) => {
    const isShort = (first[at] ?? 0) - overhead < short;
    return isShort ? { run: often, count: repeats } : { run: once, count: 1 };
  });
  const least = chosen.map(({ count }, at) => (count === 1 ? (first[at] ?? 0) : Infinity));
  let rounds = 0;
  do {
    onProgress(`round ${rounds + 1}`);
    await timeNothing();
    for (const [at, { run }] of chosen.entries()) {
      // None is left out but with all behind it: those read what it writes, and may look for indices there.
      if (rounds > 0 && performance.now() > end) break;
      least[at] = Math.min(least[at] ?? Infinity, await meter.time(run));
    }
    rounds++;
    // It leaves what its dispatches find when they run one after the other.
    if (performance.now() < end) leastWhole = Math.min(leastWhole, await clock.time(whole));
  } while (rounds < mostRounds && performance.now() < end);
  const milliseconds = chosen.map(({ count }, at) =>
    Math.max(0, ((least[at] ?? 0) - overhead) / count),
  );
  return { rounds, overhead, milliseconds, whole: leastWhole };
}
