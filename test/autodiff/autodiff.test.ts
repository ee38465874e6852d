// Derivatives where the mathematics has corners, of graphs, per example and of derivatives in; their values, checked, out.

import { describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { jacobian } from "../../compiler/autodiff/jacobian.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { primitives } from "../../compiler/ops/primitives.js";
import { isProblem } from "../../compiler/ops/problem.js";
import { elementCount, freeDim, shapeText } from "../../compiler/types/dimension.js";
import type { Node, Shape } from "../../compiler/types/graph.js";
import { interpretOne } from "../support/interpret.js";

const batch = freeDim("batch");

/** The derivative of the sum of f at a vector. */
function gradientAt(f: (b: GraphBuilder, x: Node) => Node, values: readonly number[]): number[] {
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [values.length] });
  const [gradient] = differentiate(b, f(b, x), [x]);
  if (gradient === undefined) throw new Error("one derivative");
  expect(verifyGraph([gradient])).toEqual([]);
  return [
    ...interpretOne(gradient, { leaves: { x: { shape: [values.length], data: values } } }).data,
  ];
}

/** −0 counts as 0. */
function plain(values: readonly number[]): number[] {
  return values.map((value) => value + 0);
}

describe("derivatives by several nodes", () => {
  it("are each the whole one, where one is computed from another", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [3] });
    const a = b.multiply(x, 2);
    const c = b.multiply(a, a);
    const l = b.add(b.sum(b.multiply(c, c)), b.sum(b.multiply(x, a)));
    const leaves = { x: { shape: [3], data: [1, 2, 3] } };
    const valuesOf = (node: Node | undefined): number[] => {
      if (node === undefined) throw new Error("a derivative");
      return [...interpretOne(node, { leaves }).data];
    };
    const together = differentiate(b, l, [c, x, a, x]).map(valuesOf);
    const alone = [c, x, a, x].map((one) => valuesOf(differentiate(b, l, [one])[0]));
    expect(together).toEqual(alone);
    expect(together[1]).toEqual([64 + 4, 512 + 8, 1728 + 12]);
  });
});

