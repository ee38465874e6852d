// Takes integers and names of free dimensions, gives dimensions as canonical polynomials that can be compared and evaluated.
import { ownEntry } from "../ownEntry.js";
import type { PolynomialOver, TermOver } from "./polynomial.js";
import { createPolynomials, greatestDivisor, scaled as scaledPolynomial } from "./polynomial.js";

/** An extent: an integer, or a polynomial in free dimensions (`batch`, `time`) that is known at run time. */
export type Dim = number | SymbolicDim;

/** A sum of terms in canonical order; never constant, so a constant is always a plain number. */
export interface SymbolicDim {
  readonly kind: "dim";
  readonly terms: readonly DimTerm[];
}

/** Of factors none, the constant term. */
export type DimTerm = TermOver<DimFactor>;

/** An indivisible factor: a free dimension, or a quotient rounded down that does not simplify. */
export type DimFactor =
  | { readonly kind: "free"; readonly name: string }
  | { readonly kind: "floor"; readonly numerator: Dim; readonly denominator: Dim };

export function freeDim(name: string): SymbolicDim {
  return { kind: "dim", terms: [{ coefficient: 1, factors: [{ kind: "free", name }] }] };
}

function factorKey(factor: DimFactor): string {
  if (factor.kind === "free") return factor.name;
  return `floor((${dimKey(factor.numerator)}) / (${dimKey(factor.denominator)}))`;
}

function termKey(term: DimTerm): string {
  return term.factors.map(factorKey).join(" * ");
}

const { sumOf, productOf, divideTerm, divideOut } = createPolynomials(factorKey);

function polynomialOf(dim: Dim): PolynomialOver<DimFactor> {
  return typeof dim === "number" ? { constant: dim, terms: [] } : { constant: 0, terms: dim.terms };
}

/** In order, on which equality rests. */
function dimOf({ constant, terms }: PolynomialOver<DimFactor>): Dim {
  if (terms.length === 0) return constant;
  const keyed = terms.map((term) => ({ term, key: termKey(term) }));
  keyed.sort(
    (left, right) =>
      right.term.factors.length - left.term.factors.length || (left.key < right.key ? -1 : 1),
  );
  const sorted = keyed.map(({ term }) => term);
  const last = constant === 0 ? [] : [{ coefficient: constant, factors: [] }];
  return { kind: "dim", terms: [...sorted, ...last] };
}

export function addDims(...dims: readonly Dim[]): Dim {
  const numbers = dims.filter((dim) => typeof dim === "number");
  if (numbers.length === dims.length) return numbers.reduce((sum, dim) => sum + dim, 0);
  return dimOf(sumOf(...dims.map(polynomialOf)));
}

export function negateDim(dim: Dim): Dim {
  return multiplyDims(-1, dim);
}

export function subtractDims(left: Dim, right: Dim): Dim {
  return addDims(left, negateDim(right));
}

export function multiplyDims(...dims: readonly Dim[]): Dim {
  let factor = 1;
  let product: SymbolicDim | undefined;
  for (const dim of dims) {
    if (typeof dim === "number") factor *= dim;
    else product = product === undefined ? dim : multiplySymbolic(product, dim);
  }
  if (product === undefined || factor === 0) return factor;
  return factor === 1 ? product : scaled(product, factor);
}

/** Terms stand in the order of their factors, which stay. */
function scaled({ terms }: SymbolicDim, by: number): SymbolicDim {
  return {
    kind: "dim",
    terms: terms.map(({ coefficient, factors }) => ({ coefficient: coefficient * by, factors })),
  };
}

function multiplySymbolic(left: SymbolicDim, right: SymbolicDim): SymbolicDim {
  const product = dimOf(productOf(polynomialOf(left), polynomialOf(right)));
  // The leading terms do not cancel.
  if (typeof product === "number") throw new Error("a product of dimensions became a number");
  return product;
}

/** The quotient if every term of `left` divides by `right` without a remainder, else undefined. */
export function divideExactly(left: Dim, right: Dim): Dim | undefined {
  if (right === 1) return left;
  if (left === 0) return 0;
  if (dimEqual(left, right)) return 1;
  const [term, another] = termsOf(right);
  if (term === undefined || another !== undefined) return undefined;
  const terms: DimTerm[] = [];
  for (const part of termsOf(left)) {
    const quotient = divideTerm(part, term);
    if (quotient === undefined) return undefined;
    terms.push(quotient);
  }
  return dimOf(sumOf({ constant: 0, terms }));
}

function termsOf(dim: Dim): readonly DimTerm[] {
  return typeof dim === "number" ? [{ coefficient: dim, factors: [] }] : dim.terms;
}

/**
 * `left / right` rounded down. The divisor must not be zero. What it divides stands outside of the rounding, and what all that is
 * left has in common with it is taken out, so that quotients are alike that are equal: ⌊(2 n + 3) / 2⌋ is n + 1, ⌊(2 n + 3) / 4⌋ is ⌊(n + 1) / 2⌋.
 */
export function floorDivideDims(left: Dim, right: Dim): Dim {
  if (typeof left === "number" && typeof right === "number") return Math.floor(left / right);
  if (typeof right === "number" && right < 0) return floorDivideDims(negateDim(left), -right);
  const exact = divideExactly(left, right);
  if (exact !== undefined) return exact;
  const [divisor, another] = termsOf(right);
  if (divisor === undefined || another !== undefined) return roundedDown(left, right);
  const { whole, rest } = divideOut(sumOf(polynomialOf(left)), divisor);
  if (typeof right !== "number") return addDims(dimOf(whole), roundedDown(dimOf(rest), right));
  const common = rest.terms.reduce((all, own) => greatestDivisor(all, own.coefficient), right);
  const least = scaledPolynomial({ constant: 0, terms: rest.terms }, 1 / common);
  const numerator = dimOf({ ...least, constant: Math.floor(rest.constant / common) });
  return addDims(dimOf(whole), roundedDown(numerator, right / common));
}

