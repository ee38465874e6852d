// Recurrences in; their derivatives of both orders against central differences, their lifts and their merging, checked, out.

import { countOf } from "../../runtime/dimensions.js";
import { describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { liftGraph } from "../../compiler/autodiff/lift.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { optimize } from "../../compiler/optimize/index.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Node, NodeOf, Shape } from "../../compiler/types/graph.js";
import { compileOne, open } from "../support/compiled.js";
import { interpret, interpretOne } from "../support/interpret.js";
import type { Bindings, Tensor } from "../support/interpret.js";
import { matrixProduct } from "../support/matrixProduct.js";
import { generator } from "../support/sampleValues.js";

const time = freeDim("time");
const dimensions = { time: 4 };

function bound(
  b: GraphBuilder,
  shape: Shape,
  index: number,
  type: "f32" | "i32" = "f32",
): NodeOf<"bound"> {
  return b.leaf("bound", { type, shape }, { index }) as NodeOf<"bound">;
}

interface Recurrence {
  readonly b: GraphBuilder;
  readonly leaves: Readonly<Record<string, Node>>;
  /** The last carry and the stacked yields. */
  readonly last: Node;
  readonly all: Node;
  readonly bindings: Bindings;
}

/** h ← tanh(x·W + h·U + bias) · noise with a count of steps beside it; yields h ∘ h + t. */
function recurrence(reverse: boolean): Recurrence {
  const b = createBuilder();
  const shapes: Readonly<Record<string, Shape>> = {
    h: [2, 3],
    x: [time, 2, 2],
    W: [2, 3],
    U: [3, 3],
    bias: [3],
  };
  const leaves = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, b.input(name, { type: "f32", shape })]),
  );
  const input = (name: string): Node => leaves[name] ?? b.constant(0);
  const count = b.constant(0, [], "i32");
  const [h, n] = [bound(b, [2, 3], 0), bound(b, [], 1, "i32")];
  const x = bound(b, [2, 2], 2);
  const [w, u, bias] = [bound(b, [2, 3], 3), bound(b, [3, 3], 4), bound(b, [3], 5)];
  const step = bound(b, [], 6, "i32");
  const linear = b.add(b.add(matrixProduct(b, x, w), matrixProduct(b, h, u)), bias);
  const scaled = b.multiply(b.tanh(linear), b.add(b.cast(n, "f32"), 1));
  const next = b.multiply(scaled, b.add(b.random("noise", "uniform", [3]), 0.5));
  const yielded = b.add(b.multiply(next, next), b.cast(step, "f32"));
  const scan = b.scan([input("h"), count, input("x"), input("W"), input("U"), input("bias")], {
    ...{ length: time, reverse, carries: 2, slices: 1, constants: 3 },
    bound: [h, n, x, w, u, bias, step],
    nextCarries: [next, b.add(n, 1)],
    yields: [yielded],
  });
  const tensors = Object.entries(shapes).map(([name, shape], seed): [string, Tensor] => [
    name,
    random(
      shape.map((dim) => (typeof dim === "number" ? dim : dimensions.time)),
      seed + 3,
    ),
  ]);
  const bindings = { leaves: Object.fromEntries(tensors), dimensions };
  return { b, leaves, last: b.result(scan, 0), all: b.result(scan, 2), bindings };
}

function random(shape: readonly number[], seed: number): Tensor {
  const next = generator(seed);
  const length = countOf(shape);
  return { shape, data: Array.from({ length }, () => next() * 2 - 1) };
}

