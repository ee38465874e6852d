// Values that one parameter had in some trials in; a density over all that it may have, to draw from and to compare by, out.
import type { SearchSpace } from "../../../compiler/types/model.js";
import { erf } from "../../../runtime/errorFunctions.js";
import type { SettingValue } from "../../settings.js";
import type { Draws } from "../draws.js";
import { fromLine, lineOf, onLine } from "../space.js";
import type { Range } from "../space.js";

/** Densities of one parameter compare with each other; the values drawn are those that a trial can have. */
export interface Density {
  readonly draw: (draws: Draws) => SettingValue;
  readonly logarithm: (value: SettingValue) => number;
}

/** A density of nothing seen is that of the space itself. */
export function estimate(space: SearchSpace, seen: readonly SettingValue[]): Density {
  return space.kind === "choice" ? ofChoices(space.values, seen) : ofRange(space, seen);
}

/** Bergstra et al. (2011), section 4.2: each of N choices with the weight N · 1/N and the number of times it was taken. */
function ofChoices(values: readonly SettingValue[], seen: readonly SettingValue[]): Density {
  const texts = values.map((value) => JSON.stringify(value));
  const counts = texts.map(() => 1);
  for (const value of seen) {
    const at = texts.indexOf(JSON.stringify(value));
    if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return {
    draw: (draws) => {
      let rest = draws.uniform() * total;
      const at = counts.findIndex((count) => (rest -= count) < 0);
      return values[at < 0 ? values.length - 1 : at] ?? 0;
    },
    logarithm: (value) => Math.log((counts[texts.indexOf(JSON.stringify(value))] ?? 0) / total),
  };
}

interface Bell {
  readonly mean: number;
  readonly deviation: number;
  /** The share of it that lies within the range. */
  readonly inside: number;
  /** Of the bell cut off at the bounds, but for 1 / √(2π). */
  readonly height: number;
}

/** The share of a bell up to a place. */
function below({ mean, deviation }: Pick<Bell, "mean" | "deviation">, place: number): number {
  return 0.5 * (1 + erf((place - mean) / (deviation * Math.SQRT2)));
}

/**
 * Bergstra et al. (2011), section 4.2: an even mixture of bells cut off at the bounds, one of the prior (as wide as the range, in its
 * middle), one around each value seen, as wide as the way to the farther of its neighbours, the prior's middle among them. Widths
 * keep to a band, as in the authors' own program (hyperopt): from a hundredth of the range, or a part of it where few are seen, to all of it.
 */
function bellsOf(seen: readonly number[], from: number, to: number): Bell[] {
  const width = to - from;
  const middle = (from + to) / 2;
  const least = width / Math.min(100, seen.length + 2);
  const means = [...seen, middle].sort((a, b) => a - b);
  const prior = means.indexOf(middle);
  return means.map((mean, at) => {
    const left = mean - (means[at - 1] ?? mean);
    const right = (means[at + 1] ?? mean) - mean;
    const deviation = at === prior ? width : Math.min(width, Math.max(least, left, right));
    const bell = { mean, deviation };
    const inside = below(bell, to) - below(bell, from);
    return { mean, deviation, inside, height: 1 / (deviation * inside) };
  });
}

function ofRange(space: Range, seen: readonly SettingValue[]): Density {
  const [from, to] = lineOf(space);
  const numbers = seen.filter((value) => typeof value === "number");
  const places = numbers.map((value) => Math.min(to, Math.max(from, onLine(space, value))));
  const bells = bellsOf(places, from, to);
  const share = space.whole
    ? remembered((value) => massAt(space, bells, value))
    : (value: number): number => densityAt(bells, onLine(space, value));
  return {
    draw: (draws) => {
      const bell = bells[draws.below(bells.length)];
      if (bell === undefined) return space.low;
      // At least a third of a bell no wider than the range lies in it.
      for (;;) {
        const place = bell.mean + bell.deviation * draws.normal();
        if (place >= from && place <= to) return fromLine(space, place);
      }
    },
    logarithm: (value) =>
      typeof value === "number" ? Math.log(Math.max(share(value), 1e-300)) : -Infinity,
  };
}

/** Whole numbers come up again and again. */
function remembered(share: (value: number) => number): (value: number) => number {
  const known = new Map<number, number>();
  return (value) => {
    const found = known.get(value) ?? share(value);
    known.set(value, found);
    return found;
  };
}

/** Bells farther away than this, in deviations, add nothing. */
const farthest = 9;

function densityAt(bells: readonly Bell[], place: number): number {
  let sum = 0;
  for (const { mean, deviation, height } of bells) {
    const away = (place - mean) / deviation;
    if (away < farthest && away > -farthest) sum += height * Math.exp(-0.5 * away * away);
  }
  return sum / bells.length;
}

/** Of a whole number, what lies around it. */
function massAt(space: Range, bells: readonly Bell[], value: number): number {
  const from = onLine(space, value - 0.5);
  const to = onLine(space, value + 0.5);
  let sum = 0;
  for (const bell of bells) {
    const { mean, deviation, inside } = bell;
    if (to < mean - farthest * deviation || from > mean + farthest * deviation) continue;
    sum += (below(bell, to) - below(bell, from)) / inside;
  }
  return sum / bells.length;
}
