// A fixed range of seeds in; that compiled random graphs and their derivatives agree with the interpreter, out.

import { expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Node } from "../../compiler/types/graph.js";
import { describeGpu } from "../support/adapter.js";
import { one, tensor } from "../support/calls.js";
import { interpret } from "../support/interpret.js";
import { planSmall, runSmall, worst } from "../support/runOps.js";
import { problemsOf, refusedShaders } from "./checkGraphs.js";

const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => from + at);

it.each([0, 1, 2, 3])("random graphs %i compile to what they mean", async (part) => {
  expect(await problemsOf(range(part * 20, 20))).toEqual([]);
});

it.each([0, 1, 2])(
  "random graphs with loops in time %i compile to what they mean",
  async (part) => {
    expect(await problemsOf(range(5000 + part * 10, 10), { recurrent: true })).toEqual([]);
  },
);

it.each([
  ["", false],
  [" with loops in time", true],
])("random graphs%s compute what they mean on every machine", async (_, recurrent) => {
  expect(await problemsOf(range(300, 6), { recurrent, onGpu: true })).toEqual([]);
});

/** What was found wrong once: index arithmetic over a free axis whose "same" padding is a polynomial of its length. */
it.each([1, 2, 3, 4, 5, 7])("pools over a free axis of %i", async (time) => {
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [2, freeDim("time"), 1] });
  const z = b.input("z", { type: "f32", shape: [2, 3, 1] });
  const largest = one(b, "window_max", x, 2, 2, "same");
  const mean = one(b, "window_mean", one(b, "window_mean", x, 2, 2, 1), 2, 2, "same");
  const longer = b.concat([z, mean], 1);
  const derivative = (y: Node): Node[] => differentiate(b, b.sum(b.multiply(y, y)), [x]);
  const roots = [largest, longer, ...derivative(largest), ...derivative(longer)];
  const leaves = { x: tensor([2, time, 1], 3), z: tensor([2, 3, 1], 4) };
  const program = { name: "pools", roots, leaves, dimensions: { time } };
  const [found = []] = await runSmall(planSmall([program]), "f64");
  for (const [at, value] of interpret(roots, program).entries()) {
    expect(worst(found[at] ?? { shape: [], data: [] }, value), `root ${at}`).toBeLessThan(1e-12);
  }
});

/** Points beside the tensor have no terms: their sums are computed further out than those of their neighbours. */
it.each([1, 3, 4, 9])("a product with sums of padded columns, of a batch of %i", async (batch) => {
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [freeDim("batch"), 8, 2] });
  const v = b.input("v", { type: "f32", shape: [freeDim("batch"), 3] });
  const sums = b.sum(b.pad(x, [0, 0, 0], [0, 0, 1]), [1], false);
  const roots = [one(b, "matmul", b.transpose(v, [1, 0]), sums)];
  const leaves = { x: tensor([batch, 8, 2], 6), v: tensor([batch, 3], 7) };
  const program = { name: "padded", roots, leaves, dimensions: { batch } };
  const [found = []] = await runSmall(planSmall([program]), "f64");
  const [expected] = interpret(roots, program);
  expect(worst(found[0] ?? x0, expected ?? x0)).toBeLessThan(1e-12);
});

describeGpu("a maximum that a workgroup shares", () => {
  /** It once stood in a loop of a single lane, where a barrier must not be. */
  it("is taken where all lanes come by", async () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [3] });
    const rows = b.transpose(b.broadcast(b.max(x), [2, freeDim("batch")]), [1, 0]);
    const roots = [one(b, "mean", b.cumsum(rows, 1, true))];
    const leaves = { x: tensor([3], 5) };
    const plan = planSmall([{ name: "shared", roots, leaves, dimensions: { batch: 67 } }]);
    expect(await refusedShaders(plan)).toEqual([]);
    const [found = []] = await runSmall(plan, "webgpu");
    const [expected] = interpret(roots, { leaves, dimensions: { batch: 67 } });
    expect(worst(found[0] ?? x0, expected ?? x0)).toBeLessThan(1e-6);
  });
});

const x0 = { shape: [0], data: [] };
