// Takes sums of products of indivisible factors, gives the arithmetic that dimensions, indices of nests and values of kernels have in common.

/** `coefficient` times the product of `factors`, which stand in the order of their keys, repeated for powers. */
export interface TermOver<Factor> {
  readonly coefficient: number;
  readonly factors: readonly Factor[];
}

/** A constant and terms with factors, of which no two have the same. */
export interface PolynomialOver<Factor> {
  readonly constant: number;
  readonly terms: readonly TermOver<Factor>[];
}

/** Equal for equal factors and for no others. */
export type KeyOf<Factor> = (factor: Factor) => string | number;

export interface Polynomials<Factor> {
  readonly sumOf: (...parts: readonly PolynomialOver<Factor>[]) => PolynomialOver<Factor>;
  readonly productOf: (
    left: PolynomialOver<Factor>,
    right: PolynomialOver<Factor>,
  ) => PolynomialOver<Factor>;
  /** The quotient of terms, where nothing is left. */
  readonly divideTerm: (
    term: TermOver<Factor>,
    divisor: TermOver<Factor>,
  ) => TermOver<Factor> | undefined;
  /** Takes out what the divisor divides without a remainder, of a number as often as it goes into it. */
  readonly divideOut: (
    left: PolynomialOver<Factor>,
    divisor: TermOver<Factor>,
  ) => { readonly whole: PolynomialOver<Factor>; readonly rest: PolynomialOver<Factor> };
}

export function createPolynomials<Factor>(keyOf: KeyOf<Factor>): Polynomials<Factor> {
  const compare = (left: Factor, right: Factor): number => {
    const [a, b] = [keyOf(left), keyOf(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  };
  const haveSameFactors = (left: TermOver<Factor>, right: TermOver<Factor>): boolean =>
    left.factors.length === right.factors.length &&
    left.factors.every((factor, at) => {
      const other = right.factors[at];
      return factor === other || (other !== undefined && keyOf(factor) === keyOf(other));
    });
  const sumOf = (...parts: readonly PolynomialOver<Factor>[]): PolynomialOver<Factor> => {
    const merged: TermOver<Factor>[] = [];
    let constant = 0;
    for (const part of parts) {
      constant += part.constant;
      // Those of the part itself all differ.
      const others = merged.length;
      for (const term of part.terms) {
        if (term.factors.length === 0) {
          constant += term.coefficient;
          continue;
        }
        let at = 0;
        let before = merged[at];
        while (at < others && before !== undefined && !haveSameFactors(before, term))
          before = merged[++at];
        if (at === others || before === undefined) merged.push(term);
        else merged[at] = { ...term, coefficient: before.coefficient + term.coefficient };
      }
    }
    return { constant, terms: merged.filter(({ coefficient }) => coefficient !== 0) };
  };
  const productOf = (
    left: PolynomialOver<Factor>,
    right: PolynomialOver<Factor>,
  ): PolynomialOver<Factor> => {
    const products = left.terms.map((a) => ({
      constant: 0,
      terms: right.terms.map((b) => ({
        coefficient: a.coefficient * b.coefficient,
        factors: [...a.factors, ...b.factors].sort(compare),
      })),
    }));
    const [ofLeft, ofRight] = [scaled(left, right.constant), scaled(right, left.constant)];
    return sumOf(
      { constant: left.constant * right.constant, terms: [] },
      ...products,
      { constant: 0, terms: ofLeft.terms },
      { constant: 0, terms: ofRight.terms },
    );
  };
  const divideTerm = (
    term: TermOver<Factor>,
    divisor: TermOver<Factor>,
  ): TermOver<Factor> | undefined => {
    const coefficient = term.coefficient / divisor.coefficient;
    if (!Number.isInteger(coefficient)) return undefined;
    const factors = [...term.factors];
    for (const factor of divisor.factors) {
      const key = keyOf(factor);
      const at = factors.findIndex((other) => keyOf(other) === key);
      if (at < 0) return undefined;
      factors.splice(at, 1);
    }
    return { coefficient, factors };
  };
  const divideOut = (left: PolynomialOver<Factor>, divisor: TermOver<Factor>) => {
    const goes = divisor.factors.length === 0 ? Math.floor(left.constant / divisor.coefficient) : 0;
    const whole: TermOver<Factor>[] = [];
    const rest: TermOver<Factor>[] = [];
    for (const term of left.terms) {
      const quotient = divideTerm(term, divisor);
      if (quotient) whole.push(quotient);
      else rest.push(term);
    }
    return {
      whole: sumOf({ constant: goes, terms: whole }),
      rest: { constant: left.constant - goes * divisor.coefficient, terms: rest },
    };
  };
  return { sumOf, productOf, divideTerm, divideOut };
}

export function scaled<Factor>(
  { constant, terms }: PolynomialOver<Factor>,
  by: number,
): PolynomialOver<Factor> {
  if (by === 0) return { constant: 0, terms: [] };
  return {
    constant: constant * by,
    terms: terms.map(({ coefficient, factors }) => ({ coefficient: coefficient * by, factors })),
  };
}

/** The single term that a polynomial is, a constant being a term without factors; undefined for sums. */
export function monomialOf<Factor>({
  constant,
  terms,
}: PolynomialOver<Factor>): TermOver<Factor> | undefined {
  if (terms.length === 0) return { coefficient: constant, factors: [] };
  return terms.length === 1 && constant === 0 ? terms[0] : undefined;
}

export function greatestDivisor(left: number, right: number): number {
  return right === 0 ? Math.abs(left) : greatestDivisor(right, left % right);
}
