// In: how to time work of a given size; out: the most that a machine was seen to do: operations and bytes a second.

export interface Ceilings {
  /** Multiply-adds in registers, two operations each, or what a dispatch was seen to do beyond that. */
  readonly gigaflops: number;
  /** Of a copy between arrays beyond any cache, what is read and what is written. */
  readonly gigabytes: number;
}

/**
 * The most of what was seen before and behind a measurement and of what its dispatches did: a busy machine does less at one time than
 * at another. Of bytes, dispatches tell an upper estimate alone.
 */
export function mostOf(
  before: Ceilings,
  after: Ceilings,
  dispatches: readonly { readonly flops: number; readonly milliseconds: number }[],
): Ceilings {
  let gigaflops = Math.max(before.gigaflops, after.gigaflops);
  for (const { flops, milliseconds } of dispatches)
    if (milliseconds > 0) gigaflops = Math.max(gigaflops, flops / milliseconds / 1e6);
  return { gigaflops, gigabytes: Math.max(before.gigabytes, after.gigabytes) };
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
