// Takes i32 values, gives bounds that hold for every value of loop variables and free dimensions (which are at least 1).
import { leastDim } from "../types/dimension.js";
import { intervalOf } from "../scalars/bounds.js";
import type { Interval } from "../scalars/intervals.js";
import type { ScalarOp, ScalarType } from "../types/nest.js";
import type { Polynomial } from "./polynomial.js";
import { scaled } from "../types/polynomial.js";
import { polynomialOf, productOf, sumOf } from "./polynomial.js";
import type { Term, KernelValue } from "./value.js";

/** The least that the polynomial can be, −∞ where nothing is known. */
export function minimumOf(polynomial: Polynomial): number {
  let bound: Polynomial = { constant: polynomial.constant, terms: [] };
  for (const term of polynomial.terms) {
    const part = term.coefficient > 0 ? leastTerm(term) : greatestTerm(term);
    if (!part) return -Infinity;
    bound = sumOf(bound, part);
  }
  // What is left is a polynomial in dimensions: without negative terms it is least where all are.
  let sum = bound.constant;
  for (const term of bound.terms) {
    const own = term.factors.map(leastValue);
    if (term.coefficient < 0 || own.some((least) => least < 0)) return -Infinity;
    sum += own.reduce((product, least) => product * least, term.coefficient);
  }
  return sum;
}

export function maximumOf(polynomial: Polynomial): number {
  return -minimumOf(scaled(polynomial, -1));
}

function isDim(value: KernelValue): boolean {
  return value.kind === "uniform";
}

/** For a positive coefficient: dimensions stay, all else takes its least value. */
function leastTerm(term: Term): Polynomial | undefined {
  if (term.factors.every(isDim)) return { constant: 0, terms: [term] };
  let coefficient = term.coefficient;
  const dims: KernelValue[] = [];
  for (const factor of term.factors) {
    const least = leastValue(factor);
    if (isDim(factor) && least >= 0) dims.push(factor);
    else {
      if (least < 0) return term.factors.length === 1 ? constantOf(coefficient * least) : undefined;
      coefficient *= least;
    }
  }
  if (coefficient === 0) return constantOf(0);
  return dims.length === 0
    ? constantOf(coefficient)
    : { constant: 0, terms: [{ coefficient, factors: dims }] };
}

/** For a negative coefficient: dimensions stay, all else takes its greatest value. */
function greatestTerm(term: Term): Polynomial | undefined {
  if (term.factors.every(isDim)) return { constant: 0, terms: [term] };
  let product: Polynomial = { constant: term.coefficient, terms: [] };
  for (const factor of term.factors) {
    if (term.factors.length > 1 && leastValue(factor) < 0) return undefined;
    const greatest = greatestValue(factor);
    if (!greatest) return undefined;
    product = productOf(product, greatest);
  }
  return product;
}

function constantOf(constant: number): Polynomial | undefined {
  return Number.isFinite(constant) ? { constant, terms: [] } : undefined;
}

/** Values are interned and share their operands: each is asked once. */
const leasts = new WeakMap<KernelValue, number>();

function leastValue(value: KernelValue): number {
  const known = leasts.get(value);
  if (known !== undefined) return known;
  const least = findLeast(value);
  leasts.set(value, least);
  return least;
}

function findLeast(value: KernelValue): number {
  switch (value.kind) {
    case "variable":
      return 0;
    case "uniform":
      if (value.uniform.kind === "dim") return leastDim(value.uniform.dim);
      return value.type === "f32" ? -Infinity : 0;
    case "literal":
      return value.value;
    case "polynomial":
      return minimumOf(value);
    case "op":
      return leastOp(value.op, value.arguments, value.type);
    case "guard":
      return Math.min(leastValue(value.value), leastValue(value.otherwise));
    case "load":
    case "reduction":
    case "lanes":
    case "staged":
    case "lane":
    case "draw":
      return value.type === "u32" || value.type === "bool" ? 0 : -Infinity;
  }
}

function leastOp(op: ScalarOp, operands: readonly KernelValue[], result: ScalarType): number {
  const types = { operands: operands.at(-1)?.type ?? result, result };
  return intervalOf(op, types, operands.map(bounded)).low;
}

/** Without a bound above unless it is a number: that of a sum would be looked for all over again. */
function bounded(value: KernelValue): Interval {
  const low = leastValue(value);
  return { low, high: value.kind === "literal" ? low : Infinity };
}

/** An upper bound over dimensions, undefined where nothing is known. */
function greatestValue(value: KernelValue): Polynomial | undefined {
  switch (value.kind) {
    case "variable":
      return value.extent
        ? sumOf(polynomialOf(value.extent), { constant: -1, terms: [] })
        : undefined;
    case "uniform":
      return polynomialOf(value);
    case "literal":
      return { constant: value.value, terms: [] };
    case "op": {
      const [first, second] = value.arguments;
      if (!first) return undefined;
      if (value.op === "modulo" && second && leastValue(second) > 0) {
        return sumOf(polynomialOf(second), { constant: -1, terms: [] });
      }
      if (value.op === "divide" && second) return greatestQuotient(first, second);
      if (value.op === "minimum" && second)
        return lesser(greatestValue(first), greatestValue(second));
      return value.op === "cast" && first.type === "bool" ? constantOf(1) : undefined;
    }
    case "polynomial": {
      const most = maximumOf(value);
      return Number.isFinite(most) ? constantOf(most) : undefined;
    }
    case "guard":
    case "load":
    case "reduction":
    case "lanes":
    case "staged":
    case "lane":
    case "draw":
      return undefined;
  }
}

/** Of two bounds the better one, the second where that is not known: clamps have their limit there. */
function lesser(
  left: Polynomial | undefined,
  right: Polynomial | undefined,
): Polynomial | undefined {
  if (!left || !right) return left ?? right;
  return minimumOf(sumOf(right, scaled(left, -1))) >= 0 ? left : right;
}

function greatestQuotient(dividend: KernelValue, divisor: KernelValue): Polynomial | undefined {
  if (divisor.kind !== "literal" || divisor.value < 1) return undefined;
  const most = maximumOf(polynomialOf(dividend));
  return Number.isFinite(most) ? constantOf(Math.floor(most / divisor.value)) : undefined;
}
