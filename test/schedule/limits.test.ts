// Programs beyond what one kernel may hold in; that a schedule is always found, within the limits, and computes what was meant.
import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { schedule } from "../../compiler/schedule/index.js";
import { kernelLimits, measure } from "../../compiler/schedule/limits.js";
import { withoutUnread } from "../../compiler/schedule/prune.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Effect, Node } from "../../compiler/types/graph.js";
import type { LoopNest, Scalar, Schedule } from "../../compiler/types/nest.js";
import { compileOne, open } from "../support/compiled.js";
import { runSchedule } from "../support/runSchedule.js";

const b = createBuilder();
const batch = freeDim("batch");
const elements: Readonly<Record<string, number>> = { w: 180 };

function scheduled(...values: readonly Node[]): Schedule {
  return scheduledEffects(values.map((value, i) => ({ kind: "result", name: `r${i}`, value })));
}

function scheduledEffects(effects: readonly Effect[]): Schedule {
  const made = schedule(
    { name: "test", effects },
    {
      estimates: { batch: 32 },
      storage: (name) => ({ elements: elements[name] ?? 2, type: "f32" }),
    },
  );
  expect(verifySchedule(made)).toEqual([]);
  for (const nest of made.nests) {
    expect(measure(nest).buffers).toBeLessThanOrEqual(kernelLimits.buffers);
    expect(measure(nest).operations).toBeLessThanOrEqual(kernelLimits.operations);
  }
  return made;
}

const sum = (nodes: readonly Node[]): Node => nodes.reduce((left, right) => b.add(left, right));
const counted = <Made>(count: number, make: (i: number) => Made): Made[] =>
  Array.from({ length: count }, (_, i) => make(i));

describe("what is too much for one kernel", () => {
  it.each([7, 8, 60, 400])("combines %i inputs", (count) => {
    const columns = counted(count, (i) => b.input(`x${i}`, { type: "f32", shape: [batch] }));
    const made = scheduled(sum(columns.map((column, i) => b.multiply(column, i + 1))));
    const given = Object.fromEntries(counted(count, (i) => [`x${i}`, [i, -i, 0.5]]));
    const results = runSchedule(made, {
      dims: { batch: 3 },
      inputs: given,
      storages: new Map(),
    });
    const squares = counted(count, (i) => i * (i + 1)).reduce((total, each) => total + each, 0);
    const halves = (count * (count + 1)) / 4;
    expect([...(results["r0"]?.data ?? [])]).toEqual([squares, -squares, halves]);
    expect(made.nests.length).toBeLessThanOrEqual(Math.ceil(count / 4) + 1);
  });

  it("puts 500 columns together", () => {
    const x = b.input("x", { type: "f32", shape: [batch, 500] });
    const columns = counted(500, (i) => b.multiply(b.slice(x, [0, i], [batch, 1]), i + 1));
    const made = scheduled(b.concat(columns, 1));
    const given = { x: counted(1000, (i) => i % 7) };
    const results = runSchedule(made, {
      dims: { batch: 2 },
      inputs: given,
      storages: new Map(),
    });
    const expected = counted(1000, (i) => (i % 7) * ((i % 500) + 1));
    expect([...(results["r0"]?.data ?? [])]).toEqual(expected);
  });

  it("takes apart a chain of more operations than a kernel may hold", () => {
    const x = b.input("x", { type: "f32", shape: [batch] });
    let value: Node = x;
    for (let i = 0; i < 4000; i++) value = b.add(b.multiply(value, 0.5), i % 3);
    const made = scheduled(value);
    const results = runSchedule(made, {
      dims: { batch: 1 },
      inputs: { x: [1] },
      storages: new Map(),
    });
    let expected = 1;
    for (let i = 0; i < 4000; i++) expected = expected * 0.5 + (i % 3);
    expect(results["r0"]?.data[0]).toBeCloseTo(expected, 12);
  });

  it.each([1, 7, 8, 9, 30])("stores one value to %i storages", (count) => {
    const columns = counted(7, (i) => b.input(`x${i}`, { type: "f32", shape: [2] }));
    const one = b.select(b.less(columns[0] ?? 0, columns[1] ?? 0), sum(columns), 3);
    const values = [b.constant([0], [2]), columns[2], one];
    for (const value of values) {
      if (!value) throw new Error("no value");
      const names = counted(count, (i) => `s${i}`);
      const made = scheduledEffects([
        ...names.map((storage): Effect => ({ kind: "store", storage, value })),
        { kind: "result", name: "r0", value },
      ]);
      const storages = new Map(names.map((name) => [name, new Float64Array(2)]));
      const inputs = Object.fromEntries(counted(7, (i) => [`x${i}`, [i, 1]]));
      const { r0 } = runSchedule(made, { dims: {}, inputs, storages });
      expect([...storages.values()]).toEqual(names.map(() => Float64Array.from(r0?.data ?? [])));
    }
  });

  it("shares out many results over one iteration space", () => {
    const x = b.input("x", { type: "f32", shape: [batch] });
    const values = counted(300, (i) => b.sin(b.multiply(x, i)));
    const made = scheduled(...values);
    const results = runSchedule(made, {
      dims: { batch: 1 },
      inputs: { x: [0.1] },
      storages: new Map(),
    });
    values.forEach((_, i) => {
      expect(results[`r${i}`]?.data[0]).toBeCloseTo(Math.sin(0.1 * i), 12);
    });
  });
});

