// A space, a seed and the number of a trial in; a candidate that depends on nothing else, out.
import type { Settings } from "../../options.js";
import { drawsOf, uses } from "../draws.js";
import { countCandidates, drawValue, keyOf } from "../space.js";
import type { Space } from "../trials.js";
import { gridCandidate } from "./grid.js";

/** How often a candidate is drawn again before the untried ones are gone through. */
const mostAttempts = 1000;

export function drawCandidate({ parameters, seed }: Space, number: number, attempt = 0): Settings {
  const draws = drawsOf(seed, uses.candidate, number, attempt);
  return Object.fromEntries(parameters.map(({ name, space }) => [name, drawValue(space, draws)]));
}

/**
 * Each parameter by itself. Where all of them are choices or whole numbers, what an earlier trial has is drawn again, so that a
 * small space is tried whole: undefined behind its end. Of fractions no two are the same.
 */
export function randomCandidate(space: Space, number: number): Settings | undefined {
  const count = countCandidates(space);
  if (count === Infinity) return drawCandidate(space, number);
  if (number > count) return undefined;
  const tried = new Set<string>();
  for (let trial = 1; trial <= number; trial++) {
    const found = untried(space, trial, tried);
    if (found === undefined || trial === number) return found;
    tried.add(keyOf(space, found));
  }
  return undefined;
}

/** A candidate of a trial that is not among those tried; undefined where all are. */
export function untried(
  space: Space,
  number: number,
  tried: ReadonlySet<string>,
): Settings | undefined {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const candidate = drawCandidate(space, number, attempt);
    if (!tried.has(keyOf(space, candidate))) return candidate;
  }
  const count = countCandidates(space);
  for (let point = 1; point <= count; point++) {
    const candidate = gridCandidate(space, point);
    if (candidate !== undefined && !tried.has(keyOf(space, candidate))) return candidate;
  }
  return undefined;
}
