// Dimensions made by the arithmetic of extents in; the plain integers that they stand for, at small sizes, out.
import { expect, it } from "vitest";
import { sliding } from "../../compiler/ops/derived/geometry.js";
import {
  addDims,
  ceilDivideDims,
  dimEqual,
  divideExactly,
  evaluateDim,
  floorDivideDims,
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
  ["quotients rounded down", floorDivideDims, (a, c) => Math.floor(a / c)],
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

it("quotients of sums are those of the numbers, and equal where what is added divides", () => {
  const between = (low: number, high: number): number[] =>
    Array.from({ length: high - low + 1 }, (_, at) => low + at);
  const line = (a: number, b: number): Dim => addDims(multiplyDims(a, n), multiplyDims(b, m));
  for (const divisor of [-6, -4, -1, 1, 2, 3, 4, 6])
    for (const a of between(-7, 7))
      for (const rest of between(-7, 7)) {
        const sum = addDims(line(a, 2), rest);
        const quotient = floorDivideDims(sum, divisor);
        for (const size of sizes)
          expect(evaluateDim(quotient, size)).toBe(
            Math.floor(evaluateDim(sum, size) / divisor) + 0,
          );
        // ⌊(x + d · y) / d⌋ = ⌊x / d⌋ + y, and ⌊k · x / (k · d)⌋ = ⌊x / d⌋, also with a rest below k.
        const more = addDims(multiplyDims(3, n, m), a);
        const moved = floorDivideDims(addDims(sum, multiplyDims(divisor, more)), divisor);
        expect(dimEqual(moved, addDims(quotient, more))).toBe(true);
        const tripled = addDims(multiplyDims(3, sum), divisor > 0 ? 2 : -2);
        expect(dimEqual(floorDivideDims(tripled, 3 * divisor), quotient)).toBe(true);
      }
});

it("over what a transposed convolution makes of a free length lie as many windows as it was long", () => {
  for (const stride of [1, 2, 3, 4, 5])
    for (const reach of [1, 2, 3, 4, 5, 7]) {
      const [own] = sliding({
        ...{ extents: [multiplyDims(stride, n)], sizes: [reach], strides: [stride] },
        ...{ dilations: [1], padding: "same", what: "kernel", paddingPosition: 0 },
      });
      expect(dimEqual(own?.count ?? 0, n)).toBe(true);
    }
});
