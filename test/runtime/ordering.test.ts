// Rows of hundreds and thousands of values in; their order, largest, running sums and derivatives on every backend, and what they cost, out.

import { describe, expect, it } from "vitest";
import { evaluateDim } from "../../runtime/dimensions.js";
import { compileOne, open } from "../support/compiled.js";
import { generator } from "../support/sampleValues.js";

const source = (length: number | "time"): string => `model M {
  input x: [batch, ${length}]
  output up = sort(x)
  output down = sort(x, descending: true)
  output indices = argsort(x)
  output backwards = argsort(x, descending: true)
  output most = top_k(x, 7)[0]
  output where = top_k(x, 7)[1]
  output sums = cumsum(x)
  output rest = cumsum(x, reverse: true)
  output slope = grad(sum(sort(x) * cumsum(x)), x)
}`;

/** Whole numbers, so that many are equal and every sum is exact. */
function rowsOf(rows: number, length: number): number[][] {
  const next = generator(length);
  return Array.from({ length: rows }, () =>
    Array.from({ length }, () => Math.floor(next() * Math.min(40, length)) - 11),
  );
}

const at = (values: readonly number[], index: number): number => values[index] ?? NaN;

function expectedOf(row: readonly number[]): Record<string, number[]> {
  const indices = [...row.keys()].sort((p, q) => at(row, p) - at(row, q) || p - q);
  const backwards = [...row.keys()].sort((p, q) => at(row, q) - at(row, p) || p - q);
  const up = indices.map((index) => at(row, index));
  let sum = 0;
  const sums = row.map((value) => (sum += value));
  const rest = row.map((value, index) => sum - at(sums, index) + value);
  // Of Σ sorted[j] · sums[j]: a value counts with the sum where it is sorted to, and in all sums from its own rank on.
  let tail = 0;
  const slope = [...up]
    .reverse()
    .map((value) => (tail += value))
    .reverse();
  for (const [rank, index] of indices.entries()) slope[index] = at(slope, index) + at(sums, rank);
  return {
    up,
    down: backwards.map((index) => at(row, index)),
    indices,
    backwards,
    most: backwards.slice(0, 7).map((index) => at(row, index)),
    where: backwards.slice(0, 7),
    sums,
    rest,
    slope,
  };
}

