// The table of reductions in; through kernels, the host and the compiler's own numbers, what the independent reference says of one value and of many, out.
import { beforeAll, describe, expect, it } from "vitest";
import { check } from "../../compiler/compile.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import type { Reduction } from "../../compiler/scalars/reductions.js";
import {
  givesIndex,
  searches,
  reductionScalars,
  reductionTable,
} from "../../compiler/scalars/reductions.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { ReductionName } from "../../compiler/types/opNames.js";
import { renderAll } from "../../grammar/render.js";
import type { PlanType } from "../../runtime/plan.js";
import { collect } from "../../runtime/train/combine.js";
import { reference, scalarFunctions } from "../oracle/reference.js";
import type { Tensor } from "../oracle/reference.js";
import { describeGpu } from "../support/adapter.js";
import type { TestBackend } from "../support/compiled.js";
import { planSmall, runSmall } from "../support/runOps.js";
import type { SmallProgram } from "../support/runOps.js";

type Name = keyof typeof reductionTable;

interface Trial {
  readonly name: Name;
  readonly type: PlanType;
}

const trials: readonly Trial[] = Object.entries(reductionTable).flatMap(([name, record]) => {
  const { takes }: Reduction = record;
  return takes.map((type) => ({ name: name as Name, type }));
});
const listed = trials.map((trial) => [`${trial.name} of ${trial.type}`, trial] as const);

const least = -(2 ** 31);
const largest = 3.4028234663852886e38;
const ends: Readonly<Record<PlanType, readonly number[]>> = {
  f32: [0, 1, -1, 0.5, -2, 3, largest, -largest, 1e-30, -1e-30, Infinity, -Infinity].map(
    Math.fround,
  ),
  i32: [0, 1, -1, 2, -7, 2 ** 31 - 1, least, 65_537],
  u32: [0, 1, 2, 7, 2 ** 31, 2 ** 32 - 1, 65_537],
  bool: [0, 1],
};

/** Rows: one value many times, with another at one place, and several in turn. Sums and products of the real ones are exact. */
function rowsOf(trial: Trial, length: number): readonly (readonly number[])[] {
  const rows = mixedRows(trial, length);
  // What is searched holds from the start on, up to somewhere.
  return searches(trial.name) ? rows.map((row) => row.toSorted((a, b) => b - a)) : rows;
}

function mixedRows({ name, type }: Trial, length: number): readonly (readonly number[])[] {
  const exact = type === "f32" && (name === "sum" || name === "prod");
  const own = exact ? [0, 1, -1, 0.5, -2].slice(name === "prod" ? 1 : 0) : ends[type];
  // Powers of two leave f32 after a hundred.
  const long = exact && name === "prod" && length > 100 ? [1, -1] : own;
  const row = (value: (at: number) => number | undefined) =>
    Array.from({ length }, (_, at) => value(at) ?? 0);
  return long.flatMap((value, n) => {
    const other = long[(n + 1) % long.length];
    const odd = (7 * n + 3) % length;
    return [
      row(() => value),
      row((at) => (at === odd ? other : value)),
      row((at) => (at % 3 === 1 ? value : long[(n + at) % long.length])),
    ];
  });
}

function expectedOf({ name, type }: Trial, row: readonly number[]): number {
  const x = { shape: [row.length], data: row };
  if (givesIndex(name)) return reference[name]([x], { axis: 0 }).data[0] ?? NaN;
  const whole = type === "i32" || type === "u32";
  if (!whole || (name !== "sum" && name !== "prod")) return reference[name]([x], {}).data[0] ?? NaN;
  const total = row
    .map((value) => BigInt(value))
    .reduce((a, b) => (name === "sum" ? a + b : a * b), name === "sum" ? 0n : 1n);
  return Number(type === "i32" ? BigInt.asIntN(32, total) : BigInt.asUintN(32, total));
}

