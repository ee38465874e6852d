// In: an objective at its drawn point and a time; out: for each parameter what comparisons told, the time fairly shared.
import { addComparison, directionsFor, nothingMeasured, slopeAlong } from "./measure.js";
import type { Comparison, Direction, Measured } from "./measure.js";
import { compareMove, compareMoves } from "./moves.js";
import type { Check, Move, Point, Turns } from "./moves.js";
import type { CheckedObjective } from "./objectives.js";

/** A slope that tells nothing of its parameter. */
const flat = 1e-10;
/** Turns of a comparison of several: where the first do not agree, a part of them is asked instead. */
const jointTurns = 3;

/** A parameter's part in a move of several. */
interface Part {
  readonly at: number;
  readonly move: Move;
  /** What it adds to the slope of the whole. */
  readonly slope: number;
}

const lengthOf = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

function ofUnitLength(values: readonly number[]): readonly number[] {
  const length = lengthOf(values);
  return length > 0 ? values.map((value) => value / length) : values;
}

/**
 * Along the gradient, where the slope stands out, and along a random direction too, which tells of entries whose gradient
 * is missing. Each parameter is to change the objective alike, and none moves by more than its own size.
 */
function partOf(point: Point, { entries }: Direction, at: number): Part {
  const gradient = ofUnitLength(entries.map(([index]) => point.gradient[index] ?? NaN));
  const along = entries.reduce(
    (sum, [, weight], place) => sum + weight * (gradient[place] ?? 0),
    0,
  );
  const sign = along < 0 ? -1 : 1;
  const mixed = entries.map(([, weight], place) => (gradient[place] ?? 0) + sign * weight);
  const weighted = (share: number): Direction => ({
    entries: entries.map(([index], place) => [index, share * (mixed[place] ?? 0)]),
  });
  const slope = Math.abs(slopeAlong(weighted(1), point.gradient));
  const size = lengthOf(entries.map(([index]) => point.base[index] ?? 0)) || 1;
  const share = Math.min(slope > 0 ? 1 / slope : Infinity, size / lengthOf(mixed));
  return { at, move: { point, direction: weighted(share) }, slope: slope * share };
}

/** Those that the slope of the whole tells of: behind a small share in it, a mistake could hide in the tolerance. */
function toldBy(group: readonly Part[]): readonly Part[] {
  const total = group.reduce((sum, { slope }) => sum + slope, 0);
  return group.filter(({ slope }) => slope <= flat || slope >= total / (4 * group.length));
}

async function agreementOf(turns: Turns): Promise<Comparison | undefined> {
  for (let count = 0; count < jointTurns; count++) {
    const turn = await turns.next();
    if (turn.done === true) return turn.value.verdict === "right" ? turn.value : undefined;
  }
  return undefined;
}

/**
 * All parameters move at once, which tells of a model too large for more, and is done whatever time it takes; where they
 * do not agree, each half of them. Gives what was said of those that agreed.
 */
async function compareJointly(
  check: Check,
  objective: CheckedObjective,
  parts: readonly Part[],
  outOfTime: () => boolean,
): Promise<ReadonlyMap<number, Comparison>> {
  const agreed = new Map<number, Comparison>();
  const groups = [parts];
  for (const group of groups) {
    if (group.length < 2) continue;
    if (group !== parts && outOfTime()) break;
    const moves = group.map(({ move }) => move);
    const comparison = await agreementOf(compareMoves(check, objective, moves));
    if (comparison === undefined) {
      const half = Math.ceil(group.length / 2);
      groups.push(group.slice(0, half), group.slice(half));
      continue;
    }
    const told = toldBy(group);
    for (const { at } of told) agreed.set(at, comparison);
    groups.push(group.filter((part) => !told.includes(part)));
  }
  return agreed;
}

/** Turn by turn until all are done or the time ran out: no comparison's second turn comes before another's first. */
async function compareSideBySide(
  comparisons: ReadonlyMap<number, Turns>,
  outOfTime: () => boolean,
  add: (at: number, comparison: Comparison) => void,
): Promise<void> {
  const left = new Map(comparisons);
  while (left.size > 0)
    for (const [at, turns] of [...left]) {
      if (outOfTime()) return;
      const turn = await turns.next();
      if (turn.done !== true) continue;
      left.delete(at);
      add(at, turn.value);
    }
}

/**
 * What many parameters at once tell serves those that no comparison of their own reached in the time. A direction of
 * every parameter comes before the second of any.
 */
export async function measureObjective(
  check: Check,
  objective: CheckedObjective,
  points: readonly Point[],
  milliseconds: number,
): Promise<readonly Measured[]> {
  const measured = points.map(() => nothingMeasured);
  if (!Number.isFinite(points[0]?.atBase ?? 0)) return measured;
  const start = performance.now();
  const isOver = (share: number) => (): boolean => performance.now() > start + share * milliseconds;
  const directions = points.map(({ base }, at) => directionsFor(base.length, at));
  const parts = points.map((point, at) =>
    partOf(point, directions[at]?.[0] ?? { entries: [] }, at),
  );
  const agreed = await compareJointly(check, objective, parts, isOver(0.5));
  const add = (at: number, comparison: Comparison): void => {
    measured[at] = addComparison(measured[at] ?? nothingMeasured, comparison);
  };
  const rounds = Math.max(0, ...directions.map((list) => list.length));
  for (let round = 0; round < rounds; round++) {
    const comparisons = new Map<number, Turns>();
    for (const [at, point] of points.entries()) {
      const direction = directions[at]?.[round];
      if (direction !== undefined)
        comparisons.set(at, compareMove(check, objective, { point, direction }));
    }
    await compareSideBySide(comparisons, isOver(1), add);
  }
  for (const [at, comparison] of agreed) if (measured[at]?.comparisons === 0) add(at, comparison);
  return measured;
}
