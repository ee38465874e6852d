// Takes dimensions that must not be negative, gives whether they ever are, and what their free dimensions have to be so that they are not.
import {
  addDims,
  evaluateDim,
  floorDivideDims,
  freeDim,
  freeNames,
  multiplyDims,
  negateDim,
  subtractDims,
} from "./dimension.js";
import type { Dim, DimFactor, DimTerm, SymbolicDim } from "./dimension.js";

/** Whether `dim` is at least 0 whatever its free dimensions are (0 or more); false also where that cannot be told. */
export function isNeverNegative(dim: Dim): boolean {
  if (lowest(dim) >= 0) return true;
  return typeof dim !== "number" && dim.terms.some((term) => isNeverNegativeWithout(term, dim));
}

/** Whether `dim` is below 0 whatever its free dimensions are, where each is 1 or more; false also where that cannot be told. */
export function isAlwaysNegative(dim: Dim): boolean {
  if (typeof dim === "number") return dim < 0;
  if (dim.terms.every(({ coefficient }) => coefficient > 0)) return false;
  return isNeverNegative(subtractDims(negateDim(beyondOne(dim)), 1));
}

/** The same dimension of free dimensions that are less by one. */
function beyondOne(dim: Dim): Dim {
  if (typeof dim === "number") return dim;
  return addDims(
    ...dim.terms.map(({ coefficient, factors }) =>
      multiplyDims(
        coefficient,
        ...factors.map((factor) =>
          factor.kind === "free"
            ? addDims(freeDim(factor.name), 1)
            : floorDivideDims(beyondOne(factor.numerator), beyondOne(factor.denominator)),
        ),
      ),
    ),
  );
}

/** The same where one term is a quotient, and stands without its rounding: n − (d − 1) ≤ d · ⌊n / d⌋ ≤ n. */
function isNeverNegativeWithout(term: DimTerm, dim: Dim): boolean {
  const { coefficient, factors } = term;
  const [quotient] = factors;
  if (factors.length !== 1 || quotient?.kind !== "floor" || !divides(quotient)) return false;
  const { numerator, denominator } = quotient;
  const rest = subtractDims(dim, { kind: "dim", terms: [term] });
  const least = coefficient < 0 ? numerator : subtractDims(numerator, subtractDims(denominator, 1));
  return isNeverNegative(
    addDims(multiplyDims(denominator, rest), multiplyDims(coefficient, least)),
  );
}

function divides(factor: DimFactor): boolean {
  return (
    factor.kind === "floor" && typeof factor.denominator === "number" && factor.denominator > 0
  );
}

/** A bound below, where every free dimension is 0 or more; −∞ where the terms do not tell. */
function lowest(dim: Dim): number {
  if (typeof dim === "number") return dim;
  let sum = 0;
  for (const { coefficient, factors } of dim.terms) {
    const each = factors.map(lowestFactor);
    const told = factors.length < 2 || each.every((least) => least >= 0);
    if (factors.length > 0 && (coefficient < 0 || !told)) return -Infinity;
    sum += each.reduce((product, least) => product * least, coefficient);
  }
  return sum;
}

function lowestFactor(factor: DimFactor): number {
  if (factor.kind === "free") return 0;
  const least = lowest(factor.numerator);
  if (typeof factor.denominator === "number") {
    return factor.denominator > 0 ? Math.floor(least / factor.denominator) : -Infinity;
  }
  return least >= 0 && lowest(factor.denominator) >= 0 ? 0 : -Infinity;
}

/** What is asked of the free dimensions of an extent that must not be negative. */
export interface Bound {
  /** Negative where what is asked does not hold: `time - 5` where `time` is to be at least 5. */
  readonly value: SymbolicDim;
  /** Where it is asked of one dimension: the least or the most that it may be. */
  readonly limit:
    { readonly name: string; readonly least?: number; readonly most?: number } | undefined;
}

/** The most that a dimension is tried with. */
const largest = 2 ** 31;

export function boundOf(value: SymbolicDim): Bound {
  const [name, ...more] = freeNames(value);
  const general = { value, limit: undefined };
  if (name === undefined || more.length > 0) return general;
  const holds = (size: number): boolean => evaluateDim(value, { [name]: size }) >= 0;
  if (grows(value, 1) && holds(largest)) {
    const least = firstWhere(holds);
    return asBound(subtractDims(freeDim(name), least), { name, least }) ?? general;
  }
  if (grows(value, -1) && holds(0) && !holds(largest)) {
    const most = firstWhere((size) => !holds(size)) - 1;
    return asBound(subtractDims(most, freeDim(name)), { name, most }) ?? general;
  }
  return general;
}

function asBound(value: Dim, limit: Bound["limit"]): Bound | undefined {
  return typeof value === "number" ? undefined : { value, limit };
}

/** Whether no term becomes less (sign −1: more) where a free dimension becomes more. */
function grows({ terms }: SymbolicDim, sign: 1 | -1): boolean {
  return terms.every(
    ({ coefficient, factors }) =>
      factors.length === 0 || (coefficient * sign > 0 && factors.every(growsFactor)),
  );
}

function growsFactor(factor: DimFactor): boolean {
  if (factor.kind === "free") return true;
  const { numerator } = factor;
  return divides(factor) && typeof numerator !== "number" && grows(numerator, 1);
}

/** The least size at which what holds from there on holds. */
function firstWhere(holds: (size: number) => boolean): number {
  let [low, high] = [0, largest];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
