// Lengths of sums in; that no accumulator takes a long row, and what comes out in single precision on both backends, out.

import { describe, expect, it } from "vitest";
import { levelsOf, planBlocks } from "../../compiler/kernel/blocks.js";
import { literal } from "../../compiler/kernel/simplify.js";
import type { ReductionLoop } from "../../compiler/kernel/value.js";
import { createValues } from "../../compiler/kernel/value.js";
import { compileOne, open } from "../support/compiled.js";

/** Loops of these lengths from the outermost to the innermost; undefined where it is not known. */
function loopsOf(lengths: readonly (number | undefined)[], step = 1): ReductionLoop[] {
  const values = createValues();
  return lengths.map((length, at) => {
    const bound = values.variable(`n${at}`, undefined);
    return {
      variable: values.variable(`i${at}`, undefined),
      from: literal(values, "index", 0),
      below: length === undefined ? bound : literal(values, "index", length),
      step,
    };
  });
}

/** The longest row that any accumulator takes, where loops are as long as this. */
function longestRow(lengths: readonly (number | undefined)[], live: readonly number[]): number {
  let longest = 0;
  let row = 1;
  const plan = planBlocks(loopsOf(lengths));
  for (let at = plan.length - 1; at >= 0; at--) {
    const { sizes = [], apart = false } = plan[at] ?? {};
    const close = (): void => {
      longest = Math.max(longest, row);
      row = 1;
    };
    if (apart) close();
    let done = 1;
    for (const size of sizes) {
      row *= size / done;
      done = size;
      close();
    }
    row *= Math.ceil((live[at] ?? 1) / done);
  }
  return Math.max(longest, row);
}

describe("blocks of long sums", () => {
  it("short sums of known length stay whole", () => {
    for (const lengths of [[1024], [28, 28], [5, 5, 8], [1]])
      expect(
        planBlocks(loopsOf(lengths))
          .map(levelsOf)
          .every((levels) => levels === 0),
      ).toBe(true);
    // The invocations of a workgroup share the loop.
    expect(planBlocks(loopsOf([65_536], 64)).map(levelsOf)).toEqual([0]);
  });
  it("no accumulator takes more than 1024 terms in a row, whatever the loops", () => {
    for (const lengths of [
      [1025],
      [100_000],
      [10_000_000],
      [2_000_000_000],
      [784, 28],
      [64, 28, 28],
      [3000, 100, 7],
      [200, 200, 200],
      [129, 128],
    ])
      expect(longestRow(lengths, lengths), lengths.join()).toBeLessThanOrEqual(1024);
  });
  it("where lengths are not known, sums of 10⁷ terms still are sums of short rows", () => {
    expect(longestRow([undefined], [10_000_000])).toBeLessThanOrEqual(1024);
    expect(longestRow([undefined, 28, 28], [10_000, 28, 28])).toBeLessThanOrEqual(1024);
    expect(longestRow([undefined, 100], [100_000, 100])).toBeLessThanOrEqual(1024);
    expect(longestRow([undefined, undefined], [3000, 3000])).toBeLessThanOrEqual(1024);
  });
});

const program = (train: string): string => `model M {
  input x: [n]
  weight W: [] = 1
  output total = sum(x)
  output spread = mean((x - mean(x)) ^ 2)
  output products = x @ x
  ${train}
}`;

describe("a million terms of one sign", () => {
  const count = 1_000_003;
  const x = new Float32Array(count).fill(0.1);
  const term = Math.fround(0.1);
  it.each(["f32", "webgpu"] as const)(
    "%s: within 1e-5, however long it is trained with",
    async (backend) => {
      for (const train of [
        "",
        "loss (sum(x) * W) ^ 2 } train M { optimizer sgd(lr: 0.1)  n 1000000",
      ]) {
        const net = await open(compileOne(program(train)), backend, { seed: 1 });
        const { total, spread, products } = await net.predict({ x });
        expect(Math.abs((total?.[0] ?? NaN) / (term * count) - 1)).toBeLessThan(1e-5);
        expect(Math.abs((products?.[0] ?? NaN) / (term ** 2 * count) - 1)).toBeLessThan(1e-5);
        expect(spread?.[0]).toBeLessThan(1e-10);
        // Another length than trained, and one that fills no block.
        const short = await net.predict({ x: Float32Array.of(1, 2, 4) });
        expect(short["total"]?.[0]).toBe(7);
        net.destroy();
      }
    },
    60_000,
  );
});
