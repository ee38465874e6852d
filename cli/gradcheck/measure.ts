// In: an objective as a function of one parameter, and its derivative; out: how far central differences are from it.

export interface Measured {
  /** Projections and entries compared. */
  readonly entries: number;
  /** The largest relative error among them. */
  readonly error: number;
  /** Where the two one-sided differences disagree: no derivative to compare with. */
  readonly kinks: number;
}

export interface Probe {
  /** The objective with the parameter at these values. */
  readonly value: (values: Float64Array) => Promise<number>;
  readonly base: Float64Array;
  /** The objective at the base point. */
  readonly atBase: number;
  readonly gradient: ArrayLike<number>;
}

export interface Direction {
  readonly entries: readonly (readonly [place: number, weight: number])[];
}

/** Relative errors above this are wrong. Double precision leaves about 1e-8; approximated functions 1e-6. */
export const errorLimit = 1e-4;

/** Steps tried in turn: a kink within the first is mostly gone within the last. */
const steps = [1e-4, 1e-5, 1e-6];
/** One-sided differences of a smooth function differ by the step times its curvature. */
const kinkLimit = 1e-2;

const singleEntries = 8;
const projections = 2;
/** A projection of a larger tensor takes this many of its entries. */
const widestProjection = 65_536;

/** Numbers that look normally distributed (twelve uniform ones summed), from a 32-bit generator. */
export function randomSource(seed: number): { uniform: () => number; normal: () => number } {
  let state = (seed ^ 0x2545f491) >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = (): number => {
    let sum = -6;
    for (let turn = 0; turn < 12; turn++) sum += uniform();
    return sum;
  };
  return { uniform, normal };
}

/** That many different places below `size`, ascending. */
function randomPlaces(count: number, size: number, uniform: () => number): number[] {
  if (count >= size) return Array.from({ length: size }, (_, place) => place);
  const places = new Set<number>();
  while (places.size < count) places.add(Math.floor(uniform() * size));
  return [...places].sort((a, b) => a - b);
}

/** Two random projections of unit length and up to eight single entries. */
export function directionsFor(size: number, seed: number): Direction[] {
  const { uniform, normal } = randomSource(seed);
  const directions: Direction[] = [];
  for (let turn = 0; turn < (size > 1 ? projections : 0); turn++) {
    const places = randomPlaces(widestProjection, size, uniform);
    const weights = places.map(normal);
    const length = Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0));
    directions.push({ entries: places.map((place, at) => [place, (weights[at] ?? 0) / length]) });
  }
  for (const place of randomPlaces(singleEntries, size, uniform))
    directions.push({ entries: [[place, 1]] });
  return directions;
}

function moved(base: Float64Array, { entries }: Direction, step: number): Float64Array {
  const values = base.slice();
  for (const [place, weight] of entries) values[place] = (values[place] ?? 0) + step * weight;
  return values;
}

export interface Comparison {
  readonly error: number;
  readonly kink: boolean;
}

/** ⟨gradient, direction⟩ against (f(w + hd) − f(w − hd)) / 2h; undefined where the time ran out. */
export async function compareAlong(
  probe: Probe,
  direction: Direction,
  outOfTime: () => boolean = () => false,
): Promise<Comparison | undefined> {
  const { base, atBase, gradient, value } = probe;
  const claimed = direction.entries.reduce(
    (sum, [place, weight]) => sum + weight * (gradient[place] ?? NaN),
    0,
  );
  let best: Comparison = { error: Infinity, kink: true };
  for (const step of steps) {
    if (outOfTime()) return undefined;
    const after = await value(moved(base, direction, step));
    const before = await value(moved(base, direction, -step));
    const right = (after - atBase) / step;
    const left = (atBase - before) / step;
    const central = (after - before) / (2 * step);
    // Below this, what differs is the rounding of the objective.
    const noise = (1e-12 * (1 + Math.abs(atBase))) / step;
    const scale = Math.max(Math.abs(central), Math.abs(claimed), 1e4 * noise);
    const error = Math.abs(central - claimed) / scale;
    const kink = Math.abs(right - left) > kinkLimit * scale;
    if (error <= errorLimit) return { error, kink: false };
    if (!kink && (best.kink || error < best.error)) best = { error, kink };
  }
  return best;
}

export async function measure(
  probe: Probe,
  directions: readonly Direction[],
  outOfTime: () => boolean,
): Promise<Measured> {
  let entries = 0;
  let error = 0;
  let kinks = 0;
  for (const direction of directions) {
    const comparison = await compareAlong(probe, direction, outOfTime);
    if (comparison === undefined) break;
    if (comparison.kink) kinks++;
    else {
      entries++;
      error = Number.isNaN(comparison.error) ? Infinity : Math.max(error, comparison.error);
    }
  }
  return { entries, error, kinks };
}
