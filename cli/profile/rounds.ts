// In: runs of a program's dispatches and a clock; out: how long each takes at best, within about the time that is given.
import type { Backend, ProgramRun } from "../../runtime/backend.js";
import type { Meter } from "./meter.js";
import { repeats } from "./single.js";
import type { SinglePlan } from "./single.js";

export interface DispatchRuns {
  readonly nothing: ProgramRun;
  /** Each dispatch once, and many times in a run. */
  readonly dispatches: readonly { readonly once: ProgramRun; readonly often: ProgramRun }[];
}

export interface Rounds {
  readonly rounds: number;
  /** Milliseconds of a run that dispatches nothing. */
  readonly overhead: number;
  /** Of each dispatch, less the overhead. */
  readonly milliseconds: readonly number[];
}

export interface Budget {
  readonly seconds: number;
  readonly onProgress: (what: string) => void;
}

const mostRounds = 100;
const mostWhole = 3;
/** Milliseconds below which a dispatch is timed many at once: clocks and submissions vary by parts of this. */
const short = 0.25;

export function runsOf(
  { nothing, singles, repeated }: SinglePlan,
  backend: Backend["kind"],
  runOf: (program: number) => ProgramRun,
): DispatchRuns {
  return {
    nothing: runOf(nothing),
    dispatches: singles[backend].map((once, at) => ({
      once: runOf(once),
      often: runOf(repeated[backend][at] ?? once),
    })),
  };
}

/** Milliseconds of the program undivided, at best; the first run makes room, and counts where there is no time for more. */
export async function timeWhole(clock: Meter, run: ProgramRun, seconds: number): Promise<number> {
  const end = performance.now() + 250 * seconds;
  let least = await clock.time(run);
  for (let again = 0; again < mostWhole && performance.now() < end; again++)
    least = Math.min(least, await clock.time(run));
  return least;
}

export async function timeRounds(
  meter: Meter,
  { nothing, dispatches }: DispatchRuns,
  { seconds, onProgress }: Budget,
): Promise<Rounds> {
  const end = performance.now() + 1000 * seconds;
  let overhead = Infinity;
  const timeNothing = async (): Promise<void> => {
    overhead = Math.min(overhead, await meter.time(nothing));
  };
  for (let again = 0; again < mostWhole; again++) await timeNothing();
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
  } while (rounds < mostRounds && performance.now() < end);
  const milliseconds = chosen.map(({ count }, at) =>
    Math.max(0, ((least[at] ?? 0) - overhead) / count),
  );
  return { rounds, overhead, milliseconds };
}
