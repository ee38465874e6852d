// Programs over i32 and u32 at the ends of their ranges in; on every backend what 32-bit arithmetic gives, out.

import { describe, expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";

const least = -2147483648;
const greatest = 2147483647;
const signed = [0, 1, -1, 2, -7, 7, greatest, least, least + 1, greatest - 1, 65_537, -1_000_003];
const pairs = signed.flatMap((a) => signed.map((b) => [a, b] as const));
const left = pairs.map(([a]) => a);
const right = pairs.map(([, b]) => b);

/** The remainder with the divisor's sign; 0 where the divisor is 0. */
function remainder(a: number, b: number): number {
  if (b === 0) return 0;
  const big = BigInt(a) % BigInt(b);
  const moved = big !== 0n && big < 0n !== b < 0 ? big + BigInt(b) : big;
  return Number(moved);
}
const wrapped = (value: bigint): number => Number(BigInt.asIntN(32, value));
const unsigned = (value: bigint): number => Number(BigInt.asUintN(32, value));

async function outputs(
  backend: TestBackend,
  source: string,
  inputs: Record<string, ArrayLike<number>>,
): Promise<Record<string, number[]>> {
  const net = await open(compileOne(`model M {\n${source}\n}`), backend, { seed: 1 });
  const found = await net.predict(inputs as never);
  net.destroy();
  return Object.fromEntries(Object.entries(found).map(([name, values]) => [name, [...values]]));
}

describe.each(["f64", "f32", "webgpu"] as const)("integers on %s", (backend) => {
  it("i32 wraps, and compares as it is written", async () => {
    const got = await outputs(
      backend,
      `input a: i32[batch]
       input b: i32[batch]
       output plus = a + b
       output difference = a - b
       output product = a * b
       output rest = a % b
       output negative = -a
       output size = abs(a)
       output lesser = min(a, b)
       output more = a + 1 > a
       output less = a < b
       output moved = a + 2000000000 + 2000000000
       output scaled = a * 65536 * 65536
       output parts = (a * 3 + b * 5) - (a * 3 - b)`,
      { a: Int32Array.from(left), b: Int32Array.from(right) },
    );
    const expected = (of: (a: number, b: number) => number): number[] =>
      pairs.map(([a, b]) => of(a, b));
    expect(got["plus"]).toEqual(expected((a, b) => (a + b) | 0));
    expect(got["difference"]).toEqual(expected((a, b) => (a - b) | 0));
    expect(got["product"]).toEqual(expected((a, b) => wrapped(BigInt(a) * BigInt(b))));
    expect(got["rest"]).toEqual(expected(remainder));
    expect(got["negative"]).toEqual(expected((a) => -a | 0));
    expect(got["size"]).toEqual(expected((a) => Math.abs(a) | 0));
    expect(got["lesser"]).toEqual(expected(Math.min));
    expect(got["more"]).toEqual(expected((a) => Number(a !== greatest)));
    expect(got["less"]).toEqual(expected((a, b) => Number(a < b)));
    expect(got["moved"]).toEqual(expected((a) => wrapped(BigInt(a) + 4_000_000_000n)));
    expect(got["scaled"]).toEqual(expected(() => 0));
    expect(got["parts"]).toEqual(expected((_, b) => wrapped(6n * BigInt(b))));
  });

  it("what is computed from live dimensions is exact, and wraps", async () => {
    const got = await outputs(
      backend,
      `input x: [n, 1]
       output square = n * n
       output product = n * 3000001
       output sum = n + 20000000
       output wrapped = n * 1000000007
       output unsigned = u32(n) * 4000000007
       output third = f32(n) / 4
       output chosen = if n > 4998 then n * n else 0`,
      { x: new Float32Array(4999) },
    );
    expect(got).toEqual({
      square: [24_990_001],
      product: [wrapped(4999n * 3_000_001n)],
      sum: [20_004_999],
      wrapped: [wrapped(4999n * 1_000_000_007n)],
      unsigned: [unsigned(4999n * 4_000_000_007n)],
      third: [1249.75],
      chosen: [24_990_001],
    });
  });

  it("the remainder of a division by 0 is 0, whether or not the divisor is known", async () => {
    const got = await outputs(
      backend,
      `input a: u32[batch]
       input b: i32[batch]
       output whole = a % 0
       output signed = b % 0
       output unknown = a % u32(b - b)
       output several = a[:, new] % (u32(range(3)) * 0)`,
      { a: Uint32Array.of(5, 4_294_967_295), b: Int32Array.of(-7, 7) },
    );
    expect(got).toEqual({
      whole: [0, 0],
      signed: [0, 0],
      unknown: [0, 0],
      several: [0, 0, 0, 0, 0, 0],
    });
  });

  it("three steps of a linear congruential generator come out to the last bit", async () => {
    const got = await outputs(
      backend,
      `input k: i32[batch]
       a = k * 1664525 + 1013904223
       b = a * 1664525 + 1013904223
       output y = b * 1664525 + 1013904223`,
      { k: Int32Array.of(1, -1, greatest) },
    );
    const step = (k: bigint): bigint => BigInt.asIntN(32, k * 1_664_525n + 1_013_904_223n);
    const after = [1n, -1n, BigInt(greatest)].map((k) => Number(step(step(step(k)))));
    expect(after[0]).toBe(-2129264258);
    expect(got["y"]).toEqual(after);
  });

  it("u32 wraps, and compares above 2³¹", async () => {
    const a = [0, 1, 4_294_967_295, 2_147_483_648, 3_000_000_000, 65_536];
    const b = [1, 2, 4_294_967_295, 65_537, 2_147_483_647, 65_536];
    const got = await outputs(
      backend,
      `input a: u32[batch]
       input b: u32[batch]
       output plus = a + b
       output difference = a - b
       output product = a * b
       output rest = a % b
       output more = a > b
       output greater = max(a, b)
       output everything = sum(a)
       output top = max(a, axis: 0)
       output low = min(a, axis: 0)`,
      { a: Uint32Array.from(a), b: Uint32Array.from(b) },
    );
    const expected = (of: (a: bigint, b: bigint) => bigint): number[] =>
      a.map((one, at) => unsigned(of(BigInt(one), BigInt(b[at] ?? 0))));
    expect(got["plus"]).toEqual(expected((x, y) => x + y));
    expect(got["difference"]).toEqual(expected((x, y) => x - y));
    expect(got["product"]).toEqual(expected((x, y) => x * y));
    expect(got["rest"]).toEqual(expected((x, y) => x % y));
    expect(got["more"]).toEqual(a.map((one, at) => Number(one > (b[at] ?? 0))));
    expect(got["greater"]).toEqual(a.map((one, at) => Math.max(one, b[at] ?? 0)));
    expect(got["everything"]).toEqual([
      unsigned(a.reduce((total, one) => total + BigInt(one), 0n)),
    ]);
    expect(got["top"]).toEqual([4_294_967_295]);
    expect(got["low"]).toEqual([0]);
  });

  it("sums, products and running sums of i32 wrap", async () => {
    const values = [greatest, greatest, 3, -5, 1_000_003, 77];
    const got = await outputs(
      backend,
      `input a: i32[batch]
       output total = sum(a)
       output product = prod(a)
       output running = cumsum(a, axis: 0)
       output lowest = min(a, axis: 0)
       output count = sum(a > 0)`,
      { a: Int32Array.from(values) },
    );
    const big = values.map(BigInt);
    expect(got["total"]).toEqual([wrapped(big.reduce((sum, one) => sum + one, 0n))]);
    expect(got["product"]).toEqual([wrapped(big.reduce((product, one) => product * one, 1n))]);
    expect(got["running"]).toEqual(
      big.map((_, at) => wrapped(big.slice(0, at + 1).reduce((sum, one) => sum + one, 0n))),
    );
    expect(got["lowest"]).toEqual([-5]);
    expect(got["count"]).toEqual([5]);
  });

  it("indices made of integers are what the integers are", async () => {
    const got = await outputs(
      backend,
      `input x: [5]
       input k: i32[batch]
       output picked = take(x, k)
       output moved = take(x, (k * 3 + 4) % 5)
       output places = range(batch) * 1000000000
       output best = argmax(x, axis: 0) + 2147483647`,
      { x: Float32Array.of(10, 11, 14, 13, 12), k: Int32Array.of(0, 4, 2, 1) },
    );
    expect(got["picked"]).toEqual([10, 12, 14, 11]);
    expect(got["moved"]).toEqual([0, 4, 2, 1].map((k) => [10, 11, 14, 13, 12][(k * 3 + 4) % 5]));
    expect(got["places"]).toEqual([0, 1, 2, 3].map((k) => (k * 1_000_000_000) | 0));
    expect(got["best"]).toEqual([(2 + greatest) | 0]);
  });

  it("sums of products of integers are exact and wrap", async () => {
    const a = [2_000_000_001, 0, 1, 1, 65_536, 65_537];
    const got = await outputs(
      backend,
      `input a: i32[batch, 2]
       input k: i32[batch]
       output product = a @ [[1, 2], [0, 65536]]
       output gram = transpose(a) @ a
       output convolved = conv(reshape(a, [batch, 2, 1]), [[[1]], [[3]]], padding: "valid")
       output scattered = scatter_add(a[:, 0], k, 2)
       output real = a @ [[0.5], [0.25]]`,
      { a: Int32Array.from(a), k: Int32Array.of(1, 0, 1) },
    );
    const rows = [a.slice(0, 2), a.slice(2, 4), a.slice(4)].map((row) => row.map(BigInt));
    const of = (row: number, column: number): bigint => rows[row]?.[column] ?? 0n;
    const lines = [0, 1, 2];
    expect(got["product"]).toEqual(
      lines.flatMap((i) => [wrapped(of(i, 0)), wrapped(2n * of(i, 0) + 65_536n * of(i, 1))]),
    );
    expect(got["gram"]).toEqual(
      [0, 1].flatMap((p) =>
        [0, 1].map((q) => wrapped(lines.reduce((sum, i) => sum + of(i, p) * of(i, q), 0n))),
      ),
    );
    expect(got["convolved"]).toEqual(lines.map((i) => wrapped(of(i, 0) + 3n * of(i, 1))));
    expect(got["scattered"]).toEqual([1, wrapped(2_000_000_001n + 65_536n)]);
    expect(got["real"]?.[1]).toBe(0.75);
  });

  it("casts saturate, and constants are not merged into ones that vanish", async () => {
    const got = await outputs(
      backend,
      `input x: [batch]
       output i = i32(x)
       output u = u32(x)
       output tiny = x * 1e-20 * 1e-20`,
      { x: Float32Array.of(1e30, -1e30, 3.7, -3.7) },
    );
    expect(got["i"]).toEqual([2_147_483_520, least, 3, -3]);
    expect(got["u"]).toEqual([4_294_967_040, 0, 3, 0]);
    expect(Math.abs((got["tiny"]?.[0] ?? 0) / 1e-10 - 1)).toBeLessThan(1e-6);
  });
});
