// In: how to time work of a given size; out: the most that a machine was seen to do: operations and bytes a second.
import type { DispatchTime } from "./resolution.js";

export interface Ceilings {
  /** Multiply-adds in registers, two operations each, or what a dispatch was seen to do beyond that. */
  readonly gigaflops: number;
  /** Of a copy between arrays beyond any cache, what is read and what is written, or what a dispatch was seen to move beyond that. */
  readonly gigabytes: number;
}

/**
 * The most of what was seen before and behind a measurement and of what its dispatches did: a busy machine does less at one time than
 * at another, and caches hold what dispatches of small nets move. So no share is more than all. Times that are not known to a tenth
 * tell no rate.
 */
export function mostOf(
  before: Ceilings,
  after: Ceilings,
  dispatches: readonly (DispatchTime & { readonly flops: number; readonly bytes: number })[],
): Ceilings {
  let gigaflops = Math.max(before.gigaflops, after.gigaflops);
  let gigabytes = Math.max(before.gigabytes, after.gigabytes);
  for (const { flops, bytes, milliseconds, below } of dispatches) {
    if (below !== undefined) continue;
    gigaflops = Math.max(gigaflops, flops / milliseconds / 1e6);
    gigabytes = Math.max(gigabytes, bytes / milliseconds / 1e6);
  }
  return { gigaflops, gigabytes };
}

/** Milliseconds of work of so many rounds. */
export type Work = (rounds: number) => number | Promise<number>;

/** Long enough that what a start takes does not count. */
const enough = 25;
const mostRounds = 1 << 20;
const repeats = 8;

/** Milliseconds of a round at best: rounds are doubled until they take long enough. */
export async function bestRound(work: Work): Promise<number> {
  let rounds = 1;
  let took = await work(rounds);
  while (took < enough && rounds < mostRounds) {
    rounds *= 2;
    took = await work(rounds);
  }
  for (let again = 1; again < repeats; again++) took = Math.min(took, await work(rounds));
  return took / rounds;
}
