// Tensors in; their running extremes, products and logarithms of summed exponentials, against plain loops, with derivatives, out.

import { describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Dim } from "../../compiler/types/dimension.js";
import { reference } from "../oracle/reference.js";
import { expectClose, expectDerivative, leaf, one, tensor } from "../support/calls.js";
import { interpretOne } from "../support/interpret.js";

const names = ["cummax", "cummin", "cumprod", "cumlogsumexp"] as const;
const time = freeDim("time");

describe.each(names)("%s", (name) => {
  it.each([
    [[7], 0, false],
    [[2, 7], -1, true],
    [[6, 1, 2], 0, true],
    // Blocks of 64, and how many is not known.
    [[300], 0, false],
    [[2, time], 1, true],
  ] as const)("of %j along %i", (declared: readonly Dim[], along, reverse) => {
    const shape = declared.map((extent) => (typeof extent === "number" ? extent : 5));
    const b = createBuilder();
    const x = leaf(b, "x", declared);
    const out = one(b, name, x, along, reverse);
    const leaves = { x: tensor(shape, 3, name === "cumprod" ? [0.7, 1.4] : undefined) };
    const bindings = { leaves, dimensions: { time: 5 } };
    const axis = (along + shape.length) % shape.length;
    expectClose(
      interpretOne(out, bindings),
      reference.running([leaves.x], { name, axis, reverse }),
    );
    if (shape[0] !== 300) expectDerivative(b, out, { x }, bindings);
  });

  it("takes in integers", () => {
    const b = createBuilder();
    const out = one(b, name, leaf(b, "x", [4], "i32"));
    expect(out.type).toBe(name === "cumlogsumexp" ? "f32" : "i32");
    const x = { shape: [4], data: [-3, 2, -5, 0] };
    expectClose(
      interpretOne(out, { leaves: { x } }),
      reference.running([x], { name, axis: 0, reverse: false }),
    );
  });
});

/** The derivative of Σ c · running(x), with c = 1, 2, 3, …. */
function slopeOf(
  name: string,
  data: readonly number[],
  reverse = false,
  extent: Dim = data.length,
) {
  const b = createBuilder();
  const x = leaf(b, "x", [extent]);
  const c = data.map((_, n) => n + 1);
  const out = one(b, name, x, 0, reverse);
  const [slope] = differentiate(b, b.sum(b.multiply(out, leaf(b, "c", [extent]))), [x]);
  if (slope === undefined) throw new Error("a derivative");
  const shape = [data.length];
  const leaves = { x: { shape, data }, c: { shape, data: c } };
  return [...interpretOne(slope, { leaves, dimensions: { time: data.length } }).data];
}

describe("derivatives", () => {
  it.each([4, time])("of products are exact at zeros", (extent) => {
    // d/dx of 1·a + 2·ab + 3·abc + 4·abcd, with b = 0, and with b = d = 0.
    expect(slopeOf("cumprod", [2, 0, 3, 4], false, extent)).toEqual([1, 4 + 18 + 96, 0, 0]);
    expect(slopeOf("cumprod", [2, 0, 3, 0], false, extent)).toEqual([1, 4 + 18, 0, 0]);
    expect(slopeOf("cumprod", [0, 0, 3, 4], false, extent)).toEqual([1, 0, 0, 0]);
  });

  it.each([5, time])("of extremes go to the first of equal ones that is met", (extent) => {
    expect(slopeOf("cummax", [1, 3, 3, 2, 4], false, extent)).toEqual([1, 2 + 3 + 4, 0, 0, 5]);
    expect(slopeOf("cummax", [1, 3, 3, 2, 2], true, extent)).toEqual([0, 0, 1 + 2 + 3, 0, 4 + 5]);
    expect(slopeOf("cummin", [3, 1, 1, 2, 0], false, extent)).toEqual([1, 2 + 3 + 4, 0, 0, 5]);
  });

  it.each([3, time])(
    "and logarithms of sums are finite for numbers far apart and infinite",
    (extent) => {
      const b = createBuilder();
      const out = one(b, "cumlogsumexp", leaf(b, "x", [extent]));
      const of = (data: readonly number[]) => [
        ...interpretOne(out, { leaves: { x: { shape: [3], data } }, dimensions: { time: 3 } }).data,
      ];
      expect(of([-1000, 1000, -1000])).toEqual([-1000, 1000, 1000]);
      expect(of([-Infinity, 2, -Infinity]).slice(1)).toEqual([2, 2]);
      expect(slopeOf("cumlogsumexp", [-Infinity, 2, -Infinity], false, extent)).toEqual([0, 5, 0]);
      expect(slopeOf("cumlogsumexp", [1, 1, -1000], false, extent)).toEqual([3.5, 2.5, 0]);
    },
  );
});
