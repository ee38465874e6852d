// Rows of a table read by thousands of indices in; their derivatives and sums by index on every backend, and what they cost, out.

import { describe, expect, it } from "vitest";
import { knownIntegers } from "../../compiler/optimize/known.js";
import { sumSegments } from "../../compiler/optimize/segments.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { evaluateDim } from "../../runtime/dimensions.js";
import { compileOne, open } from "../support/compiled.js";
import { generator } from "../support/sampleValues.js";

const words = 3000;
const width = 3;

/** Most of them few, some outside; each value exact in single precision whatever the order of sums. */
function drawn(count: number): { indices: number[]; updates: number[] } {
  const next = generator(count);
  const indices = Array.from({ length: count }, () => Math.floor(next() ** 3 * (words + 40)) - 20);
  const updates = Array.from({ length: count * width }, () => Math.floor(next() * 64) - 20);
  return { indices, updates };
}

function sums(indices: readonly number[], updates: readonly number[]): number[] {
  const found = new Array<number>(words * width).fill(0);
  indices.forEach((index, n) => {
    const row = Math.min(Math.max(index, 0), words - 1) * width;
    for (let k = 0; k < width; k++) {
      found[row + k] = (found[row + k] ?? 0) + (updates[n * width + k] ?? 0);
    }
  });
  return found;
}

const source = (length: number | "time"): string => `model M {
  input indices: i32[batch, ${length}]
  input u: [batch, ${length}, ${width}]
  input n: i32[batch, ${length}, ${width}]
  input table: [${words}, ${width}]
  inside = min(max(indices, 0), ${words - 1})
  output sums = scatter_add(u, inside, ${words}, axis: 0)
  output counts = scatter_add(n, inside, ${words}, axis: 0)
  output slope = grad(sum(take(table, inside) * u), table)
}`;

describe.each(["f64", "f32", "webgpu"] as const)("updates by index on %s", (backend) => {
  it.each([
    ["as many as declared", 2500, 2500],
    ["however many there are", "time", 1700],
  ] as const)("%s", async (_, declared, length) => {
    const net = await open(compileOne(source(declared)), backend, { seed: 1 });
    const { indices, updates } = drawn(2 * length);
    const shape = [2, length, width];
    const found = await net.predict({
      indices: { data: Int32Array.from(indices), shape: [2, length] },
      u: { data: Float32Array.from(updates), shape },
      n: { data: Int32Array.from(updates, (value) => value + 2 ** 30), shape },
      table: new Float32Array(words * width),
    });
    const wanted = sums(indices, updates);
    expect([...(found["sums"] ?? [])]).toEqual(wanted);
    expect([...(found["slope"] ?? [])]).toEqual(wanted);
    const large = updates.map((value) => value + 2 ** 30);
    expect([...(found["counts"] ?? [])]).toEqual(sums(indices, large).map((value) => value | 0));
    net.destroy();
  });

  it("whose indices are known while compiling", async () => {
    const net = await open(
      compileOne(`model M {
        input u: [5000]
        output sums = scatter_add(u, (range(5000) * 7919 + 13) % 700, 700)
        output slope = grad(sum(take(u, (range(9000) * 31) % 5000) ^ 2), u)
      }`),
      backend,
      { seed: 1 },
    );
    const u = Float32Array.from({ length: 5000 }, (_, n) => (n % 17) - 5);
    const found = await net.predict({ u });
    const wanted = new Array<number>(700).fill(0);
    u.forEach((value, n) => {
      const index = (n * 7919 + 13) % 700;
      wanted[index] = (wanted[index] ?? 0) + value;
    });
    const slope = new Array<number>(5000).fill(0);
    for (let n = 0; n < 9000; n++) {
      const index = (n * 31) % 5000;
      slope[index] = (slope[index] ?? 0) + 2 * (u[index] ?? 0);
    }
    expect([...(found["sums"] ?? [])]).toEqual(wanted);
    expect([...(found["slope"] ?? [])]).toEqual(slope);
    net.destroy();
  });
});

describe("updates at places that are known while compiling", () => {
  it("are put in order from 256 comparisons on", () => {
    const summed = (count: number, extent: number): boolean => {
      const b = createBuilder();
      const places = Array.from({ length: count }, (_, n) => n % extent);
      const updates = b.input("u", { type: "f32", shape: [count] });
      const node = b.scatterAdd(updates, b.constant(places, [count], "i32"), 0, extent);
      return sumSegments(b, node, {}) !== undefined;
    };
    expect(summed(16, 16)).toBe(true);
    expect(summed(128, 2)).toBe(true);
    expect(summed(15, 17)).toBe(false);
    expect(summed(255, 1)).toBe(false);
  });
});

describe("integers known while compiling", () => {
  it("are what the device computes of them", () => {
    const b = createBuilder();
    const row = b.iota([1, 4], 1);
    const column = b.reshape(b.constant([5, -3, 2], [3], "i32"), [3, 1]);
    const value = b.select(b.less(row, 2), b.multiply(row, column), b.modulo(column, 4));
    expect(knownIntegers(value)).toEqual([0, 5, 1, 1, 0, -3, 1, 1, 0, 2, 2, 2]);
    expect(knownIntegers(b.add(value, b.input("x", { type: "i32", shape: [] })))).toBe(undefined);
    expect(knownIntegers(b.iota([2 ** 21], 0))).toBe(undefined);
    expect(knownIntegers(b.reshape(b.add(row, column), [12]))?.slice(0, 5)).toEqual([
      5, 6, 7, 8, -3,
    ]);
  });
});

/** Operations that one gradient of a table takes, by how many words it has and how many of them are read. */
function operations(tableOf: number, tokens: number): number {
  const { plan } = compileOne(`model M {
    input t: category(${tableOf})[${tokens}]
    input table: [${tableOf}, 8]
    output slope = grad(sum(take(table, t) ^ 2), table)
  }`);
  const dispatches = plan.programs[0]?.dispatches ?? [];
  return dispatches.reduce((sum, { flops }) => sum + evaluateDim(flops, { batch: 1 }), 0);
}

it("sums of many by index do not cost their product", () => {
  expect(operations(40_000, 16_000) / operations(10_000, 4_000)).toBeLessThan(8);
  expect(operations(40_000, 16_000)).toBeLessThan(40_000 * 16_000);
});

/** Whether sums by index take kernels that sort, by the number of updates and of entries of so many numbers. */
function sorts(updates: number, entries: number, rowLength = 1): boolean {
  const { plan } = compileOne(`model M {
    input i: i32[${updates}]
    input u: [${updates}, ${rowLength}]
    output y = scatter_add(u, i, ${entries})
  }`);
  return plan.kernels.length > 1;
}

it.each([
  [1024, 1024, 1, false],
  [4096, 4096, 1, true],
  [4096, 512, 1, false],
  [16_384, 64, 1, false],
  [512, 4096, 16, true],
  [1024, 64, 16, false],
  [4096, 256, 16, true],
] as const)(
  "%i updates of %i entries of %i numbers are sorted where that was measured to take less: %s",
  (updates, entries, rowLength, expected) => {
    expect(sorts(updates, entries, rowLength)).toBe(expected);
  },
);
