// Intervals of integers in, those that scalar operations make of them out: over numbers, and over live dimensions.
import { isNeverNegative } from "../types/bounds.js";
import { addDims, floorDivideDims, multiplyDims, negateDim, type Dim } from "../types/dimension.js";

/** The least and the largest of integers, infinite where there is no bound; the least is above the largest where there are none. */
export interface Interval<Bound extends Dim = number> {
  readonly low: Bound;
  readonly high: Bound;
}

/** What an operation makes of integers, before its result wraps. */
export interface IntervalRule {
  readonly of: (operands: readonly Interval<Dim>[]) => Interval<Dim>;
  /** Whether both ends are taken on where those of one operand are, and every other operand is one number. */
  readonly tight: boolean;
}

export const anything: Interval = { low: -Infinity, high: Infinity };
export const nothing: Interval = { low: Infinity, high: -Infinity };
export const exactly = <Bound extends Dim>(value: Bound): Interval<Bound> => ({
  low: value,
  high: value,
});

/** Of indices along an axis. */
export function indicesBelow(extent: Dim | undefined): Interval {
  return { low: 0, high: typeof extent === "number" ? extent - 1 : Infinity };
}

/** All that is in one of them. */
export function hullOf(intervals: readonly Interval[]): Interval;
export function hullOf(intervals: readonly Interval<Dim>[]): Interval<Dim>;
export function hullOf(intervals: readonly Interval<Dim>[]): Interval<Dim> {
  return intervals.reduce<Interval<Dim>>(
    (left, right) => ({
      low: lesser(left.low, right.low) ?? -Infinity,
      high: greater(left.high, right.high) ?? Infinity,
    }),
    nothing,
  );
}

/** All that is in both. */
export function common(left: Interval, right: Interval): Interval {
  return { low: Math.max(left.low, right.low), high: Math.min(left.high, right.high) };
}

export const isBounded = ({ low, high }: Interval<Dim>): boolean =>
  isFiniteBound(low) && isFiniteBound(high);

/** One that is never left; also where a bound is not known to lie inside, as that of a dimension. */
export function isWithin(inner: Interval<Dim>, outer: Interval): boolean {
  const { low, high } = inner;
  return (
    (typeof low !== "number" || low >= outer.low) &&
    (typeof high !== "number" || high <= outer.high)
  );
}

function isFiniteBound(bound: Dim): boolean {
  return typeof bound !== "number" || Number.isFinite(bound);
}

function lesser(left: Dim, right: Dim): Dim | undefined {
  if (typeof left === "number" && typeof right === "number") return Math.min(left, right);
  if (left === -Infinity || right === Infinity) return left;
  if (left === Infinity || right === -Infinity) return right;
  if (isNeverNegative(plus(right, negateDim(left)))) return left;
  return isNeverNegative(plus(left, negateDim(right))) ? right : undefined;
}

function greater(left: Dim, right: Dim): Dim | undefined {
  const least = lesser(minus(left), minus(right));
  return least === undefined ? undefined : minus(least);
}

function plus(left: Dim, right: Dim): Dim {
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (!isFiniteBound(left)) return left;
  return isFiniteBound(right) ? addDims(left, right) : right;
}

/** Of bounds that are not negative where they are dimensions. */
function times(left: Dim, right: Dim): Dim {
  if (left === 0 || right === 0) return 0;
  if (typeof left === "number" && typeof right === "number") return left * right;
  if (!isFiniteBound(left)) return left;
  return isFiniteBound(right) ? multiplyDims(left, right) : right;
}

function minus(bound: Dim): Dim {
  return typeof bound === "number" ? 0 - bound : negateDim(bound);
}

function isAtLeast(bound: Dim, least: number): boolean {
  return typeof bound === "number" ? bound >= least : isNeverNegative(addDims(bound, -least));
}

function binary(
  of: (left: Interval<Dim>, right: Interval<Dim>) => Interval<Dim>,
  tight: boolean,
): IntervalRule {
  return { of: ([left = anything, right = anything]) => of(left, right), tight };
}

function negative({ low, high }: Interval<Dim>): Interval<Dim> {
  return { low: minus(high), high: minus(low) };
}

