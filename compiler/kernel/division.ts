// Takes polynomials over indices, gives what a division of one by another leaves to do: whole parts, and what is too small to matter.
import type { Polynomial } from "./polynomial.js";
import { scaled, sumOf } from "./polynomial.js";
import { minimumOf } from "./range.js";
import type { Term } from "./value.js";

/** Takes from `left` what the divisor divides without a remainder. */
export function divideOut(
  left: Polynomial,
  divisor: Term,
): { whole: Polynomial; rest: Polynomial } {
  const whole: Term[] = [];
  const rest: Term[] = [];
  for (const term of left.terms) {
    const coefficient = term.coefficient / divisor.coefficient;
    const factors = [...term.factors];
    const divides = divisor.factors.every((factor) => {
      const at = factors.indexOf(factor);
      if (at >= 0) factors.splice(at, 1);
      return at >= 0;
    });
    if (Number.isInteger(coefficient) && divides) whole.push({ coefficient, factors });
    else rest.push(term);
  }
  const wholeConstant =
    divisor.factors.length === 0 ? Math.floor(left.constant / divisor.coefficient) : 0;
  const constants = whole.filter((term) => term.factors.length === 0);
  return {
    whole: sumOf({
      constant: wholeConstant + constants.reduce((sum, term) => sum + term.coefficient, 0),
      terms: whole.filter((term) => term.factors.length > 0),
    }),
    rest: sumOf({
      constant: left.constant - wholeConstant * divisor.coefficient,
      terms: rest,
    }),
  };
}

export function isBelow(rest: Polynomial, divisor: Polynomial): boolean {
  const room = sumOf(divisor, scaled(rest, -1), { constant: -1, terms: [] });
  return minimumOf(rest) >= 0 && minimumOf(room) >= 0;
}

function greatestDivisor(left: number, right: number): number {
  return right === 0 ? Math.abs(left) : greatestDivisor(right, left % right);
}

/** What divides every coefficient of the rest and the divisor. */
export function commonDivisor(rest: Polynomial, divisor: Term): number {
  return rest.terms.reduce(
    (common, term) => greatestDivisor(common, term.coefficient),
    greatestDivisor(divisor.coefficient, rest.constant),
  );
}

/**
 * Takes from the rest what is too small to reach the next multiple of a divisor of the divisor: of 128 · a + b by 640 with
 * 0 ≤ b < 128 the quotient is that of a by 5.
 */
export function coarsest(
  rest: Polynomial,
  divisor: Term,
): { readonly coarse: Polynomial; readonly fine: Polynomial } {
  const steps = rest.terms.map((term) => greatestDivisor(term.coefficient, divisor.coefficient));
  for (const step of [...new Set(steps)].sort((a, b) => b - a)) {
    if (step === 1) break;
    const { whole, rest: fine } = divideOut(rest, { coefficient: step, factors: [] });
    if (isBelow(fine, { constant: step, terms: [] })) return { coarse: scaled(whole, step), fine };
  }
  return { coarse: rest, fine: { constant: 0, terms: [] } };
}