describe("what a reduction starts from", () => {
  it.each(listed)("leaves every value as it is: %s", (_, { name, type }) => {
    const { step, identity }: Reduction = reductionTable[name];
    const apply: (a: number, b: number) => number = scalarFunctions[step];
    const start = identity[type];
    const wrong = ends[type].filter(
      (value) => apply(start, value) !== value || apply(value, start) !== value,
    );
    expect(wrong).toEqual([]);
  });

  it.each(listed)("is a value of its type: %s", (_, { name, type }) => {
    const identity = reductionTable[name].identity[type];
    // Infinity is one of the real ones alone.
    const held = { f32: Math.fround, i32: (x: number) => x | 0, u32: (x: number) => x >>> 0 };
    expect(type === "bool" ? Number(identity !== 0) : held[type](identity)).toBe(identity);
  });
});

/** One value, a few, and enough for many invocations. */
const lengths = [1, 3, 1500];
const cases = lengths.flatMap((length) => trials.map((trial) => ({ ...trial, length })));
const titled = cases.map((one) => [`${one.name} of ${one.length} ${one.type}`, one] as const);

/** The length is a free dimension, so that no reduction of one value is left out. */
function programOf(one: (typeof cases)[number]): SmallProgram {
  const b = createBuilder();
  const rows = rowsOf(one, one.length);
  const name = `${one.name} ${one.type} ${one.length}`;
  const x = b.input(name, { type: one.type, shape: [rows.length, freeDim("time")] });
  const root = givesIndex(one.name)
    ? b.node(one.name, [x], { axis: 1 })
    : b.node(one.name, [x], { axes: [1] });
  const value = { shape: [rows.length, one.length], data: rows.flat() };
  return { name, roots: [root], leaves: { [name]: value }, dimensions: { time: one.length } };
}

const plan = planSmall(cases.map(programOf));

function kernels(backend: TestBackend): void {
  let found: Tensor[][];
  beforeAll(async () => {
    found = await runSmall(plan, backend);
  });
  it.each(titled)("%s", (_, one) => {
    const values = found[cases.indexOf(one)]?.[0]?.data;
    const rows = rowsOf(one, one.length);
    expect([...(values ?? [])]).toEqual(rows.map((row) => expectedOf(one, row)));
  });
}

describe("kernels in JavaScript", () => {
  kernels("f32");
});
describe("kernels in double precision", () => {
  kernels("f64");
});
describeGpu("kernels in WGSL", () => {
  kernels("webgpu");
});

const combined = trials.filter(({ name }) => name in reductionScalars);

describe("what batches give, combined on the host", () => {
  it.each(combined.map((trial) => [`${trial.name} of ${trial.type}`, trial] as const))(
    "%s",
    (_, trial) => {
      const combine = trial.name as ReductionName;
      for (const length of [1, 2, 5]) {
        for (const row of rowsOf(trial, length)) {
          const parts = collect({ name: "y", type: trial.type, shape: [], combine }, 64, () => "y");
          for (const value of row) parts.add(valuesOf(trial.type, value), []);
          expect([...(parts.whole() ?? [])]).toEqual([expectedOf(trial, row)]);
        }
      }
    },
  );
});

function valuesOf(type: PlanType, value: number): Float64Array | Int32Array | Uint32Array {
  if (type === "f32") return Float64Array.of(value);
  return type === "i32" ? Int32Array.of(value) : Uint32Array.of(value);
}

describe("lists of numbers while compiling", () => {
  const numbers = [[3], [-7], [2, -1, 5, 5], [-4, -9, -4], [0.5, 8, 0.25], [1e9, -1e9, 3e9]];
  it.each(["sum", "prod", "max", "min", "mean"] as const)("%s", (name) => {
    const lists = name === "sum" || name === "prod" ? [[], ...numbers] : numbers;
    const lines = lists.map((list, at) => `  output y${at} = f32(${name}([${list.join(", ")}]))`);
    const { models, diagnostics } = check(`model M {\n  input x: [batch]\n${lines.join("\n")}\n}`);
    expect(renderAll(diagnostics)).toBe("");
    const values = (models[0]?.inference.outputs ?? []).map(({ value }) =>
      value.op === "constant" ? value.attributes.values[0] : undefined,
    );
    const expected = lists.map(
      (list) => reference[name]([{ shape: [list.length], data: list }], {}).data[0],
    );
    expect(values).toEqual(expected);
  });
});
