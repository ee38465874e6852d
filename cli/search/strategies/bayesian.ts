// A space, a seed and what became of earlier trials in; the next candidate by a tree-structured Parzen estimator, out.
import type { Settings } from "../../options.js";
import type { SettingValue } from "../../settings.js";
import { drawsOf, uses } from "../draws.js";
import type { Draws } from "../draws.js";
import { countCandidates, keyOf } from "../space.js";
import type { Space } from "../trials.js";
import { estimate } from "./parzen.js";
import type { Density } from "./parzen.js";
import { randomCandidate, untried } from "./random.js";

/** An earlier trial, with what it came to: better when smaller, infinite where it failed or is under way. */
export interface Observation {
  readonly set: Settings;
  readonly loss: number;
}

/** Trials before anything is estimated. */
const startingTrials = 10;
/** Draws of a parameter from the density of the good, of which one is taken. */
const drawnValues = 24;
/** How often all parameters are drawn again where a candidate was tried already. */
const mostAttempts = 8;

/** How many of the trials count as good: a share that shrinks as they get many, and no more than 25 of them. */
function countGood(trials: number): number {
  return Math.max(1, Math.min(25, Math.ceil(0.1 * trials)));
}

/** Of what is drawn from the good, the value whose density there is the largest multiple of that of the others: it has the largest expected improvement. */
function promising(good: Density, bad: Density, draws: Draws): SettingValue {
  let best: SettingValue = good.draw(draws);
  let largest = good.logarithm(best) - bad.logarithm(best);
  for (let drawn = 1; drawn < drawnValues; drawn++) {
    const value = good.draw(draws);
    const gain = good.logarithm(value) - bad.logarithm(value);
    if (gain <= largest) continue;
    best = value;
    largest = gain;
  }
  return best;
}

/** Bergstra et al., "Algorithms for hyper-parameter optimization" (2011). Undefined where all of a space without fractions was tried. */
export function bayesianCandidate(
  space: Space,
  number: number,
  history: readonly Observation[],
): Settings | undefined {
  const count = countCandidates(space);
  if (history.length >= count) return undefined;
  // Of fractions no two are the same.
  const tried = new Set(count === Infinity ? [] : history.map(({ set }) => keyOf(space, set)));
  if (number <= startingTrials || history.length === 0) {
    const drawn = randomCandidate(space, number);
    return drawn !== undefined && !tried.has(keyOf(space, drawn))
      ? drawn
      : untried(space, number, tried);
  }
  const ranked = history.toSorted((a, b) => a.loss - b.loss || 0);
  const finite = ranked.filter(({ loss }) => Number.isFinite(loss)).length;
  const good = Math.min(countGood(ranked.length), Math.max(1, finite));
  const densities = space.parameters.map(({ name, space: own }) => {
    const valuesOf = (trials: readonly Observation[]): SettingValue[] =>
      trials.flatMap(({ set }) => (set[name] === undefined ? [] : [set[name]]));
    return {
      name,
      good: estimate(own, valuesOf(ranked.slice(0, good))),
      bad: estimate(own, valuesOf(ranked.slice(good))),
    };
  });
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const draws = drawsOf(space.seed, uses.model, number, attempt);
    const candidate = Object.fromEntries(
      densities.map(({ name, good, bad }) => [name, promising(good, bad, draws)]),
    );
    if (!tried.has(keyOf(space, candidate))) return candidate;
  }
  return untried(space, number, tried);
}
