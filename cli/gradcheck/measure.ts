// In: an objective along a straight line through the drawn point, and the slope that its derivative claims; out: whether central differences agree.

/** A direction from the drawn point: how far each entry of a parameter moves with a step of 1. */
export interface Direction {
  readonly entries: readonly (readonly [index: number, weight: number])[];
}

/** The objective along a direction. */
export interface Line {
  /** The objective at this distance from the drawn point. */
  readonly value: (step: number) => Promise<number>;
  /** The objective at the drawn point. */
  readonly atBase: number;
  /** ⟨gradient, direction⟩ as it was derived. */
  readonly slope: number;
  /** How large what moves is at the drawn point; 1 where that says nothing. */
  readonly scale?: number;
}

/**
 * `kink`: the one-sided differences stay apart however small the step, so there is no derivative to compare with.
 * `undecided`: rounding hides the slope at every step, the differences do not settle, or the objective is not finite
 * beside the point.
 */
export type Verdict = "right" | "wrong" | "kink" | "undecided";

export interface Comparison {
  readonly verdict: Verdict;
  /** |central − claimed| over the larger of them, of the step that agreed best. */
  readonly error: number;
}

/** Relative errors above this are wrong. Double precision leaves about 1e-8; approximated functions 1e-6. */
export const errorLimit = 1e-4;

/** Tried in turn: a kink within the first is mostly gone within the last; the first serve where rounding hides the others. */
const steps = [1e-4, 1e-5, 1e-6, 1e-3, 1e-2];
/** Of the size of what moves, where that is far from 1. */
const relativeSteps = [1e-4, 1e-5, 1e-6, 1e-3];
/** Below those of above, for what is too steep for them. */
const finerSteps = [1e-7, 1e-8, 1e-9, 1e-10];
/** Differences have settled where they differ by less than this share of themselves and of what parts them from the slope. */
const settled = 0.1;
/** A difference is told from rounding where it is this many times larger. */
const signalToNoise = 100;
/** A slope that is only what rounding left of 0. */
const nothing = 1e-10;
/** Of a smooth function, the gap between one-sided differences shrinks with the step; at a kink it stays. */
const shrinking = 0.5;

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

/** That many different indices below `size`, ascending. */
function randomIndices(count: number, size: number, uniform: () => number): number[] {
  if (count >= size) return Array.from({ length: size }, (_, index) => index);
  const indices = new Set<number>();
  while (indices.size < count) indices.add(Math.floor(uniform() * size));
  return [...indices].sort((a, b) => a - b);
}

function projection(size: number, { uniform, normal }: ReturnType<typeof randomSource>): Direction {
  const indices = randomIndices(widestProjection, size, uniform);
  const weights = indices.map(normal);
  const length = Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0));
  return { entries: indices.map((index, at) => [index, (weights[at] ?? 0) / length]) };
}

/** Two random projections of unit length and up to eight single entries. */
export function directionsFor(size: number, seed: number): Direction[] {
  const source = randomSource(seed);
  const directions: Direction[] = [];
  for (let turn = 0; turn < (size > 1 ? projections : 0); turn++)
    directions.push(projection(size, source));
  for (const index of randomIndices(singleEntries, size, source.uniform))
    directions.push({ entries: [[index, 1]] });
  return directions;
}

export function slopeAlong({ entries }: Direction, gradient: ArrayLike<number>): number {
  return entries.reduce((sum, [index, weight]) => sum + weight * (gradient[index] ?? NaN), 0);
}

/** What one step tells. */
interface Difference {
  readonly step: number;
  readonly central: number;
  /** Between the differences to the right and to the left. */
  readonly gap: number;
  /** What rounding of the objective may make of a difference. */
  readonly noise: number;
}

async function differenceAt({ value, atBase }: Line, step: number): Promise<Difference> {
  const after = await value(step);
  const before = await value(-step);
  return {
    step,
    central: (after - before) / (2 * step),
    gap: Math.abs((after - atBase) / step - (atBase - before) / step),
    noise: (1e-12 * (1 + Math.abs(atBase))) / step,
  };
}

function judge({ central, noise }: Difference, slope: number): Comparison {
  // Nothing agrees with it; whether there is a slope to disagree with, several steps tell.
  if (!Number.isFinite(slope))
    return { verdict: Number.isFinite(central) ? "wrong" : "undecided", error: Infinity };
  const size = Math.max(Math.abs(central), Math.abs(slope));
  const apart = Math.abs(central - slope);
  const error = apart / Math.max(size, noise / errorLimit);
  if (Math.abs(slope) <= nothing && Math.abs(central) <= noise) return { verdict: "right", error };
  if (!Number.isFinite(central) || size < signalToNoise * noise)
    return { verdict: "undecided", error };
  return { verdict: apart <= errorLimit * size + noise ? "right" : "wrong", error };
}