function roundedDown(numerator: Dim, denominator: Dim): Dim {
  if (typeof numerator === "number" && typeof denominator === "number")
    return Math.floor(numerator / denominator);
  return {
    kind: "dim",
    terms: [{ coefficient: 1, factors: [{ kind: "floor", numerator, denominator }] }],
  };
}

export function ceilDivideDims(left: Dim, right: Dim): Dim {
  return floorDivideDims(addDims(left, right, -1), right);
}

/** The product of all extents; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number;
export function elementCount(shape: readonly Dim[]): Dim;
export function elementCount(shape: readonly Dim[]): Dim {
  return multiplyDims(1, ...shape);
}

/** Equal for equal dimensions and for no others. */
export function dimKey(dim: Dim): string {
  if (typeof dim === "number") return String(dim);
  return dim.terms
    .map((term, index) => {
      const sign = term.coefficient < 0 ? (index === 0 ? "-" : " - ") : index === 0 ? "" : " + ";
      const size = Math.abs(term.coefficient);
      const factors = termKey(term);
      if (factors === "") return `${sign}${size}`;
      return size === 1 ? sign + factors : `${sign}${size} * ${factors}`;
    })
    .join("");
}

/** As people read it in messages: `2 * batch + 1`. */
export const dimText = dimKey;

export function dimEqual(left: Dim, right: Dim): boolean {
  if (left === right) return true;
  if (typeof left === "number" || typeof right === "number") return false;
  return (
    left.terms.length === right.terms.length &&
    left.terms.every((term, at) => termEqual(term, right.terms[at]))
  );
}

function termEqual(left: DimTerm, right: DimTerm | undefined): boolean {
  return (
    left.coefficient === right?.coefficient &&
    left.factors.length === right.factors.length &&
    left.factors.every((factor, at) => factorEqual(factor, right.factors[at]))
  );
}

function factorEqual(left: DimFactor, right: DimFactor | undefined): boolean {
  if (left.kind === "free") return right?.kind === "free" && left.name === right.name;
  return (
    right?.kind === "floor" &&
    dimEqual(left.numerator, right.numerator) &&
    dimEqual(left.denominator, right.denominator)
  );
}

export function shapeEqual(left: readonly Dim[], right: readonly Dim[]): boolean {
  return (
    left.length === right.length &&
    left.every((dim, axis) => {
      const other = right[axis];
      return other !== undefined && dimEqual(dim, other);
    })
  );
}

/** `[batch, 28, 28, 1]`, as in the language. */
export function shapeText(shape: readonly Dim[]): string {
  return `[${shape.map(dimText).join(", ")}]`;
}

/** The names of the free dimensions that occur in `dim`. */
export function freeNames(dim: Dim, into: Set<string> = new Set()): Set<string> {
  if (typeof dim === "number") return into;
  for (const term of dim.terms) {
    for (const factor of term.factors) {
      if (factor.kind === "free") into.add(factor.name);
      else {
        freeNames(factor.numerator, into);
        freeNames(factor.denominator, into);
      }
    }
  }
  return into;
}

/** The value of `dim` where each free dimension has the given value; throws when one is not given. */
export function evaluateDim(dim: Dim, values: Readonly<Record<string, number>>): number {
  if (typeof dim === "number") return dim;
  let sum = 0;
  for (const term of dim.terms) {
    let product = term.coefficient;
    for (const factor of term.factors) product *= evaluateFactor(factor, values);
    sum += product;
  }
  return sum;
}

function evaluateFactor(factor: DimFactor, values: Readonly<Record<string, number>>): number {
  if (factor.kind === "floor") {
    return Math.floor(
      evaluateDim(factor.numerator, values) / evaluateDim(factor.denominator, values),
    );
  }
  const value = ownEntry(values, factor.name);
  if (value === undefined) throw new Error(`free dimension ${factor.name} has no value`);
  return value;
}

/** A bound below: the least that `dim` can be where every free dimension is 1 or more; −∞ where its terms do not tell. */
export function leastDim(dim: Dim): number {
  if (typeof dim === "number") return dim;
  let sum = 0;
  for (const { coefficient, factors } of dim.terms) {
    const leasts = factors.map(leastFactor);
    const product = leasts.reduce((left, right) => left * right, coefficient);
    const told = factors.length === 0 || (coefficient > 0 && leasts.every((least) => least >= 0));
    if (!told) return -Infinity;
    sum += product;
  }
  return sum;
}

function leastFactor(factor: DimFactor): number {
  if (factor.kind === "free") return 1;
  const { numerator, denominator } = factor;
  const least = leastDim(numerator);
  if (typeof denominator === "number") {
    return denominator > 0 ? Math.floor(least / denominator) : -Infinity;
  }
  return least >= 0 && leastDim(denominator) >= 1 ? 0 : -Infinity;
}

/** What free dimensions count for where a choice rests on them: as they are trained. Kernels are right for any other. */
export type Extents = Readonly<Record<string, number>>;

/** A free dimension that nothing is known of, where a choice rests on sizes. */
const nominalExtent = 64;

/** The value of `dim` where free dimensions have these extents, or one that is as good as any. */
export function expectedSize(dim: Dim, extents: Extents): number {
  if (typeof dim === "number") return dim;
  const values = [...freeNames(dim)].map((name) => [
    name,
    ownEntry(extents, name) ?? nominalExtent,
  ]);
  return Math.max(1, evaluateDim(dim, Object.fromEntries(values) as Extents));
}
