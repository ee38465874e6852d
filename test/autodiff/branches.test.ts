// Choices whose branch not taken is infinite, undefined or NaN in; derivatives that it does not reach, at every order, out.

import { describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { at } from "../../compiler/ops/broadcast.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { primitives } from "../../compiler/ops/primitives.js";
import { isProblem } from "../../compiler/ops/problem.js";
import { ruleOf } from "../../compiler/ops/table.js";
import type { Node } from "../../compiler/types/graph.js";
import { arithmeticNames, scalarUnaryNames } from "../../compiler/types/opNames.js";
import { interpretOne } from "../support/interpret.js";

type Build = (b: GraphBuilder, x: Node) => Node;

/** The derivative of `order` of the sum of f at a vector. */
function derivative(f: Build, values: readonly number[], order = 1): number[] {
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [values.length] });
  let node = f(b, x);
  for (let n = 0; n < order; n++) node = at(differentiate(b, node, [x]), 0);
  const leaves = { x: { shape: [values.length], data: values } };
  return [...interpretOne(node, { leaves }).data].map((value) => value + 0);
}

/** f where `taken` is true, else 0; the condition is data of its own. */
function guarded(f: Build, taken: readonly boolean[]): Build {
  return (b, x) => {
    const mask = b.constant(taken.map(Number), [taken.length], "bool");
    return b.select(mask, f(b, x), 0);
  };
}

/** Data is finite, but at these points one op or another is singular, overflows or is not defined. */
const points = [-4, -1, 0, 1, 2, 800, 1e30, -1e200, 1e308];

const elementwise: readonly (readonly [string, Build])[] = [
  ...scalarUnaryNames
    .filter((op) => op !== "not")
    .map((op): [string, Build] => [op, (b, x) => b[op](x)]),
  ...arithmeticNames.flatMap((op): [string, Build][] => [
    [`${op} of itself`, (b, x) => b[op](x, x)],
    ...[-2, -0.5, 0, 0.3, 0.5, 1.5, 3].flatMap((number): [string, Build][] => [
      [`x ${op} ${number}`, (b, x) => b[op](x, number)],
      [`${number} ${op} x`, (b, x) => b[op](number, x)],
    ]),
  ]),
];

/** What follows another op in a chain: each with a factor that may be infinite or NaN. */
const followers = elementwise.filter(([name]) =>
  ["exp", "log", "sqrt", "sin", "tanh", "erf", "x power -0.5", "multiply of itself"].includes(name),
);

const nothing = points.map(() => false);
const zeros = points.map(() => 0);

describe("a branch not taken", () => {
  it.each(elementwise)("%s: gives 0, whatever it holds", (_, f) => {
    for (const order of [1, 2, 3]) {
      expect(derivative(guarded(f, nothing), points, order)).toEqual(zeros);
    }
  });

  it.each(elementwise)("%s: does so in a chain", (_, f) => {
    for (const [name, other] of followers) {
      const chain: Build = (b, x) => other(b, f(b, x));
      expect(derivative(guarded(chain, nothing), points), name).toEqual(zeros);
    }
  });

  it("leaves the other branch's derivative as it is", () => {
    const root: Build = (b, x) => b.select(b.greater(x, 0), b.power(x, 0.5), b.multiply(x, 3));
    expect(derivative(root, [-4, 4])).toEqual([3, 0.25]);
    const rest: Build = (b, x) => b.select(b.notEqual(x, 0), b.modulo(5, x), 0);
    expect(derivative(rest, [0, 2])).toEqual([0, -2]);
    const cube: Build = (b, x) => b.select(b.less(x, 50), b.power(x, 3), x);
    expect(derivative(cube, [1e200, 2])).toEqual([1, 12]);
    const least: Build = (b, x) => b.minimum(b.exp(x), 10);
    expect(derivative(least, [1000, 0])).toEqual([0, 1]);
    const most: Build = (b, x) => b.maximum(b.negate(b.exp(x)), -10);
    expect(derivative(most, [1000, 0])).toEqual([0, -1]);
  });

  it("stays aside in nested choices, and through views and sums", () => {
    const nested: Build = (b, x) => {
      const inner = b.select(b.greater(x, 1), b.log(b.subtract(x, 1)), b.divide(1, x));
      return b.select(b.greater(x, 0), b.power(inner, 0.5), 0);
    };
    expect(derivative(nested, [-1, 0])).toEqual([0, 0]);
    const outside: Build = (b, x) => {
      const roots = b.reshape(b.power(x, -0.5), [2, 2]);
      const taken = b.constant([0, 1], [2, 1], "bool");
      return b.select(taken, b.flip(b.transpose(b.transpose(roots, [1, 0]), [1, 0]), [1]), 0);
    };
    expect(derivative(outside, [0, -1, 1, 4])).toEqual([0, 0, -0.5, -0.0625]);
    const sums: Build = (b, x) => {
      const rows = b.sum(b.power(b.reshape(x, [2, 2]), -0.5), [1]);
      return b.select(b.constant([0, 1], [2], "bool"), rows, 0);
    };
    expect(derivative(sums, [0, -1, 1, 4])).toEqual([0, 0, -0.5, -0.0625]);
  });

  it("stays aside where it is broadcast, gathered, cut out or cumulated", () => {
    const scalar: Build = (b, x) => {
      const one = b.log(b.subtract(b.slice(x, [0], [1]), 5));
      return b.select(b.constant(0, [3], "bool"), b.power(one, 0.5), 0);
    };
    expect(derivative(scalar, [5, 1])).toEqual([0, 0]);
    const shapes: Build[] = [
      (b, y) => b.broadcast(y, [3, 2]),
      (b, y) => b.take(y, b.constant([1, 0, 1], [3], "i32"), 0),
      (b, y) => b.pad(y, [1], [2]),
      (b, y) => b.concat([y, y], 0),
      (b, y) => b.cumsum(y, 0),
      (b, y) => b.max(b.reshape(y, [2, 1]), [1]),
      (b, y) => b.prod(b.reshape(y, [2, 1]), [0]),
      (b, y) => b.scatterAdd(y, b.constant([1, 0], [2], "i32"), 0, 3),
      (b, y) => b.window(y, { axes: [0], sizes: [2], strides: [1], dilations: [1] }),
    ];
    for (const shape of shapes) {
      const f: Build = (b, x) => {
        const seen = shape(b, b.power(b.log(x), 0.5));
        return b.select(b.constant(0, [], "bool"), seen, 0);
      };
      for (const order of [1, 2]) expect(derivative(f, [0, -1], order)).toEqual([0, 0]);
    }
  });
});

