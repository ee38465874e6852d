// Dimensions made by the arithmetic of extents in; the plain integers that they stand for, at small sizes, out.
import { expect, it } from "vitest";
import {
  addDims,
  ceilDivideDims,
  dimEqual,
  divideExactly,
  evaluateDim,
  freeDim,
  multiplyDims,
  subtractDims,
} from "../../compiler/types/dimension.js";
import type { Dim } from "../../compiler/types/dimension.js";

const [n, m] = [freeDim("n"), freeDim("m")];
const dims: readonly Dim[] = [
  ...[1, 2, 3, 6, n, m],
  ...[addDims(n, 1), multiplyDims(2, n), multiplyDims(n, m), addDims(multiplyDims(6, n), m)],
];
const sizes = [1, 2, 3, 5].flatMap((a) => [1, 2, 4].map((c) => ({ n: a, m: c })));
const pairs = dims.flatMap((a) => dims.map((c) => [a, c] as const));

it.each<[string, (a: Dim, c: Dim) => Dim | undefined, (a: number, c: number) => number]>([
  ["sums", addDims, (a, c) => a + c],
  ["differences", subtractDims, (a, c) => a - c],
  ["products", multiplyDims, (a, c) => a * c],
  ["quotients rounded up", ceilDivideDims, (a, c) => Math.ceil(a / c)],
  ["quotients without a rest, where there are", divideExactly, (a, c) => a / c],
])("%s of dimensions are those of the numbers", (_, combine, expected) => {
  for (const [a, c] of pairs) {
    const made = combine(a, c);
    if (made === undefined) continue;
    for (const size of sizes)
      expect(evaluateDim(made, size)).toBe(expected(evaluateDim(a, size), evaluateDim(c, size)));
  }
});

it("dimensions are equal where their numbers are at all sizes, however they were made", () => {
  for (const [a, c] of pairs) {
    expect(dimEqual(addDims(a, c), addDims(c, a))).toBe(true);
    expect(dimEqual(multiplyDims(a, c), multiplyDims(c, a))).toBe(true);
    expect(dimEqual(subtractDims(addDims(a, c), c), a)).toBe(true);
    // A sum as a divisor may be beyond it; a single product never is.
    const back = divideExactly(multiplyDims(a, c), c);
    if (back !== undefined || typeof c === "number") expect(dimEqual(back ?? 0, a)).toBe(true);
    const same = sizes.every((size) => evaluateDim(a, size) === evaluateDim(c, size));
    expect(dimEqual(a, c)).toBe(same);
  }
});
