// Graphs whose reductions others read in; how many kernels their schedules have, what those store, and that they compute what was meant, out.
import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { schedule } from "../../compiler/schedule/index.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Node } from "../../compiler/types/graph.js";
import type { Schedule } from "../../compiler/types/nest.js";
import { one, tensor } from "../support/calls.js";
import { interpret } from "../support/interpret.js";
import { runSchedule } from "../support/runSchedule.js";

const batch = freeDim("batch");

function scheduled(values: readonly Node[], expected = 32): Schedule {
  const effects = values.map((value, i) => ({ kind: "result" as const, name: `r${i}`, value }));
  const storage = (name: string): never => {
    throw new Error(`no storage ${name}`);
  };
  const made = schedule({ name: "test", effects }, { estimates: { batch: expected }, storage });
  expect(verifySchedule(made)).toEqual([]);
  return made;
}

function expectMeant(made: Schedule, values: readonly Node[], columns: number, width = 5): void {
  const x = tensor([3, columns], 11);
  const w = tensor([columns, width], 12);
  const leaves = { x, w };
  const found = runSchedule(made, {
    dims: { batch: 3 },
    inputs: { x: x.data, w: w.data },
    storages: new Map(),
  });
  interpret(values, { leaves, dimensions: { batch: 3 } }).forEach((expected, at) => {
    const data = [...(found[`r${at}`]?.data ?? [])];
    expect(data.length).toBe(expected.data.length);
    data.forEach((value, n) => {
      expect(value).toBeCloseTo(expected.data[n] ?? NaN, 10);
    });
  });
}

const rowStores = (made: Schedule): number =>
  made.nests.flatMap(({ stores }) => stores).filter(({ rows }) => rows !== undefined).length;

describe("a reduction and what is made of it are one kernel", () => {
  it("point by point", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [batch, 6] });
    const w = b.input("w", { type: "f32", shape: [6, 5] });
    const product = one(b, "matmul", x, w);
    const values = [product, one(b, "tanh", product), b.multiply(product, product)];
    const made = scheduled(values);
    expect(made.nests.length).toBe(1);
    expect(rowStores(made)).toBe(0);
    expectMeant(made, values, 6);
  });

  it.each([[10], [300]])("along rows of %i, which are stored once", (columns) => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [batch, columns] });
    const largest = b.max(x, [1], true);
    const values = [largest, b.exp(b.subtract(x, largest))];
    const made = scheduled(values);
    expect(made.nests.length).toBe(1);
    expect(rowStores(made)).toBe(1);
    expectMeant(made, values, columns);
  });

  it("along rows that two reductions have in common", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [batch, 300] });
    const mean = one(b, "mean", x, 1);
    const apart = b.subtract(x, b.broadcast(b.reshape(mean, [batch, 1]), [batch, 300]));
    const variance = one(b, "mean", b.multiply(apart, apart), 1);
    const values = [mean, variance];
    const made = scheduled(values);
    expect(made.nests.length).toBe(1);
    expectMeant(made, values, 300);
  });
});

it("rows may stand for the columns", () => {
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [batch, batch] });
  const largest = b.max(x, [1], false);
  const values = [largest, b.subtract(x, b.broadcast(largest, [batch, batch]))];
  const made = scheduled(values);
  expect(rowStores(made)).toBe(1);
  expectMeant(made, values, 3);
});

