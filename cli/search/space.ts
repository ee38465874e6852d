// The space of one parameter in; values drawn from it, and the line on which they lie evenly, out.
import type { SearchSpace } from "../../compiler/types/model.js";
import type { Settings } from "../options.js";
import type { SettingValue } from "../settings.js";
import type { Draws } from "./draws.js";
import type { Space } from "./trials.js";

export type Range = Extract<SearchSpace, { kind: "range" }>;

/** Digits of what is tried: enough to tell values apart, few enough to write them down. */
const digits = 6;

/** Where a range lies on its line: as it stands or in its logarithm, a whole number as the interval around it. */
export function lineOf({ low, high, log, whole }: Range): readonly [number, number] {
  const half = whole ? 0.5 : 0;
  return [onLine({ log }, low - half), onLine({ log }, high + half)];
}

export function onLine({ log }: Pick<Range, "log">, value: number): number {
  return log ? Math.log(value) : value;
}

/** The value of the range at a place on its line. */
export function fromLine({ low, high, log, whole }: Range, place: number): number {
  const value = log ? Math.exp(place) : place;
  const told = whole ? Math.round(value) : Number(value.toPrecision(digits));
  return Math.min(high, Math.max(low, told));
}

export function drawValue(space: SearchSpace, draws: Draws): SettingValue {
  if (space.kind === "choice") return space.values[draws.below(space.values.length)] ?? 0;
  const [from, to] = lineOf(space);
  return fromLine(space, from + (to - from) * draws.uniform());
}

/** The same for two candidates whose values are the same. */
export function keyOf({ parameters }: Space, set: Settings): string {
  return JSON.stringify(parameters.map(({ name }) => set[name]));
}

/** How many values a parameter may take: a fraction takes any. */
function countValues(space: SearchSpace): number {
  if (space.kind === "choice") return space.values.length;
  return space.whole ? space.high - space.low + 1 : Infinity;
}

export function countCandidates({ parameters }: Space): number {
  return parameters.reduce((count, { space }) => count * countValues(space), 1);
}