/** The gap of the smallest step that shows one is not much less than that of a step ten times as large. */
function hasKink(differences: readonly Difference[], slope: number): boolean {
  const byStep = [...differences].sort((left, right) => left.step - right.step);
  for (const [at, { gap, noise, central }] of byStep.entries()) {
    const larger = byStep[at + 1];
    if (larger === undefined) return false;
    if (gap > signalToNoise * noise) return gap > shrinking * larger.gap;
    // A gap that rounding would hide is too small to explain the error.
    if (Math.abs(central - slope) > signalToNoise * noise) return false;
  }
  return false;
}

/**
 * The slope claimed against (f(+h) − f(−h)) / 2h for several h, two evaluations a turn: whoever shares the time among
 * many lines goes through the turns of all of them side by side.
 */
export async function* comparing(line: Line): AsyncGenerator<undefined, Comparison> {
  const { slope, scale = 1 } = line;
  const found: Difference[] = [];
  const isOdd = scale < 1e-2 || scale > 1e2;
  const first = [...steps, ...(isOdd ? relativeSteps.map((step) => step * scale) : [])];
  const right = yield* findAgreement(line, first, found);
  if (right !== undefined) return right;
  const error = leastError(found, slope);
  if (error === undefined) return { verdict: "undecided", error: 0 };
  if (hasKink(found, slope)) return { verdict: "kink", error };
  if (hasSettled(found, slope)) return { verdict: "wrong", error };
  const finer = yield* findAgreement(line, finerSteps, found);
  if (finer !== undefined) return finer;
  return hasSettled(found, slope)
    ? { verdict: "wrong", error: leastError(found, slope) ?? error }
    : { verdict: "undecided", error: 0 };
}

/** All turns of a comparison; undefined where the time ran out. */
export async function compareAlong(
  line: Line,
  outOfTime: () => boolean = () => false,
): Promise<Comparison | undefined> {
  const turns = comparing(line);
  while (!outOfTime()) {
    const turn = await turns.next();
    if (turn.done === true) return turn.value;
  }
  return undefined;
}

/** The first step at which difference and slope agree, if there is one. */
async function* findAgreement(
  line: Line,
  tried: readonly number[],
  found: Difference[],
): AsyncGenerator<undefined, Comparison | undefined> {
  for (const step of tried) {
    const difference = await differenceAt(line, step);
    const comparison = judge(difference, line.slope);
    if (comparison.verdict === "right") return comparison;
    if (Number.isFinite(difference.gap)) found.push(difference);
    yield;
  }
  return undefined;
}

/** Of the differences that rounding does not hide; undefined where it hides them all. */
function leastError(differences: readonly Difference[], slope: number): number | undefined {
  const errors = differences
    .map((difference) => judge(difference, slope))
    .filter(({ verdict }) => verdict === "wrong")
    .map(({ error }) => error);
  return errors.length === 0 ? undefined : Math.min(...errors);
}

/** Two steps beside each other give the same value, which is not the slope: only then is the slope wrong. */
function hasSettled(differences: readonly Difference[], slope: number): boolean {
  const told = differences
    .filter((difference) => judge(difference, slope).verdict === "wrong")
    .sort((left, right) => left.step - right.step);
  return told.some(({ step, central, noise }, at) => {
    const larger = told[at + 1];
    if (larger === undefined || larger.step > 20 * step) return false;
    // Richardson: the error of a central difference falls with the square of the step.
    const limit = central + (central - larger.central) / ((larger.step / step) ** 2 - 1);
    const apart = Number.isFinite(slope) ? Math.abs(limit - slope) : Infinity;
    const size = Math.max(Math.abs(central), Math.abs(larger.central));
    return Math.abs(central - larger.central) <= settled * Math.min(apart, size) + noise;
  });
}

/** How the comparisons of a parameter came out, so far. */
export interface Measured {
  /** Comparisons that agreed or did not. */
  readonly comparisons: number;
  /** The largest relative error among them. */
  readonly error: number;
  readonly wrong: number;
  /** Directions along which the objective has no derivative. */
  readonly kinks: number;
  /** Directions along which nothing could be told. */
  readonly undecided: number;
}

export const nothingMeasured: Measured = {
  comparisons: 0,
  error: 0,
  wrong: 0,
  kinks: 0,
  undecided: 0,
};

export function addComparison(measured: Measured, { verdict, error }: Comparison): Measured {
  if (verdict === "kink") return { ...measured, kinks: measured.kinks + 1 };
  if (verdict === "undecided") return { ...measured, undecided: measured.undecided + 1 };
  return {
    ...measured,
    comparisons: measured.comparisons + 1,
    error: Math.max(measured.error, error),
    wrong: measured.wrong + (verdict === "wrong" ? 1 : 0),
  };
}
