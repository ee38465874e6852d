// Small programs in; their schedules verified, and run against what the graph means.
import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { schedule } from "../../compiler/schedule/index.js";
import { printSchedule } from "../../compiler/schedule/print.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Effect, Program } from "../../compiler/types/graph.js";
import { runSchedule } from "../support/runSchedule.js";

const batch = freeDim("batch");
const b = createBuilder();
const elements: Record<string, number> = { w: 12, m: 12 };

function check(effects: readonly Effect[], inputs: Record<string, number[]>, size: number) {
  const program: Program = { name: "test", effects };
  const variants = [
    { fuse: true, share: true },
    { fuse: true, share: false },
    { fuse: false, share: true },
  ].map((options) => {
    const made = schedule(program, {
      estimates: { batch: 32 },
      storage: (name) => ({ elements: elements[name] ?? 0, type: "f32" }),
      ...options,
    });
    expect(verifySchedule(made), printSchedule(made)).toEqual([]);
    const storages = new Map(
      Object.entries(elements).map(([name, count]) => [
        name,
        Float64Array.from({ length: count }, (_, i) => Math.sin(i + count)),
      ]),
    );
    const results = runSchedule(made, {
      dims: { batch: size },
      storages,
      inputs,
      scalars: { step: 3 },
    });
    return { made, storages, results };
  });
  const [fused, fresh, unfused] = variants;
  if (!fused || !fresh || !unfused) throw new Error("three variants");
  for (const other of [fresh, unfused]) {
    for (const [name, result] of Object.entries(fused.results)) {
      const expected = [...(other.results[name]?.data ?? [])];
      result.data.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i] ?? NaN, 10);
      });
    }
    for (const [name, data] of fused.storages) {
      data.forEach((value, i) => {
        expect(value).toBeCloseTo(other.storages.get(name)?.[i] ?? NaN, 10);
      });
    }
  }
  return fused;
}

const x = b.input("x", { type: "f32", shape: [batch, 3] });
const w = b.stored("w", { type: "f32", shape: [12] });
const data = (count: number): number[] => Array.from({ length: count }, (_, i) => Math.cos(i));

describe("schedule", () => {
  it("fuses an elementwise chain with broadcasts into one nest", () => {
    const row = b.slice(w, [2], [3]);
    const y = b.exp(b.multiply(b.add(x, row), 2));
    const run = check([{ kind: "result", name: "y", value: y }], { x: data(15) }, 5);
    expect(run.made.nests).toHaveLength(1);
    expect(run.results["y"]?.data[4]).toBeCloseTo(Math.exp(2 * (Math.cos(4) + Math.sin(15))), 10);
  });

  it("takes bias and activation into a contraction", () => {
    const matrix = b.reshape(w, [3, 4]);
    const product = b.contract(x, matrix, {
      extents: [batch, 4, 3],
      outputRank: 2,
      left: [
        { terms: [{ axis: 0, coefficient: 1 }], offset: 0, divisor: 1 },
        { terms: [{ axis: 2, coefficient: 1 }], offset: 0, divisor: 1 },
      ],
      right: [
        { terms: [{ axis: 2, coefficient: 1 }], offset: 0, divisor: 1 },
        { terms: [{ axis: 1, coefficient: 1 }], offset: 0, divisor: 1 },
      ],
    });
    const y = b.maximum(b.add(product, b.slice(w, [0], [4])), 0);
    const run = check([{ kind: "result", name: "y", value: y }], { x: data(15) }, 5);
    expect(run.made.nests).toHaveLength(1);
  });

  it("updates a whole storage and its state in one nest, in place", () => {
    const m = b.stored("m", { type: "f32", shape: [12] });
    const g = b.multiply(w, 3);
    const next = b.add(b.multiply(m, 0.9), g);
    const rate = b.divide(0.1, b.hostScalar("step"));
    const run = check(
      [
        { kind: "store", storage: "m", value: next },
        { kind: "store", storage: "w", value: b.subtract(w, b.multiply(next, rate)) },
      ],
      {},
      1,
    );
    expect(run.made.nests).toHaveLength(1);
    expect(run.made.host).toHaveLength(1);
  });

  it("swaps two storages through a temporary", () => {
    const m = b.stored("m", { type: "f32", shape: [12] });
    const flipped = b.flip(m, [0]);
    check(
      [
        { kind: "store", storage: "m", value: b.flip(w, [0]) },
        { kind: "store", storage: "w", value: flipped },
      ],
      {},
      1,
    );
  });

  it("writes the pieces of a concatenation in place", () => {
    const pieces = [0, 1, 2, 3, 4, 5].map((i) => b.sum(b.multiply(x, i), [0]));
    const all = b.concat(pieces, 0);
    const run = check(
      [{ kind: "result", name: "all", value: b.multiply(all, all) }],
      { x: data(15) },
      5,
    );
    expect(run.results["all"]?.shape).toEqual([18]);
  });

  it("reads each piece of an inlined stack at its own row", () => {
    const angle = b.input("angle", { type: "f32", shape: [batch] });
    const column = (of: typeof angle) => b.reshape(of, [batch, 1]);
    const stacked = b.concat([column(b.cos(angle)), column(b.sin(angle))], 1);
    const run = check(
      [{ kind: "result", name: "s", value: b.sum(b.multiply(stacked, 3), [1]) }],
      { angle: data(5) },
      5,
    );
    run.results["s"]?.data.forEach((value, i) => {
      const x = Math.cos(i);
      expect(value).toBeCloseTo(3 * (Math.cos(x) + Math.sin(x)), 10);
    });
  });

  it("computes a softmax with reductions along rows", () => {
    const wide = b.input("wide", { type: "f32", shape: [batch, 5] });
    const e = b.exp(b.subtract(wide, b.max(wide, [1], true)));
    const softmax = b.divide(e, b.sum(e, [1], true));
    const run = check([{ kind: "result", name: "p", value: softmax }], { wide: data(35) }, 7);
    const p = run.results["p"]?.data ?? new Float64Array();
    expect(p.slice(0, 5).reduce((s, v) => s + v, 0)).toBeCloseTo(1, 12);
  });

  it("reshapes, transposes, pads and windows by index alone", () => {
    const image = b.input("image", { type: "f32", shape: [batch, 4, 6] });
    const padded = b.pad(image, [0, 1, 1], [0, 1, 1], { value: -1 });
    const windows = b.window(padded, {
      axes: [1, 2],
      sizes: [2, 3],
      strides: [2, 2],
      dilations: [1, 1],
    });
    const pooled = b.max(windows, [3, 4]);
    const turned = b.transpose(b.reshape(pooled, [batch, 9]), [1, 0]);
    const run = check([{ kind: "result", name: "t", value: turned }], { image: data(48) }, 2);
    expect(run.results["t"]?.shape).toEqual([9, 2]);
  });
});
