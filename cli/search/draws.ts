// A seed and the number of a trial in; random numbers that depend on nothing else, out.
import { philox } from "../../runtime/philox.js";
import type { Words } from "../../runtime/philox.js";

export interface Draws {
  /** Even over [0, 1), 32 bits. */
  readonly uniform: () => number;
  /** Of mean 0 and deviation 1. */
  readonly normal: () => number;
  /** Even over 0 … count − 1. */
  readonly below: (count: number) => number;
}

/** What draws are for: each use has its own. */
export const uses = { candidate: 11, model: 12 } as const;

/** The draws of one attempt at one trial; the same arguments give the same numbers on every machine. */
export function drawsOf(
  seed: number,
  use: (typeof uses)[keyof typeof uses],
  trial: number,
  attempt = 0,
): Draws {
  let words: Words = [0, 0, 0, 0];
  let drawn = 0;
  let spare: number | undefined;
  const uniform = (): number => {
    if (drawn % 4 === 0) words = philox([drawn >>> 2, trial, attempt, 0], [seed >>> 0, use]);
    return (words[drawn++ % 4] ?? 0) / 2 ** 32;
  };
  return {
    uniform,
    // Box and Muller, "A note on the generation of random normal deviates" (1958): two at a time.
    normal: () => {
      if (spare !== undefined) {
        const kept = spare;
        spare = undefined;
        return kept;
      }
      const length = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = length * Math.sin(angle);
      return length * Math.cos(angle);
    },
    below: (count) => Math.min(count - 1, Math.floor(uniform() * count)),
  };
}