describe.each(["f64", "f32", "webgpu"] as const)("on %s", (backend) => {
  async function holds(declared: number | "time", lengths: readonly number[]): Promise<void> {
    const net = await open(compileOne(source(declared)), backend, { seed: 1 });
    for (const length of lengths) {
      const rows = rowsOf(2, length);
      const x = { data: Float32Array.from(rows.flat()), shape: [2, length] };
      const found = await net.predict({ x });
      const wanted = rows.map(expectedOf);
      for (const [name, values] of Object.entries(found)) {
        const expected = wanted.flatMap((row) => row[name] ?? []);
        expect([...values], `${name} of ${length}`).toEqual(expected);
      }
    }
    net.destroy();
  }

  it("values whose number is known are sorted and summed", async () => {
    await holds(257, [257]);
    await holds(1300, [1300]);
  });

  it("the largest values are of their own row, and more of them than there are is refused", async () => {
    const net = await open(
      compileOne(`model M {
        input x: [batch, time]
        output most = top_k(x, 5)[0]
        output where = top_k(x, 5)[1]
      }`),
      backend,
      { seed: 1 },
    );
    const few = { data: Float32Array.of(3, 1, 2, 7, 9, 8), shape: [2, 3] };
    await expect(net.predict({ x: few })).rejects.toThrow(/time is 3: it has to be at least 5/);
    const x = { data: Float32Array.of(3, 1, 2, 5, 4, 7, 9, 8, 6, 10), shape: [2, 5] };
    const found = await net.predict({ x });
    expect([...(found["most"] ?? [])]).toEqual([5, 4, 3, 2, 1, 10, 9, 8, 7, 6]);
    expect([...(found["where"] ?? [])]).toEqual([3, 4, 0, 2, 1, 4, 1, 2, 0, 3]);
    net.destroy();
  });

  it("what is not a number comes last, and first from the largest on; each value has its own place", async () => {
    const length = 300;
    const net = await open(
      compileOne(`model M {
        input x: [batch, few]
        input divisor: [batch, few]
        input long: [batch, ${length}]
        few_values = x / divisor
        values = long / (if long == 0 then 0 else 1)
        output up = argsort(few_values)
        output down = argsort(few_values, descending: true)
        output most = top_k(few_values, 3)[1]
        output sorted = sort(few_values)
        output places = argsort(values)
      }`),
      backend,
      { seed: 1 },
    );
    // 0 / 0 is NaN: at 1 and 4 of the few, and at every seventh of the many.
    const long = Float32Array.from({ length }, (_, i) => (i % 7 === 0 ? 0 : 500 - i));
    const found = await net.predict({
      x: { data: Float32Array.of(3, 0, -2, 7, 0, 3), shape: [1, 6] },
      divisor: { data: Float32Array.of(1, 0, 1, 1, 0, 1), shape: [1, 6] },
      long: { data: long, shape: [1, length] },
    });
    net.destroy();
    expect([...(found["up"] ?? [])]).toEqual([2, 0, 5, 3, 1, 4]);
    expect([...(found["down"] ?? [])]).toEqual([1, 4, 3, 0, 5, 2]);
    expect([...(found["most"] ?? [])]).toEqual([1, 4, 3]);
    expect([...(found["sorted"] ?? [])]).toEqual([-2, 3, 3, 7, NaN, NaN]);
    const all = [...long.keys()];
    const numbers = all.filter((i) => i % 7 !== 0).reverse();
    expect([...(found["places"] ?? [])]).toEqual([...numbers, ...all.filter((i) => i % 7 === 0)]);
  });

  it("infinity comes behind every number and before what is none", async () => {
    const net = await open(
      compileOne(`model M {
        input x: [batch, 6]
        input divisor: [batch, 6]
        values = x / divisor
        output up = argsort(values)
        output down = argsort(values, descending: true)
        output sorted = sort(values)
      }`),
      backend,
      { seed: 1 },
    );
    // NaN, ∞, 3e38, −∞, ∞ and 1.
    const found = await net.predict({
      x: { data: Float32Array.of(0, 1, 3e38, -1, 2, 1), shape: [1, 6] },
      divisor: { data: Float32Array.of(0, 0, 1, 0, 0, 1), shape: [1, 6] },
    });
    net.destroy();
    expect([...(found["up"] ?? [])]).toEqual([3, 5, 2, 1, 4, 0]);
    expect([...(found["down"] ?? [])]).toEqual([0, 1, 4, 2, 5, 3]);
    const sorted = [...(found["sorted"] ?? [])];
    expect(sorted).toEqual([-Infinity, 1, Math.fround(3e38), Infinity, Infinity, NaN]);
  });

  it("values whose number is not known are, however many there are", async () => {
    await holds("time", [7, 65, 1025]);
  });
});

/** Operations and bytes of temporary memory of one row. */
function costOf(expression: string, declared: number | "time", length: number): [number, number] {
  const { plan } = compileOne(
    `model M {\n input x: [batch, ${declared}]\n output y = ${expression}\n}`,
  );
  const dims = { batch: 1, time: length };
  const [program] = plan.programs;
  const operations = program?.dispatches.map(({ flops }) => evaluateDim(flops, dims));
  const bytes = program?.slots.map(([size]) => evaluateDim(size, dims));
  const sum = (values: readonly number[] = []): number => values.reduce((a, b) => a + b, 0);
  return [sum(operations), sum(bytes)];
}

describe("sixteen times as many values cost about sixteen times as much, not their square", () => {
  it.each(["sort(x)", "argsort(x)", "top_k(x, 5)[0]", "cumsum(x)", "grad(sum(cumsum(x) ^ 2), x)"])(
    "%s",
    (expression) => {
      for (const [few, many] of [
        [costOf(expression, 4096, 4096), costOf(expression, 65_536, 65_536)],
        [costOf(expression, "time", 5_000), costOf(expression, "time", 35_000)],
      ] as const) {
        expect(few[0]).toBeGreaterThan(0);
        expect(many[0] / few[0]).toBeLessThan(80);
        expect(many[1] / few[1]).toBeLessThan(80);
      }
    },
  );
});