it("a choice by a condition of more axes than its operand has leaves its derivative as it is", () => {
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [3] });
  const seen = b.flip(b.multiply(x, x), [0]);
  const chosen = b.select(b.reshape(b.greater(x, 0), [1, 3]), seen, 0);
  const [gradient] = differentiate(b, b.sum(chosen), [x]);
  const leaves = { x: { shape: [3], data: [2, -1, 5] } };
  // Of x₃² where x₁ > 0 and of x₁² where x₃ > 0.
  const { data } = interpretOne(at([gradient ?? x], 0), { leaves });
  expect(data.map((value) => value + 0)).toEqual([4, 0, 10]);
});

function matmul(b: GraphBuilder, left: Node, right: Node): Node {
  const built = primitives.matmul?.build(b, [left, right]);
  const [node] = built === undefined || isProblem(built) ? [] : built;
  if (node === undefined) throw new Error("these factors fit");
  return node;
}

describe("products of what no branch uses", () => {
  const x = { shape: [2, 2], data: [-1, 0, 1, Math.E] };
  const w = { shape: [2, 1], data: [2, 3] };

  it("do not reach the weights", () => {
    const b = createBuilder();
    const xs = b.input("x", { type: "f32", shape: [2, 2] });
    const ws = b.input("w", { type: "f32", shape: [2, 1] });
    const valid = b.all(b.greater(xs, 0), [1], true);
    const out = b.select(valid, matmul(b, b.power(b.log(xs), 0.5), ws), 0);
    const gradients = differentiate(b, out, [ws, xs]);
    const values = gradients.map((node) => [...interpretOne(node, { leaves: { x, w } }).data]);
    // √(log 1) = 0 and √(log e) = 1; the derivative at log 1 = 0 counts as 0, 3 · 1/2 · 1/e at e.
    expect(values[0]).toEqual([0, 1]);
    expect(values[1]).toEqual([0, 0, 0, 1.5 / Math.E]);
  });

  it("of a choice that looks at the product itself cost no reduction", () => {
    const b = createBuilder();
    const xs = b.input("x", { type: "f32", shape: [2, 2] });
    const ws = b.input("w", { type: "f32", shape: [2, 1] });
    const z = matmul(b, b.exp(xs), ws);
    const [gradient] = differentiate(b, b.select(b.greater(z, 0), z, 0), [ws]);
    expect(topologicalOrder([at([gradient ?? z], 0)]).filter(({ op }) => op === "any")).toEqual([]);
  });
});

describe("what is used", () => {
  it("still shows that it is not a number", () => {
    const root: Build = (b, x) => b.select(b.less(x, 0), b.multiply(b.log(x), b.log(x)), 0);
    expect(derivative(root, [-4])).toEqual([NaN]);
  });

  it("by both branches of a choice is multiplied plainly", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [3] });
    const y = b.exp(x);
    const positive = b.greater(x, 0);
    const leaky = b.select(positive, y, b.multiply(y, 0.1));
    const [gradient] = differentiate(b, leaky, [x]);
    // One choice for each branch and no third around the factor that both share.
    const choices = topologicalOrder([gradient ?? x]).filter(({ op }) => op === "select");
    expect(choices.length).toBe(2);
  });
});

it("covers every elementwise op that has a derivative", () => {
  const tried = [...scalarUnaryNames, ...arithmeticNames].filter(
    (op) => ruleOf(op).family === "pointwise",
  );
  expect(tried.length).toBe(scalarUnaryNames.length + arithmeticNames.length);
});
