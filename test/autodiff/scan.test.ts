// Recurrences in; their derivatives of both orders against central differences, their lifts and their merging, checked, out.

import { describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { liftGraph } from "../../compiler/autodiff/lift.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { optimize } from "../../compiler/optimize/index.js";
import type { Node, Shape } from "../../compiler/types/graph.js";
import { compileOne, open } from "../support/compiled.js";
import { interpret, interpretOne } from "../support/interpret.js";
import type { Tensor } from "../support/interpret.js";
import { matrixProduct } from "../support/matrixProduct.js";
import {
  bound,
  dimensions,
  gradientProblem,
  random,
  recurrence,
  recurrenceProblem,
  time,
} from "../support/recurrence.js";

describe.each([false, true])("a scan (reverse: %s)", (reverse) => {
  it("is differentiated by carries, slices and constants, once and twice", () => {
    expect(recurrenceProblem(reverse)).toBeUndefined();
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
    expect(
      gradientProblem(loss, leaves, differentiate(b, loss, Object.values(leaves)), bindings),
    ).toBeUndefined();
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
