// Tensors and margins in; what mirror images, borders and other ends surround them, against NumPy's definition, with derivatives, out.

import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { freeDim, shapeText } from "../../compiler/types/dimension.js";
import { expectDerivative, leaf, one, tensor } from "../support/calls.js";
import { interpretOne } from "../support/interpret.js";

/** Where the entry at `place` of a padded axis of n comes from. */
const origins = {
  reflect: (place: number, n: number) => n - 1 - Math.abs(n - 1 - Math.abs(place)),
  edge: (place: number, n: number) => Math.min(Math.max(place, 0), n - 1),
  wrap: (place: number, n: number) => (place + n) % n,
};

describe.each(["reflect", "edge", "wrap"] as const)("pad of mode %s", (mode) => {
  it.each([
    [0, 0],
    [3, 0],
    [0, 2],
    [2, 3],
  ])("%i before and %i behind", (before, after) => {
    const axis = [...Array(before + 4 + after).keys()];
    const expected = axis.map((place) => origins[mode](place - before, 4));
    const b = createBuilder();
    const margins = [
      [before, after],
      [0, 1],
    ];
    const x = leaf(b, "x", [4, 2]);
    const out = one(b, "pad", x, margins, 0, mode);
    const leaves = { x: { shape: [4, 2], data: [0, 10, 1, 11, 2, 12, 3, 13] } };
    const rows = expected.flatMap((row) => [0, 1, 2].map((n) => row + 10 * origins[mode](n, 2)));
    expect([...interpretOne(out, { leaves }).data]).toEqual(rows);
    expectDerivative(b, out, { x }, { leaves: { x: tensor([4, 2], 3) } });
  });

  it("along a free axis, of integers", () => {
    const b = createBuilder();
    const x = leaf(b, "x", [freeDim("time")], "i32");
    const out = one(b, "pad", x, [[1, 2]], 0, mode);
    expect(shapeText(out.shape)).toBe("[time + 3]");
    const leaves = { x: { shape: [3], data: [5, 6, 7] } };
    const expected = [-1, 0, 1, 2, 3, 4].map((place) => 5 + origins[mode](place, 3));
    expect([...interpretOne(out, { leaves, dimensions: { time: 3 } }).data]).toEqual(expected);
  });
});
