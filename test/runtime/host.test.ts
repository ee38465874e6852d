// Host expressions, extents and counters in; numbers known from elsewhere out.

import { describe, expect, it } from "vitest";
import { evaluateDim, formatShape, resolveDimensions } from "../../runtime/dimensions.js";
import { NnError, nearest } from "../../runtime/errors.js";
import { evaluateHost } from "../../runtime/host.js";
import { permutation, philox } from "../../runtime/philox.js";
import { splitRows } from "../../runtime/train/split.js";
import type { HostExpression } from "../../runtime/plan.js";

describe("host expressions", () => {
  const value = (expression: HostExpression): number =>
    evaluateHost(expression, { batch: 6 }, { step: 3, "plateau.0": 0.5 });

  it.each<[HostExpression, number]>([
    [2.5, 2.5],
    [["dim", ["*", "batch", 2]], 12],
    [["scalar", "step"], 3],
    [["scalar", "epoch"], 0],
    [["scalar", "plateau.0"], 0.5],
    [["scalar", "plateau.1"], 1],
    [["add", 1, ["multiply", 2, ["scalar", "step"]]], 7],
    [["power", 0.97, 2], 0.97 ** 2],
    [["modulo", -7, 3], 2],
    [["modulo", 7, -3], -2],
    [["round", 2.5], 2],
    [["round", -1.5], -2],
    [["round", 3.5], 4],
    [["sign", -3], -1],
    [["select", ["less", 1, 2], 10, 20], 10],
    [["select", ["and", ["not", 0], ["greaterEqual", 1, 2]], 10, 20], 20],
    [["minimum", 3, ["maximum", 1, 2]], 2],
    [["cos", 0], 1],
    [["negate", ["sqrt", 9]], -3],
    [["equal", 2, 2], 1],
    [["cast", 1.5], 1.5],
  ])("%j is %d", (expression, expected) => {
    expect(value(expression)).toBe(expected);
  });

  it("has the error function and its inverse in double precision", () => {
    expect(value(["erf", 1])).toBeCloseTo(0.8427007929497149, 15);
    expect(value(["erf", -0.3])).toBeCloseTo(-0.3286267594591274, 15);
    expect(value(["erf", 5])).toBeCloseTo(0.9999999999984626, 14);
    expect(value(["erfinv", 0.5])).toBeCloseTo(0.4769362762044699, 14);
    expect(value(["erfinv", -0.999])).toBeCloseTo(-2.326753765513525, 12);
    // That of the number below 1 in single precision, as in kernels.
    expect(value(["erfinv", 1])).toBeCloseTo(3.832506856900711, 14);
    expect(value(["erfinv", 0])).toBeCloseTo(0, 15);
  });
});

describe("dimensions", () => {
  it("are solved through extents that compute", () => {
    const declared = ["batch", ["/", ["+", ["*", 2, "n"], 1], 3]] as const;
    const found = resolveDimensions(
      [{ name: "x", declared: [...declared] as never, shape: [4, 7], count: 28 }],
      {},
      {},
    );
    expect(found["batch"]).toBe(4);
    expect(evaluateDim(declared[1] as never, found)).toBe(7);
    expect(formatShape(declared as never)).toBe("[batch, (((2 * n) + 1) / 3)]");
  });

  it("that cannot be are refused", () => {
    const given = { name: "x", declared: [["*", 2, "n"]] as never, shape: [7], count: 7 };
    expect(() => resolveDimensions([given], {}, {})).toThrow(NnError);
  });
});

describe("rows to validate on", () => {
  it("are the nearest number to their share, one at least, and never all", () => {
    const counts = [
      [100, 0.29, 29],
      [10, 0.25, 3],
      [3, 0.1, 1],
      [2, 0.9, 1],
    ] as const;
    for (const [count, share, size] of counts) {
      const { held, kept } = splitRows(count, share, 5);
      expect([held.length, kept.length]).toEqual([size, count - size]);
      expect(new Set([...held, ...kept]).size).toBe(count);
    }
  });
});

describe("Philox 4×32-10", () => {
  // The vectors that come with Random123.
  it("gives the published words", () => {
    const hex = (words: readonly number[]): string[] => words.map((word) => word.toString(16));
    expect(hex(philox([0, 0, 0, 0], [0, 0]))).toEqual([
      "6627e8d5",
      "e169c58d",
      "bc57ac4c",
      "9b00dbd8",
    ]);
    const ones = 0xffffffff;
    expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toEqual([
      "408f276d",
      "41c83b0e",
      "a20bc7c6",
      "6d5451fd",
    ]);
  });

  it("makes permutations that depend on the seed, the use and the epoch", () => {
    const first = permutation(1000, 7, 2, 0);
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(permutation(1000, 7, 2, 0)).toEqual(first);
    for (const other of [
      permutation(1000, 8, 2, 0),
      permutation(1000, 7, 1, 0),
      permutation(1000, 7, 2, 1),
    ]) {
      expect(other).not.toEqual(first);
    }
    expect(permutation(1, 7, 2, 0)).toEqual(new Uint32Array([0]));
  });
});

describe("the nearest name", () => {
  it("is few edits away, or none", () => {
    expect(nearest("imgae", ["image", "digit"])).toBe("image");
    expect(nearest("loss", ["image", "digit"])).toBeUndefined();
  });
});