function expectGradients(
  scalar: Node,
  leaves: Readonly<Record<string, Node>>,
  gradients: readonly Node[],
  bindings: Bindings,
): void {
  const values = interpret(gradients, bindings);
  for (const [n, name] of Object.keys(leaves).entries()) {
    const value = bindings.leaves[name];
    if (value === undefined) throw new Error(`no value of ${name}`);
    const direction = random(value.shape, 40 + n);
    const at = (step: number): number => {
      const data = Array.from(value.data, (x, i) => x + step * (direction.data[i] ?? 0));
      const moved = { ...bindings.leaves, [name]: { shape: value.shape, data } };
      return interpretOne(scalar, { ...bindings, leaves: moved }).data[0] ?? NaN;
    };
    const numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
    const analytic = [...(values[n]?.data ?? [])].reduce(
      (sum, g, i) => sum + g * (direction.data[i] ?? 0),
      0,
    );
    expect(Math.abs(analytic - numeric)).toBeLessThan(1e-6 * (1 + Math.abs(numeric)));
  }
}

describe.each([false, true])("a scan (reverse: %s)", (reverse) => {
  it("is differentiated by carries, slices and constants, once and twice", () => {
    const { b, leaves, last, all, bindings } = recurrence(reverse);
    const loss = b.add(b.sum(b.multiply(all, b.cos(b.multiply(all, 0.1)))), b.sum(b.sin(last)));
    const nodes = Object.values(leaves);
    const gradients = differentiate(b, loss, nodes);
    expect(verifyGraph(gradients)).toEqual([]);
    expectGradients(loss, leaves, gradients, bindings);

    const terms = gradients.map((g, n) => b.sum(b.multiply(g, b.add(b.sin(nodes[n] ?? g), 0.3))));
    const second = terms.reduce((sum, term) => b.add(sum, term), b.constant(0));
    const hessian = differentiate(b, second, nodes);
    expect(verifyGraph(hessian)).toEqual([]);
    expectGradients(second, leaves, hessian, bindings);
  });

  it("contracts weights' cotangents once, over time, and merges the forward scans", () => {
    const { b, leaves, all, bindings } = recurrence(reverse);
    const nodes = Object.values(leaves);
    const roots = [b.sum(all), ...differentiate(b, b.sum(all), nodes)];
    const better = optimize(b, roots);
    expect(verifyGraph(better)).toEqual([]);
    const order = topologicalOrder(better);
    expect(order.filter(({ op }) => op === "scan").length).toBe(2);
    expect(order.filter(({ op }) => op === "contract").length).toBe(2);
    const [before, after] = [interpret(roots, bindings), interpret(better, bindings)];
    for (const [n, tensor] of before.entries()) {
      for (const [i, value] of [...tensor.data].entries())
        expect(after[n]?.data[i]).toBeCloseTo(value, 9);
    }
  });

  it("adds up the cotangents of a weight that its body uses several times", () => {
    const b = createBuilder();
    const shapes: Readonly<Record<string, Shape>> = { x: [time, 2, 3], U: [3, 3] };
    const leaves = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, b.input(name, { type: "f32", shape })]),
    );
    const [h, part, u] = [bound(b, [2, 3], 0), bound(b, [2, 3], 1), bound(b, [3, 3], 2)];
    const once = b.sin(matrixProduct(b, part, u));
    const next = b.tanh(b.add(matrixProduct(b, h, u), matrixProduct(b, once, u)));
    const scan = b.scan([b.constant(0.5, [2, 3]), ...Object.values(leaves)], {
      ...{ length: time, reverse, carries: 1, slices: 1, constants: 1 },
      bound: [h, part, u, bound(b, [], 3, "i32")],
      nextCarries: [next],
      yields: [next],
    });
    const loss = b.sum(b.sin(b.result(scan, 1)));
    const bindings = {
      leaves: { x: random([dimensions.time, 2, 3], 5), U: random([3, 3], 6) },
      dimensions,
    };
    expectGradients(loss, leaves, differentiate(b, loss, Object.values(leaves)), bindings);
  });

  it("yields no slice again", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [time, 2] });
    const [h, part, step] = [bound(b, [2], 0), bound(b, [2], 1), bound(b, [], 2, "i32")];
    const scan = b.scan([b.constant(0, [2]), x], {
      ...{ length: time, reverse, carries: 1, slices: 1, constants: 0 },
      bound: [h, part, step],
      nextCarries: [b.add(h, part)],
      yields: [part, h],
    });
    const roots = [b.result(scan, 1), b.result(scan, 2)];
    const [sliced, other] = optimize(b, roots);
    expect(sliced).toBe(x);
    const data = Array.from({ length: 8 }, (_, n) => n + 1);
    const bindings = { leaves: { x: { shape: [4, 2], data } }, dimensions };
    const [, expected] = interpret(roots, bindings);
    expect(other && interpretOne(other, bindings)).toEqual(expected);
  });

  it.each([["h"], ["x"], ["W", "bias"], ["x", "U"]])("is lifted over %s", (...names) => {
    const { b, leaves, last, all, bindings } = recurrence(reverse);
    const images = new Map<Node, Node>();
    const stacked: Record<string, Tensor> = {};
    const members: Record<string, Tensor>[] = [{}, {}];
    for (const name of names) {
      const leaf = leaves[name];
      if (leaf === undefined) throw new Error(`no leaf ${name}`);
      images.set(leaf, b.input(`all.${name}`, { type: "f32", shape: [2, ...leaf.shape] }));
      const shape = bindings.leaves[name]?.shape ?? [];
      const values = members.map((_, m) => random(shape, 60 + m));
      for (const [m, value] of values.entries()) (members[m] ?? {})[name] = value;
      stacked[`all.${name}`] = {
        shape: [2, ...shape],
        data: values.flatMap(({ data }) => [...data]),
      };
    }
    const lifted = liftGraph(b, [last, all], (node) => images.get(node), 2);
    expect(verifyGraph(lifted)).toEqual([]);
    const found = interpret(lifted, { ...bindings, leaves: { ...bindings.leaves, ...stacked } });
    const single = members.map((own) =>
      interpret([last, all], { ...bindings, leaves: { ...bindings.leaves, ...own } }),
    );
    for (const root of [0, 1]) {
      const expected = single.flatMap((values) => [...(values[root]?.data ?? [])]);
      expect(found[root]?.data.length).toBe(expected.length);
      for (const [i, value] of expected.entries())
        expect(found[root]?.data[i]).toBeCloseTo(value, 10);
    }
  });
});