describe("rows are kernels of their own", () => {
  it("where points read others than their own", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [batch, 3] });
    const largest = b.max(x, [1], true);
    const values = [largest, b.subtract(x, b.flip(largest, [0]))];
    const made = scheduled(values);
    expect(rowStores(made)).toBe(0);
    expectMeant(made, values, 3);
  });

  it("where a storage that they are made of is written", () => {
    const b = createBuilder();
    const w = b.stored("w", { type: "f32", shape: [4, 6] });
    const norm = b.sum(b.multiply(w, w), [1], true);
    const value = b.divide(w, norm);
    const made = schedule(
      {
        name: "test",
        effects: [
          { kind: "result", name: "norm", value: norm },
          { kind: "store", storage: "w", value },
        ],
      },
      { estimates: {}, storage: () => ({ elements: 24, type: "f32" }) },
    );
    expect(verifySchedule(made)).toEqual([]);
    expect(made.nests.length).toBe(2);
    expect(made.nests.map(({ stores }) => stores.length)).toEqual([1, 1]);
  });

  it("where they move a state whose old value points read", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [batch, 4] });
    const moving = b.stored("moving", { type: "f32", shape: [4] });
    const total = b.sum(x, [0], false);
    const moved = b.add(b.multiply(moving, 0.5), total);
    const made = schedule(
      {
        name: "test",
        effects: [
          { kind: "result", name: "total", value: total },
          { kind: "result", name: "apart", value: b.add(b.subtract(x, total), moving) },
          { kind: "store", storage: "moving", value: moved },
        ],
      },
      { estimates: { batch: 32 }, storage: () => ({ elements: 4, type: "f32" }) },
    );
    expect(verifySchedule(made)).toEqual([]);
    expect(rowStores(made)).toBe(1);
    const storages = new Map([["moving", Float64Array.of(8, 6, 4, 2)]]);
    const inputs = { x: [1, 2, 3, 4, 5, 6, 7, 8] };
    const found = runSchedule(made, { dims: { batch: 2 }, inputs, storages });
    expect([...(found["total"]?.data ?? [])]).toEqual([6, 8, 10, 12]);
    expect([...(found["apart"]?.data ?? [])]).toEqual([3, 0, -3, -6, 7, 4, 1, -2]);
    expect([...(storages.get("moving") ?? [])]).toEqual([10, 11, 12, 13]);
  });

  it("where they are too long to be done by a workgroup each", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [batch, 5000] });
    const largest = b.max(x, [1], true);
    expect(rowStores(scheduled([largest, b.exp(b.subtract(x, largest))]))).toBe(0);
  });
});

it("what is put together of parts is stored where products read it often", () => {
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [batch, 64] });
  const weight = (name: string, shape: readonly number[]): Node =>
    b.input(name, { type: "f32", shape });
  const left = one(b, "matmul", x, weight("u", [64, 64]));
  const right = one(b, "matmul", x, weight("v", [64, 64]));
  const both = b.add(b.pad(left, [0, 0], [0, 64]), b.pad(right, [0, 64], [0, 0]));
  const rows = one(b, "matmul", both, weight("w", [128, 64]));
  const columns = one(b, "matmul", b.transpose(both, [1, 0]), x);
  const made = scheduled([rows, columns]);
  // Both products, what they are parts of, and both results.
  expect(made.nests.flatMap(({ stores }) => stores).length).toBe(5);
});

describe("of a contraction and what is made of it", () => {
  const inHeads = (b: GraphBuilder, x: Node): Node =>
    one(b, "transpose", b.reshape(x, [batch, 2, 3]), [1, 0, 2]);

  it("the latter is stored where several kernels read it", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [batch, 6] });
    const w = b.input("w", { type: "f32", shape: [6, 5] });
    const scaled = b.divide(one(b, "matmul", x, w), b.sum(x, [1], true));
    const values = [b.sum(b.tanh(scaled), [0]), b.max(scaled, [0])];
    const made = scheduled(values);
    const products = made.nests.filter(({ stores }) =>
      stores.some(({ value }) => value.kind === "op" && value.op === "divide"),
    );
    expect(products.length).toBe(1);
    expectMeant(made, values, 6);
  });

  it("no other order is stored, where kernels may read it in its own", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [batch, 6] });
    const w = b.input("w", { type: "f32", shape: [6, 6] });
    const own = one(b, "tanh", one(b, "matmul", x, w));
    const byHead = one(b, "matmul", inHeads(b, own), b.constant(0.5, [2, 3, 200]));
    const values = [own, byHead];
    const made = scheduled(values, 65_536);
    expect(made.nests.length).toBe(2);
    expectMeant(made, values, 6, 6);
  });
});
