// In: times that a clock told of runs, of those that dispatch nothing too; out: what such a run takes, and by how much that may be wrong.

/** What times are to be taken with. */
export interface Resolution {
  /** Milliseconds of a run that dispatches nothing, at best. */
  readonly overhead: number;
  /** Milliseconds by which that, or a time beside it, may be wrong: how these runs vary at best, or the step of a clock that has one. */
  readonly uncertainty: number;
}

export interface Times {
  /** Of any run, in milliseconds. */
  seen(milliseconds: number): void;
  /** Of a run that dispatches nothing. */
  idle(milliseconds: number): void;
  /** Of the idle runs so far, of which there must be one. */
  resolution(): Resolution;
}

/** Milliseconds: times that differ by less are the same, but for the rounding of their difference. */
const rounding = 1e-9;
/** Of more times that differ a clock's step is known. */
const mostDistinct = 256;
/** The best of the runs that dispatch nothing, two of them at least: others met what else the machine did, as no least time does. */
const best = 1 / 10;

export function createTimes(): Times {
  const distinct: number[] = [];
  const idle: number[] = [];
  let step = Infinity;
  const seen = (milliseconds: number): void => {
    const away = distinct.map((other) => Math.abs(other - milliseconds));
    if (away.some((difference) => difference < rounding)) return;
    step = Math.min(step, ...away);
    if (distinct.length < mostDistinct) distinct.push(milliseconds);
  };
  return {
    seen,
    idle: (milliseconds) => {
      seen(milliseconds);
      idle.push(milliseconds);
    },
    resolution: () => {
      const sorted = [...idle].sort((a, b) => a - b);
      const [overhead = 0] = sorted;
      const last = Math.max(1, Math.floor(best * sorted.length));
      const varied = (sorted[last] ?? overhead) - overhead;
      // Where all times are one, nothing tells of a step.
      return { overhead, uncertainty: Math.max(varied, Number.isFinite(step) ? step : 0) };
    },
  };
}

/** A time as many times as long as it may be wrong is known to a tenth, as both ends of it may be wrong. */
const known = 20;

/** Whether a run takes so long that what is left of it without the overhead is a time, and not what the clock makes of none. */
export function isTold(milliseconds: number, { overhead, uncertainty }: Resolution): boolean {
  const left = milliseconds - overhead;
  return left > 0 && left >= known * uncertainty;
}

/** What a dispatch takes. */
export interface DispatchTime {
  /** Less the overhead; at least 0. */
  readonly milliseconds: number;
  /** What it takes less than, where that is all that is known: its time tells no rate. */
  readonly below?: number;
}

/** Of a run that dispatches it so many times. */
export function dispatchTime(run: number, count: number, resolution: Resolution): DispatchTime {
  const left = Math.max(0, run - resolution.overhead);
  const milliseconds = left / count;
  if (isTold(run, resolution)) return { milliseconds };
  return { milliseconds, below: (left + 2 * resolution.uncertainty) / count };
}