describe("pieces that a contraction computes", () => {
  it("stand in the concatenation at once, whatever their sizes", () => {
    const x = b.input("x", { type: "f32", shape: [batch, 3] });
    const w = b.stored("w", { type: "f32", shape: [180] });
    const along = (axis: number) => ({ terms: [{ axis, coefficient: 1 }], offset: 0, divisor: 1 });
    const matrix = (columns: number): Node =>
      b.contract(x, b.reshape(b.slice(w, [0], [3 * columns]), [3, columns]), {
        extents: [batch, columns, 3],
        outputRank: 2,
        left: [along(0), along(2)],
        right: [along(2), along(1)],
      });
    const kernels = counted(
      60,
      (i) => scheduled(b.concat([matrix(1), matrix(i + 1)], 1)).nests.length,
    );
    expect(new Set(kernels.flat())).toEqual(new Set([2]));
  });
});

describe("derivatives of four orders beside each other", () => {
  it("are found a schedule, and are what double precision makes of them", async () => {
    const model = compileOne(`
model M {
  input x: [batch]
  input w: [batch]
  y0 = log(exp(x * x) + exp(x ^ 3) + exp(-x))
  y1 = grad(y0 * w, x)
  y2 = grad(y1 * w, x)
  y3 = grad(y2 * w, x)
  output o0 = y0
  output o1 = y1
  output o2 = y2
  output o3 = y3
}`);
    const given = { x: [0.4, -1.1, 1.6], w: [1, 0.7, -1.3] };
    const [single, double] = await Promise.all(
      (["f32", "f64"] as const).map(async (precision) =>
        (await open(model, precision)).predict(given),
      ),
    );
    for (const name of ["o0", "o1", "o2", "o3"]) {
      single?.[name]?.forEach((value, at) => {
        expect(value).toBeCloseTo(double?.[name]?.[at] ?? NaN, 4);
      });
    }
  }, 60_000);
});

describe("what a kernel turns out not to read", () => {
  it("is not computed, nor what it alone was made from", () => {
    const zero: Scalar = { kind: "literal", type: "index", value: 0 };
    const nest = (name: string, to: number, from: number): LoopNest => ({
      name,
      axes: [],
      arguments: [],
      origins: [],
      stores: [
        {
          buffer: to,
          index: zero,
          value: { kind: "load", type: "f32", buffer: from, index: zero },
        },
      ],
    });
    const nests = [nest("a", 1, 0), nest("b", 2, 1), nest("c", 3, 0), nest("d", 4, 3)];
    const kept = withoutUnread(nests, (buffer) => buffer === 4);
    expect(kept.map(({ name }) => name)).toEqual(["c", "d"]);
  });
});