describe("derivatives at corners", () => {
  it("go to the first maximum and minimum", () => {
    expect(gradientAt((b, x) => b.max(x), [1, 3, 3, 2])).toEqual([0, 1, 0, 0]);
    expect(gradientAt((b, x) => b.min(x), [2, 1, 3, 1])).toEqual([0, 1, 0, 0]);
    const twoAxes = (b: GraphBuilder, x: Node) => b.max(b.reshape(x, [2, 2]), [1, 0]);
    expect(gradientAt(twoAxes, [1, 3, 3, 2])).toEqual([0, 1, 0, 0]);
  });

  it("go to the first operand on a tie", () => {
    expect(gradientAt((b, x) => b.maximum(x, b.multiply(x, 1)), [2])).toEqual([1]);
    expect(gradientAt((b, x) => b.maximum(x, 2), [2, 3, 1])).toEqual([1, 1, 0]);
    expect(gradientAt((b, x) => b.maximum(b.constant(2, [3]), x), [2, 3, 1])).toEqual([0, 1, 0]);
    expect(gradientAt((b, x) => b.minimum(x, 2), [2, 3, 1])).toEqual([1, 0, 1]);
  });

  it("of products are exact with one zero and with two", () => {
    expect(gradientAt((b, x) => b.prod(x), [2, 3, 4])).toEqual([12, 8, 6]);
    expect(gradientAt((b, x) => b.prod(x), [2, 0, 4])).toEqual([0, 8, 0]);
    expect(gradientAt((b, x) => b.prod(x), [0, 0, 4])).toEqual([0, 0, 0]);
    // ∂²(x·y·z)/∂x∂y = z, at x = y = 0 too.
    const second = (b: GraphBuilder, x: Node) => {
      const [gradient] = differentiate(b, b.prod(x), [x]);
      return b.slice(gradient ?? x, [0], [1]);
    };
    expect(gradientAt(second, [0, 0, 4])).toEqual([0, 4, 0]);
  });

  it("of many factors are those of few, with their zeros, in a multiple of as many operations", () => {
    const values = Array.from({ length: 40 }, (_, n) => 1 + ((n * 7) % 5) / 8);
    const expectOthers = (given: readonly number[]): void => {
      const others = given.map((_, n) =>
        given.filter((_value, m) => m !== n).reduce((product, value) => product * value, 1),
      );
      const found = gradientAt((b, x) => b.prod(x), given);
      found.forEach((value, n) => {
        expect(value).toBeCloseTo(others[n] ?? NaN, 3 - Math.log10(1 + Math.abs(value)));
      });
    };
    expectOthers(values);
    expectOthers(values.with(20, 0));
    expectOthers(values.with(20, 0).with(3, 0));
    const second = (b: GraphBuilder, x: Node) => {
      const [gradient] = differentiate(b, b.prod(x), [x]);
      return b.slice(gradient ?? x, [0], [1]);
    };
    const ofBoth = gradientAt(
      second,
      values.map((value, n) => (n < 2 || n === 30 ? 0 : value)),
    );
    expect(ofBoth.every((value) => value === 0)).toBe(true);
    const ofOne = gradientAt(second, values.with(0, 0).with(30, 0));
    expect(ofOne.flatMap((value, n) => (value === 0 ? [] : [n]))).toEqual([30]);

    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [70_000] });
    const [gradient = x] = differentiate(b, b.prod(x), [x]);
    const sizes = topologicalOrder([gradient]).map(({ shape }) => elementCount(shape));
    expect(Math.max(...sizes.map(Number))).toBeLessThan(20 * 70_000);
  });

  it("of powers are finite at and below zero", () => {
    expect(gradientAt((b, x) => b.power(x, 0), [0, 2])).toEqual([0, 0]);
    expect(gradientAt((b, x) => b.power(x, 1), [0])).toEqual([1]);
    expect(gradientAt((b, x) => b.power(x, 2), [0, -3])).toEqual([0, -6]);
    expect(gradientAt((b, x) => b.power(x, 3), [-2])).toEqual([12]);
    expect(gradientAt((b, x) => b.power(x, 0.5), [0, 4])).toEqual([0, 0.25]);
    expect(gradientAt((b, x) => b.power(b.constant([0, -2, 2], [3]), x), [2, 2, 2])).toEqual([
      0,
      0,
      4 * Math.log(2),
    ]);
    // With the exponent not known while compiling.
    const hidden = (b: GraphBuilder, x: Node) => b.power(x, b.input("x", x));
    expect(gradientAt(hidden, [0])).toEqual([0]);
  });

  it("of sqrt and abs at zero are zero", () => {
    expect(gradientAt((b, x) => b.sqrt(x), [0, 4])).toEqual([0, 0.25]);
    expect(gradientAt((b, x) => b.sqrt(b.sum(b.multiply(x, x))), [0, 0])).toEqual([0, 0]);
    expect(gradientAt((b, x) => b.abs(x), [0, -2, 3])).toEqual([0, -1, 1]);
  });

  it("select, and never multiply, what was not taken", () => {
    const safe = (b: GraphBuilder, x: Node) => b.select(b.greater(x, 0), b.log(x), 0);
    expect(plain(gradientAt(safe, [2, 0]))).toEqual([0.5, 0]);
  });

  it("stop at stopGradient, steps and integers", () => {
    expect(gradientAt((b, x) => b.multiply(b.stopGradient(x), x), [3])).toEqual([3]);
    expect(gradientAt((b, x) => b.multiply(b.floor(x), x), [3.5])).toEqual([3]);
    expect(gradientAt((b, x) => b.cast(b.cast(x, "i32"), "f32"), [3.5])).toEqual([0]);
  });

  it("of a remainder are 1, and −⌊x / y⌋", () => {
    expect(gradientAt((b, x) => b.modulo(x, 2), [5, -1])).toEqual([1, 1]);
    expect(gradientAt((b, x) => b.modulo(b.constant([7, -7], [2]), x), [2, 2])).toEqual([-3, 4]);
  });
});

