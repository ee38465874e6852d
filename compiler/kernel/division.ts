// Takes polynomials over indices, gives what a division of one by another leaves to do, and what of it is too small to matter.
import type { Polynomial } from "./polynomial.js";
import { divideOut, sumOf } from "./polynomial.js";
import { greatestDivisor, scaled } from "../types/polynomial.js";
import { minimumOf } from "./range.js";
import type { Term } from "./value.js";

export function isBelow(rest: Polynomial, divisor: Polynomial): boolean {
  const room = sumOf(divisor, scaled(rest, -1), { constant: -1, terms: [] });
  return minimumOf(rest) >= 0 && minimumOf(room) >= 0;
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