it("passes cotangents through a loop without turns, in which nothing else is read", async () => {
  const net = await open(
    compileOne(`
model None(depth = 0) {
  input x: [batch, 2]
  target y: [batch, 2]
  weight V: [2, 2] = 0.5
  weight U: [2, 2] = 0.5
  output z = scan t in range(depth) { carry h: [batch, 2] = x @ V  h <- tanh(h @ U) }
  loss mse(z, y)
}
train None { optimizer sgd(lr: 1)  batch 1  steps 1 }`),
    "f32",
  );
  await net.fit({ x: [1, 2], y: [0.5, 1.5] });
  expect([...(await net.read("V"))]).toEqual([-0.5, 0.5, -1.5, 0.5]);
  expect([...(await net.read("U"))]).toEqual([0.5, 0.5, 0.5, 0.5]);
  net.destroy();
});

it("gives several carries and states their next values at once, from what all of them were", async () => {
  const net = await open(
    compileOne(`
model Fibonacci {
  input x: [batch]
  target y: [batch]
  state a: [] = 1
  state b: [] = 2
  param scale: [] = 1
  fn next(p, q) { return q, p + q, p * q }
  older, newer = scan t in range(10) {
    carry p: [] = 0
    carry q: [] = 1
    p, q, _ <- next(p, q)
  }
  output o = older * x
  output n = newer * x
  if training { a, b <- [b, a] }
  loss mse(scale * x, y)
}
train Fibonacci { optimizer sgd(lr: 0)  batch 1  steps 1 }`),
    "f32",
  );
  await net.fit({ x: [1], y: [1] });
  const { o, n } = await net.predict({ x: [1] });
  expect([o?.[0], n?.[0]]).toEqual([55, 89]);
  expect([(await net.read("a"))[0], (await net.read("b"))[0]]).toEqual([2, 1]);
  net.destroy();
});
