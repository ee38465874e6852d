// Sums weighted by softmax in; where they are divided by the sum of their weights, and that values and derivatives stay, out.

import { describe, expect, it } from "vitest";
import { differentiate, differentiateAll } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { optimize, passesBeforeDerivatives } from "../../compiler/optimize/index.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { isNeverZero } from "../../compiler/ops/signs.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Node, Shape } from "../../compiler/types/graph.js";
import { one, tensor } from "../support/calls.js";
import { interpretOne } from "../support/interpret.js";

const batch = freeDim("batch");

interface Softmax {
  readonly weights: Node;
  readonly sum: Node;
}

/** As the standard library writes it, over the last axis. */
function softmax(b: GraphBuilder, x: Node, shiftAxes?: readonly number[]): Softmax {
  const last = x.shape.length - 1;
  const raw = b.exp(b.subtract(x, b.stopGradient(b.max(x, shiftAxes ?? [last], true))));
  const sum = b.sum(raw, [last], true);
  return { weights: b.divide(raw, sum), sum };
}

/** The shapes of all quotients behind the pass, and what is computed before and behind it. */
function divided(build: (b: GraphBuilder, x: Node, v: Node) => Node, shapes: readonly Shape[]) {
  const b = createBuilder();
  const [x, v] = ["x", "v"].map((name, at) =>
    b.input(name, { type: "f32", shape: shapes[at] ?? [] }),
  );
  if (!x || !v) throw new Error("two inputs");
  const before = build(b, x, v);
  const pass = passesBeforeDerivatives.find(({ name }) => name === "weights");
  const [after = before] = pass?.start({})(b, [before]) ?? [];
  const sizes = shapes.map((shape) =>
    shape.map((extent) => (extent === batch ? 3 : Number(extent))),
  );
  const leaves = { x: tensor(sizes[0] ?? [], 1), v: tensor(sizes[1] ?? [], 2) };
  const expectSame = (one: Node, other: Node): void => {
    const bindings = { leaves, dimensions: { batch: 3 } };
    const found = [...interpretOne(other, bindings).data];
    const expected = [...interpretOne(one, bindings).data];
    expect(found.length).toBe(expected.length);
    found.forEach((value, n) => {
      expect(value).toBeCloseTo(expected[n] ?? NaN, 10);
    });
  };
  expectSame(before, after);
  for (const variable of [x, v]) {
    const squared = (node: Node): Node => b.sum(b.multiply(node, b.sin(node)));
    const slopeOf = (node: Node): Node | undefined =>
      differentiateAll(b, [{ output: squared(node), cotangent: b.constant(1) }], [variable])[0];
    const [own, found] = [slopeOf(before), slopeOf(after)];
    if (!own || !found) throw new Error("a derivative each");
    expectSame(own, found);
  }
  return topologicalOrder([after]).flatMap(({ op, shape }) => (op === "divide" ? [shape] : []));
}

describe("a sum weighted by softmax", () => {
  it("is divided by the sum of its weights where it has fewer elements", () => {
    const attention = (b: GraphBuilder, x: Node, v: Node): Node =>
      one(b, "matmul", softmax(b, x).weights, v);
    expect(
      divided(attention, [
        [batch, 5, 7],
        [batch, 7, 2],
      ]),
    ).toEqual([[batch, 5, 2]]);
    expect(
      divided(attention, [
        [4, batch],
        [batch, 6],
      ]),
    ).toEqual([[4, 6]]);
    // As many or more: the weights are divided.
    expect(
      divided(attention, [
        [batch, 5, 4],
        [batch, 4, 4],
      ]),
    ).toEqual([[batch, 5, 4]]);
    expect(
      divided(attention, [
        [4, 7],
        [7, batch],
      ]),
    ).toEqual([[4, 7]]);
  });

  it("is, whichever operand the weights are, and in whatever order its axes are", () => {
    const plain = (axes: readonly number[]) =>
      axes.map((axis) => ({ terms: [{ axis, coefficient: 1 }], offset: 0, divisor: 1 }));
    const second = (b: GraphBuilder, x: Node, v: Node): Node =>
      b.contract(v, softmax(b, x).weights, {
        ...{ extents: [2, 5, 7], outputRank: 2, left: plain([0, 2]), right: plain([1, 2]) },
      });
    expect(
      divided(second, [
        [5, 7],
        [2, 7],
      ]),
    ).toEqual([[2, 5]]);
    const swapped = (b: GraphBuilder, x: Node, v: Node): Node =>
      b.contract(softmax(b, x).weights, v, {
        ...{ extents: [4, 3, 2, 7], outputRank: 3 },
        left: plain([1, 0, 3]),
        right: plain([3, 2]),
      });
    expect(
      divided(swapped, [
        [3, 4, 7],
        [7, 2],
      ]),
    ).toEqual([[4, 3, 2]]);
  });

  it.each([
    [
      "is summed along the rows themselves",
      (b: GraphBuilder, x: Node, v: Node) => one(b, "matmul", v, softmax(b, x).weights),
      [
        [7, 5],
        [2, 7],
      ],
    ],
    [
      "has weights that may exceed 1",
      (b: GraphBuilder, x: Node, v: Node) => {
        const raw = b.exp(x);
        return one(b, "matmul", b.divide(raw, b.sum(raw, [1], true)), v);
      },
      [
        [5, 7],
        [7, 2],
      ],
    ],
    [
      "is shifted along other axes than it is summed",
      (b: GraphBuilder, x: Node, v: Node) => one(b, "matmul", softmax(b, x, [0]).weights, v),
      [
        [5, 7],
        [7, 2],
      ],
    ],
    [
      "is divided by another sum",
      (b: GraphBuilder, x: Node, v: Node) => {
        const { sum } = softmax(b, b.multiply(x, 2));
        const raw = b.exp(b.subtract(x, b.max(x, [1], true)));
        return one(b, "matmul", b.divide(raw, sum), v);
      },
      [
        [5, 7],
        [7, 2],
      ],
    ],
  ] as const)("is left as it is where it %s", (_, build, shapes) => {
    const [weights] = shapes;
    expect(divided(build, shapes)).toEqual([weights]);
  });

  it("has a sum of weights that is never 0, so that its derivative asks for none", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [batch, 7] });
    expect(isNeverZero(softmax(b, x).sum)).toBe(true);
    expect(isNeverZero(softmax(b, x, [0]).sum)).toBe(false);
    expect(isNeverZero(b.sum(b.exp(x), [1], true))).toBe(false);
    const { weights } = softmax(b, x);
    const [slope] = differentiate(b, b.sum(b.multiply(weights, weights)), [x]);
    const [made] = slope ? optimize(b, [slope]) : [];
    expect(topologicalOrder(made ? [made] : []).some(({ op }) => op === "select")).toBe(false);
  });
});
