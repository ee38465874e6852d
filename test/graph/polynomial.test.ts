// Polynomials over letters in; their sums, products and quotients, which agree with those of their values, out.

import { expect, it } from "vitest";
import type { PolynomialOver, TermOver } from "../../compiler/types/polynomial.js";
import { createPolynomials, greatestDivisor, scaled } from "../../compiler/types/polynomial.js";

const { sumOf, productOf, divideTerm, divideOut } = createPolynomials<string>((letter) => letter);
const values: Readonly<Record<string, number>> = { a: 3, b: 7, c: 11 };

function valueOf({ constant, terms }: PolynomialOver<string>): number {
  return terms.reduce((sum, term) => sum + valueOfTerm(term), constant);
}

function valueOfTerm({ coefficient, factors }: TermOver<string>): number {
  return factors.reduce((product, letter) => product * (values[letter] ?? 0), coefficient);
}

/** The same numbers below `count` each time. */
function createDraw(): (count: number) => number {
  let state = 1;
  return (count) => {
    state = (state * 48271) % 2147483647;
    return state % count;
  };
}

const draw = createDraw();
const factors = (): string[] => Array.from({ length: draw(4) }, () => "abc".charAt(draw(3))).sort();
const term = (): TermOver<string> => ({ coefficient: draw(25) - 12, factors: factors() });
const polynomial = (): PolynomialOver<string> =>
  sumOf(
    { constant: draw(25) - 12, terms: [] },
    ...Array.from({ length: draw(5) }, () => ({ constant: 0, terms: [term()] })),
  );
const rounds = 300;
const nothing = { constant: 0, terms: [] };

it("have the values of what they are made of", () => {
  for (let round = 0; round < rounds; round++) {
    const [left, right, by] = [polynomial(), polynomial(), draw(25) - 12];
    const [a, b] = [valueOf(left), valueOf(right)];
    expect(valueOf(sumOf(left, right))).toBe(a + b);
    expect(valueOf(productOf(left, right)) - a * b).toBe(0);
    expect(valueOf(scaled(left, by)) - a * by).toBe(0);
    expect(sumOf(left, scaled(left, -1))).toEqual(nothing);
  }
});

it("have no two terms of the same factors, whatever they were made from", () => {
  for (let round = 0; round < rounds; round++) {
    const [left, right] = [polynomial(), polynomial()];
    const product = productOf(left, right);
    const keys = product.terms.map((one) => one.factors.join());
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).not.toContain("");
    expect(sumOf(product, scaled(productOf(right, left), -1))).toEqual(nothing);
  }
});

it("leave the rest of a division by a term, which nothing of it divides", () => {
  for (let round = 0; round < rounds; round++) {
    const [left, by] = [polynomial(), { coefficient: 1 + draw(6), factors: factors() }];
    const { whole, rest } = divideOut(left, by);
    expect(valueOf(whole) * valueOfTerm(by) + valueOf(rest)).toBe(valueOf(left));
    for (const one of rest.terms) expect(divideTerm(one, by)).toBeUndefined();
    const { constant } = rest;
    if (by.factors.length === 0) expect(constant >= 0 && constant < by.coefficient).toBe(true);
  }
});

it("know the greatest divisor of two numbers", () => {
  expect(greatestDivisor(12, 18)).toBe(6);
  expect(greatestDivisor(-12, 18)).toBe(6);
  expect(greatestDivisor(5, 0)).toBe(5);
});