describe("the driver", () => {
  it("adds up all uses, and undoes broadcasting once", () => {
    expect(gradientAt((b, x) => b.add(b.multiply(x, x), x), [3, 4])).toEqual([7, 9]);
    const b = createBuilder();
    const bias = b.input("bias", { type: "f32", shape: [1, 3] });
    const x = b.input("x", { type: "f32", shape: [batch, 2, 3] });
    const [gradient] = differentiate(b, b.add(x, bias), [bias]);
    expect(gradient === undefined ? "" : shapeText(gradient.shape)).toBe("[1, 3]");
  });

  it("gives by each the whole derivative, though another be computed from it", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [] });
    const y = b.multiply(x, x);
    const [byY, byX] = differentiate(b, b.multiply(y, x), [y, x]);
    const at = (node: Node | undefined) =>
      node === undefined
        ? NaN
        : interpretOne(node, { leaves: { x: { shape: [], data: [3] } } }).data[0];
    expect(at(byY)).toBe(3);
    expect(at(byX)).toBe(27);
  });

  it("gives zeros for what the output does not depend on, and for outputs that are not real", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [batch, 2] });
    const other = b.input("other", { type: "f32", shape: [3] });
    const [zero] = differentiate(b, b.sum(x), [other]);
    expect(zero === undefined ? "" : shapeText(zero.shape)).toBe("[3]");
    expect(differentiate(b, b.argmax(x, 1), [x])[0]?.op).toBe("constant");
  });
});

function tensorLeaf(b: GraphBuilder, name: string, shape: Shape): Node {
  return b.input(name, { type: "f32", shape });
}

function matmul(b: GraphBuilder, left: Node, right: Node): Node {
  const built = primitives.matmul?.build(b, [left, right]);
  const [node] = built === undefined || isProblem(built) ? [] : built;
  if (node === undefined) throw new Error("these factors fit");
  return node;
}

describe("jacobian", () => {
  const x = { shape: [3, 4], data: Array.from({ length: 12 }, (_, n) => (n - 5) / 7) };
  const w = { shape: [4, 2], data: Array.from({ length: 8 }, (_, n) => (3 - n) / 5) };
  const bindings = { leaves: { x, w }, dimensions: { batch: 3 } };

  it("is per example, [batch, …h, …x]", () => {
    const b = createBuilder();
    const [xs, ws] = [tensorLeaf(b, "x", [batch, 4]), tensorLeaf(b, "w", [4, 2])];
    const h = b.tanh(matmul(b, xs, ws));
    const node = jacobian(b, h, xs);
    expect(shapeText(node.shape)).toBe("[batch, 2, 4]");
    expect(verifyGraph([node])).toEqual([]);
    const found = interpretOne(node, bindings).data;
    const out = interpretOne(h, bindings).data;
    // (1 − h²) · Wᵀ
    for (let n = 0; n < 24; n++) {
      const [example, unit, input] = [Math.floor(n / 8), Math.floor(n / 4) % 2, n % 4];
      const slope = 1 - (out[example * 2 + unit] ?? 0) ** 2;
      expect(found[n]).toBeCloseTo(slope * (w.data[input * 2 + unit] ?? 0), 12);
    }
  });

  it("is whole where there is no shared batch", () => {
    const b = createBuilder();
    const [xs, ws] = [tensorLeaf(b, "x", [batch, 4]), tensorLeaf(b, "w", [4, 2])];
    const node = jacobian(b, matmul(b, xs, ws), ws);
    expect(shapeText(node.shape)).toBe("[batch, 2, 4, 2]");
    const found = interpretOne(node, bindings).data;
    for (let n = 0; n < found.length; n++) {
      const [example, unit, input, output] = [
        Math.floor(n / 16),
        Math.floor(n / 8) % 2,
        Math.floor(n / 2) % 4,
        n % 2,
      ];
      expect(found[n]).toBeCloseTo(unit === output ? (x.data[example * 4 + input] ?? 0) : 0, 12);
    }
  });

  it("is differentiated again: the contractive penalty", () => {
    const b = createBuilder();
    const [xs, ws] = [tensorLeaf(b, "x", [batch, 4]), tensorLeaf(b, "w", [4, 2])];
    const own = jacobian(b, b.tanh(matmul(b, xs, ws)), xs);
    const penalty = b.sum(b.multiply(own, own));
    const [gradient] = differentiate(b, penalty, [ws]);
    if (gradient === undefined) throw new Error("one derivative");
    expect(verifyGraph([gradient])).toEqual([]);
    const found = interpretOne(gradient, bindings).data;
    for (const [n, value] of w.data.entries()) {
      const at = (step: number): number => {
        const data = w.data.map((own_, m) => (m === n ? value + step : own_));
        return (
          interpretOne(penalty, { ...bindings, leaves: { x, w: { shape: [4, 2], data } } })
            .data[0] ?? NaN
        );
      };
      expect(found[n]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 6);
    }
  });
});
