// Tensors, updates and their places in; what is taken by a place for each and what updates leave, against the independent reference, and mistakes, out.

import { describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { countOf } from "../../runtime/dimensions.js";
import { reference } from "../oracle/reference.js";
import {
  batch,
  dimensions,
  expectClose,
  expectDerivative,
  leaf,
  one,
  problemOf,
  tensor,
} from "../support/calls.js";
import { interpretOne } from "../support/interpret.js";
import { generator } from "../support/sampleValues.js";

type Sizes = readonly number[];

function integers(shape: Sizes, below: number, seed: number) {
  const next = generator(seed);
  return {
    shape,
    data: Array.from({ length: countOf(shape) }, () => Math.floor(next() * below)),
  };
}

describe("take_along", () => {
  const cases: readonly (readonly [x: Sizes, places: Sizes, axis: number])[] = [
    [[5], [3], 0],
    [[2, 5], [2, 3], -1],
    [[1, 5, 2], [3, 2, 1], 1],
    [[5, 3], [7, 1], 0],
    [[4, 1, 2], [5, 3, 2], 0],
    [[3, 4, 2], [1, 6, 2], 1],
  ];
  it.each(cases)("of %j by %j along %i", (shape, places, axis) => {
    const b = createBuilder();
    const x = leaf(b, "x", shape);
    const out = one(b, "take_along", x, leaf(b, "i", places, "i32"), axis);
    const extent = shape.at(axis) ?? 1;
    const leaves = { x: tensor(shape, 3), i: integers(places, extent, 5) };
    expectClose(
      interpretOne(out, { leaves }),
      reference.takeAlong([leaves.x, leaves.i], { axis: (axis + shape.length) % shape.length }),
    );
    expectDerivative(b, out, { x }, { leaves });
  });

  it("wants as many axes, and others that broadcast", () => {
    const places = (shape: Sizes): string =>
      problemOf("take_along", (b) => [leaf(b, "x", [2, 5]), leaf(b, "i", shape, "i32")]);
    expect(places([3])).toContain("equally many axes");
    expect(places([3, 4])).toContain("do not agree");
  });
});

describe.each(["add", "set", "min", "max"] as const)("scatter_%s", (meet) => {
  const rest = meet === "add" ? [] : [-0.5];
  const otherwise = rest[0] ?? 0;

  const cases: readonly (readonly [updates: Sizes, places: Sizes, count: number, axis: number])[] =
    [
      [[6, 3], [6], 5, 0],
      [[3, 2, 4], [2, 4], 5, 1],
    ];
  it.each(cases)("of %j at %j to %i along %i", (shape, places, count, axis) => {
    const b = createBuilder();
    const x = leaf(b, "x", shape);
    const out = one(b, `scatter_${meet}`, x, leaf(b, "i", places, "u32"), count, axis, ...rest);
    const leaves = { x: tensor(shape, 3), i: integers(places, count - 1, 5) };
    expectClose(
      interpretOne(out, { leaves }),
      reference.scatter([leaves.x, leaves.i], { axis, count, meet, otherwise }),
    );
    expectDerivative(b, out, { x }, { leaves });
  });

  const along: readonly (readonly [updates: Sizes, places: Sizes, count: number, axis: number])[] =
    [
      [[6], [6], 4, 0],
      [[2, 6], [1, 6], 4, 1],
      [[4, 6, 2], [4, 6, 1], 5, 1],
      [[6, 3], [6, 3], 4, 0],
    ];
  it.each(along)("along: of %j at %j to %i along %i", (shape, places, count, axis) => {
    const b = createBuilder();
    const x = leaf(b, "x", shape);
    const i = leaf(b, "i", places, "i32");
    const out = one(b, `scatter_${meet}_along`, x, i, count, axis, ...rest);
    const leaves = { x: tensor(shape, 3), i: integers(places, count - 1, 5) };
    expectClose(
      interpretOne(out, { leaves }),
      reference.scatterAlong([leaves.x, leaves.i], { axis, count, meet, otherwise }),
    );
    expectDerivative(b, out, { x }, { leaves });
  });

  it("says what does not fit", () => {
    const updates = (shape: Sizes): string =>
      problemOf(`scatter_${meet}`, (b) => [leaf(b, "x", shape), leaf(b, "i", [5], "i32"), 3]);
    expect(updates([4, 2])).toContain("updates have the axes of the places");
    const wide = (shape: Sizes): string =>
      problemOf(`scatter_${meet}_along`, (b) => [
        leaf(b, "x", shape),
        leaf(b, "i", [2, 5], "i32"),
        3,
      ]);
    expect(wide([2, 4])).toContain("an update for each place");
  });
});

describe("scatter_max and scatter_min", () => {
  // Updates are sorted: neither they nor the entries are known to be few.
  it.each(["max", "min"] as const)("%s over free dimensions", (meet) => {
    const b = createBuilder();
    const x = leaf(b, "x", [batch, 2]);
    const out = one(b, `scatter_${meet}`, x, leaf(b, "i", [batch], "i32"), batch, 0, 9);
    const leaves = { x: tensor([3, 2], 3), i: { shape: [3], data: [1, 7, 1] } };
    const how = { axis: 0, count: 3, meet, otherwise: 9 };
    expectClose(
      interpretOne(out, { leaves, dimensions }),
      reference.scatter([leaves.x, leaves.i], how),
    );
  });

  const found = (name: string, x: readonly number[], otherwise: number): number[] => {
    const b = createBuilder();
    const i = leaf(b, "i", [4], "i32");
    const out = one(b, name, leaf(b, "x", [4]), i, 2, 0, otherwise);
    const leaves = {
      x: { shape: [4], data: x },
      i: { shape: [4], data: [0, 0, 0, 0] },
    };
    return [...interpretOne(out, { leaves }).data];
  };

  it("take infinity for what it is", () => {
    const low = [-Infinity, -Infinity, -Infinity, -Infinity];
    expect(found("scatter_max", low, 3)).toEqual([-Infinity, 3]);
    expect(found("scatter_min", low, 3)).toEqual([-Infinity, 3]);
    expect(found("scatter_min", [Infinity, Infinity, Infinity, Infinity], 3)).toEqual([
      Infinity,
      3,
    ]);
  });

  it("give the derivative to the first of equal updates, and to what stands where there is none", () => {
    const b = createBuilder();
    const nodes = { x: leaf(b, "x", [4]), rest: leaf(b, "rest", [2]) };
    const out = one(b, "scatter_max", nodes.x, leaf(b, "i", [4], "i32"), 2, 0, nodes.rest);
    const leaves = {
      x: { shape: [4], data: [1, 5, 5, 2] },
      i: { shape: [4], data: [1, 1, 1, 1] },
      rest: { shape: [2], data: [7, 8] },
    };
    expect([...interpretOne(out, { leaves }).data]).toEqual([7, 5]);
    const total = b.sum(b.multiply(out, b.constant([3, 2], [2])));
    const [dx, drest] = differentiate(b, total, [nodes.x, nodes.rest]);
    if (dx === undefined || drest === undefined) throw new Error("two derivatives");
    expect([...interpretOne(dx, { leaves }).data]).toEqual([0, 2, 0, 0]);
    expect([...interpretOne(drest, { leaves }).data]).toEqual([3, 0]);
  });

  it("refuse an `otherwise` that does not fit the result", () => {
    const message = problemOf("scatter_max", (b) => [
      ...[leaf(b, "x", [4]), leaf(b, "i", [4], "i32"), 2, 0],
      leaf(b, "rest", [3]),
    ]);
    expect(message).toContain("`otherwise` is a number, or a tensor that broadcasts to the result");
  });
});
