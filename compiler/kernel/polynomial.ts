// Takes i32 values, gives their sums, products and quotients in canonical form, and the ranges that decide comparisons.
import type { Dim, DimFactor } from "../types/dimension.js";
import { createPolynomials, monomialOf, type PolynomialOver } from "../types/polynomial.js";
import type { KernelValue, Term, ValueTable } from "./value.js";

/** A polynomial before it is interned. */
export type Polynomial = PolynomialOver<KernelValue>;

const plain = createPolynomials<KernelValue>(({ id }) => id);

export function polynomialOf(value: KernelValue): Polynomial {
  if (value.kind === "literal") return { constant: value.value, terms: [] };
  if (value.kind === "polynomial") return value;
  return { constant: 0, terms: [{ coefficient: 1, factors: [value] }] };
}

export function sumOf(...parts: readonly Polynomial[]): Polynomial {
  return recombine(plain.sumOf(...parts));
}

export function productOf(left: Polynomial, right: Polynomial): Polynomial {
  return recombine(plain.productOf(left, right));
}

/** See `Polynomials.divideOut`. */
export function divideOut(
  left: Polynomial,
  divisor: Term,
): { readonly whole: Polynomial; readonly rest: Polynomial } {
  const { whole, rest } = plain.divideOut(left, divisor);
  return { whole: recombine(whole), rest: recombine(rest) };
}

/** c · (x mod d) + c · d · (x div d) is c · x: so indices taken apart and put together again vanish. */
function recombine(polynomial: Polynomial): Polynomial {
  for (const term of polynomial.terms) {
    for (const factor of term.factors) {
      if (factor.kind !== "op" || factor.op !== "modulo" || factor.type !== "index") continue;
      const [dividend, divisor] = factor.arguments;
      if (!dividend || !divisor) continue;
      const single = monomialOf(polynomialOf(divisor));
      if (!single) continue;
      const others = term.factors.filter((other) => other !== factor);
      const match = polynomial.terms.find(
        (candidate) =>
          candidate.coefficient === term.coefficient * single.coefficient &&
          isQuotientTerm(candidate, others, single.factors, dividend, divisor),
      );
      if (!match) continue;
      const rest = polynomial.terms.filter((other) => other !== term && other !== match);
      const whole = productOf(
        { constant: 0, terms: [{ coefficient: term.coefficient, factors: others }] },
        polynomialOf(dividend),
      );
      return sumOf({ constant: polynomial.constant, terms: rest }, whole);
    }
  }
  return polynomial;
}

function isQuotientTerm(
  term: Term,
  others: readonly KernelValue[],
  divisorFactors: readonly KernelValue[],
  dividend: KernelValue,
  divisor: KernelValue,
): boolean {
  const quotient = term.factors.find((factor) => isQuotient(factor, dividend, divisor));
  if (!quotient) return false;
  const left = [...term.factors];
  for (const factor of [quotient, ...others, ...divisorFactors]) {
    const at = left.indexOf(factor);
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return left.length === 0;
}

/** dividend / divisor; a quotient of a quotient by constants stands as one quotient. */
function isQuotient(value: KernelValue, dividend: KernelValue, divisor: KernelValue): boolean {
  if (value.kind !== "op" || value.op !== "divide" || value.type !== "index") return false;
  const [from, by] = value.arguments;
  if (from === dividend) return by === divisor;
  if (dividend.kind !== "op" || dividend.op !== "divide" || by?.kind !== "literal") return false;
  const [inner, first] = dividend.arguments;
  if (from !== inner || first?.kind !== "literal" || divisor.kind !== "literal") return false;
  return by.value === first.value * divisor.value;
}

export function internPolynomial(values: ValueTable, polynomial: Polynomial): KernelValue {
  const { constant } = polynomial;
  const terms = inOrder(polynomial.terms);
  const [only] = terms;
  if (!only) return values.intern({ kind: "literal", type: "index", value: constant });
  const [factor] = only.factors;
  const bare = terms.length === 1 && constant === 0 && only.coefficient === 1;
  if (bare && only.factors.length === 1 && factor) return factor;
  return values.intern({ kind: "polynomial", type: "index", constant, terms });
}

function inOrder(terms: readonly Term[]): readonly Term[] {
  const compare = (left: Term, right: Term): number => compareTerms(left.factors, right.factors);
  const sorted = terms.every((term, at) => {
    const before = terms[at - 1];
    return before === undefined || compare(before, term) <= 0;
  });
  return sorted ? terms : [...terms].sort(compare);
}

function compareTerms(left: readonly KernelValue[], right: readonly KernelValue[]): number {
  if (left.length !== right.length) return right.length - left.length;
  for (let at = 0; at < left.length; at++) {
    const difference = (left[at]?.id ?? 0) - (right[at]?.id ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A dimension over uniform words, one for each of its factors. */
function dimPolynomial(values: ValueTable, dim: Dim): Polynomial {
  if (typeof dim === "number") return { constant: dim, terms: [] };
  const terms = dim.terms.map(({ coefficient, factors }) => ({
    coefficient,
    factors: factors.map((factor) => dimWord(values, factor)).sort((a, b) => a.id - b.id),
  }));
  return sumOf({ constant: 0, terms });
}

function dimWord(values: ValueTable, factor: DimFactor): KernelValue {
  const dim: Dim = { kind: "dim", terms: [{ coefficient: 1, factors: [factor] }] };
  return values.intern({ kind: "uniform", type: "index", uniform: { kind: "dim", dim } });
}

export function dimValue(values: ValueTable, dim: Dim): KernelValue {
  return internPolynomial(values, dimPolynomial(values, dim));
}