function sum(left: Interval<Dim>, right: Interval<Dim>): Interval<Dim> {
  return { low: plus(left.low, right.low), high: plus(left.high, right.high) };
}

function product(left: Interval<Dim>, right: Interval<Dim>): Interval<Dim> {
  if (isAtLeast(left.low, 0) && isAtLeast(right.low, 0)) {
    return { low: times(left.low, right.low), high: times(left.high, right.high) };
  }
  const ends = [left, right].map(({ low, high }) => [low, high]);
  const [ofLeft = [], ofRight = []] = ends;
  if (ends.flat().every((end) => typeof end === "number")) {
    const products = ofLeft.flatMap((one) => ofRight.map((other) => times(one, other)));
    return hullOf(products.map(exactly));
  }
  if (left.low === left.high && typeof left.low === "number") return multiple(left.low, right);
  if (right.low === right.high && typeof right.low === "number") return multiple(right.low, left);
  return anything;
}

function multiple(factor: number, { low, high }: Interval<Dim>): Interval<Dim> {
  if (factor === 0) return exactly(0);
  const scaled = (bound: Dim): Dim =>
    typeof bound === "number" ? times(factor, bound) : multiplyDims(factor, bound);
  return factor < 0
    ? { low: scaled(high), high: scaled(low) }
    : { low: scaled(low), high: scaled(high) };
}

/** Rounded down, as indices are divided: by what is at least 1. */
function quotient(left: Interval<Dim>, right: Interval<Dim>): Interval<Dim> {
  if (!isAtLeast(left.low, 0) || !isAtLeast(right.low, 1)) return anything;
  const divided = (bound: Dim, by: Dim): Dim => {
    if (by === Infinity) return 0;
    return isFiniteBound(bound) ? floorDivideDims(bound, by) : bound;
  };
  return { low: divided(left.low, right.high), high: divided(left.high, right.low) };
}

/** With the divisor's sign, and 0 where that is 0. */
function remainder(left: Interval<Dim>, right: Interval<Dim>): Interval<Dim> {
  const below = plus(right.high, -1);
  const isExtent = isAtLeast(right.low, 1);
  const most = isExtent ? below : (greater(below, 0) ?? Infinity);
  if (isAtLeast(right.low, 0)) {
    const kept = isExtent && isAtLeast(left.low, 0) ? left.high : Infinity;
    return { low: 0, high: lesser(kept, most) ?? most };
  }
  return { low: typeof right.low === "number" ? right.low + 1 : -Infinity, high: most };
}

const magnitude = (operand: Interval<Dim>): Interval<Dim> => {
  if (isAtLeast(operand.low, 0)) return operand;
  const mirrored = negative(operand);
  if (isAtLeast(mirrored.low, 0)) return mirrored;
  return { low: 0, high: greater(operand.high, mirrored.high) ?? Infinity };
};

/** By what operations do to integers: the rules that their records name. */
export const intervalRules = {
  unknown: { of: () => anything, tight: false },
  truth: { of: () => ({ low: 0, high: 1 }), tight: false },
  same: { of: ([operand = anything]) => operand, tight: true },
  negative: { of: ([operand = anything]) => negative(operand), tight: true },
  magnitude: { of: ([operand = anything]) => magnitude(operand), tight: false },
  sign: { of: () => ({ low: -1, high: 1 }), tight: false },
  sum: binary(sum, true),
  difference: binary((left, right) => sum(left, negative(right)), true),
  product: binary(product, true),
  quotient: binary(quotient, true),
  remainder: binary(remainder, false),
  lesser: binary(
    (left, right) => ({
      low: lesser(left.low, right.low) ?? -Infinity,
      high: lesser(left.high, right.high) ?? Infinity,
    }),
    true,
  ),
  greater: binary(
    (left, right) => ({
      low: greater(left.low, right.low) ?? -Infinity,
      high: greater(left.high, right.high) ?? Infinity,
    }),
    true,
  ),
  either: { of: ([, ...choices]) => hullOf(choices), tight: false },
} as const satisfies Readonly<Record<string, IntervalRule>>;
