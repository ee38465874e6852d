// Operations as WebAssembly has them, over operands with every exponent in; errors within those that are stated, and lanes with the bits of single values, out.
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { ScalarOperation } from "../../compiler/scalars/record.js";
import { scalarOps } from "../../compiler/scalars/table.js";
import { load } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/index.js";
import type { PlanType } from "../../runtime/plan.js";
import { philox } from "../../runtime/philox.js";
import { tensorValue } from "../../runtime/scalars.js";
import { compileOne, importText } from "../support/compiled.js";
import { cpuModuleText } from "../../compiler/emit/plan.js";
import type { Bits, MachineOperation } from "../support/machine.js";
import { bitsOf, drawn, floatsOf, onMachine, patterns } from "../support/machine.js";

type ScalarName = keyof typeof scalarOps;

const smallest = 2 ** -126;
const largest = 3.4028234663852886e38;

interface Bound {
  readonly size: number;
  readonly relative: boolean;
  /** Operands beyond are not promised. */
  readonly within: number;
}

const readme = readFileSync(new URL("../../compiler/scalars/README.md", import.meta.url), "utf8");
const row = /^\| `(\w+)` +\| ([\d.e-]+)( ulp)? +\| (.*?) +\|$/gm;
const bounds = new Map(
  [...readme.matchAll(row)].map(([, name = "", size, ulp, of = ""]): [string, Bound] => [
    name,
    {
      size: Number(size),
      relative: ulp !== undefined,
      within: Number(/[≤<] (\S+)/.exec(of)?.[1] ?? Infinity),
    },
  ]),
);

/** In units of the last place of the value's, or in all; 0 where the result leaves the range of normal numbers as it may. */
function errorOf(found: number, value: number, { relative }: Bound): number {
  const size = Math.abs(value);
  if (Number.isNaN(value) || Number.isNaN(found)) return Object.is(found, value) ? 0 : Infinity;
  if (size < smallest && Math.abs(found) <= smallest) return 0;
  const isBeyond = size > largest * 0.99 && Math.sign(found) === Math.sign(value);
  if (isBeyond && Math.abs(found) > largest * 0.99) return 0;
  const unit = relative ? 2 ** (Math.floor(Math.log2(Math.max(size, smallest))) - 23) : 1;
  return Math.abs(found - value) / unit;
}

/** The largest error of a function at these operands, and where. */
function worstError(
  bound: Bound,
  operands: readonly Float32Array[],
  found: Float32Array,
  value: (...operands: number[]) => number,
): { readonly error: number; readonly at: readonly number[] } {
  let worst = { error: 0, at: [] as readonly number[] };
  found.forEach((one, position) => {
    const at = operands.map((operand) => operand[position] ?? NaN);
    if (at.some((x) => Math.abs(x) > bound.within)) return;
    const error = errorOf(one, at.some(Number.isNaN) ? NaN : value(...at), bound);
    if (error > worst.error) worst = { error, at };
  });
  return worst;
}

/** How many operands: references of some are series. */
const counts: Partial<Record<string, number>> = { erfinv: 2 ** 14, erfc: 2 ** 18, erf: 2 ** 18 };

/** Of real numbers by a function; remainders are exact. */
const functions = Object.entries<ScalarOperation>(scalarOps).flatMap(([name, { wasm, arity }]) =>
  wasm.all.kind === "function" && name !== "modulo" ? [[name as ScalarName, arity] as const] : [],
);

/** Those of the bits that differ, unless both are NaN. */
function differing(one: Bits, other: Bits): string[] {
  const [ones, others] = [one, other].map(floatsOf);
  const wrong = [...one.keys()].filter(
    (at) => one[at] !== other[at] && !(Number.isNaN(ones?.[at]) && Number.isNaN(others?.[at])),
  );
  return wrong.slice(0, 9).map((at) => `${at}: ${one[at]} and ${other[at]}`);
}

/** As single values and as vectors, which have the same bits. */
function bothWays(operation: MachineOperation, operands: readonly Bits[]): Bits {
  const single = onMachine(operation, operands, false);
  const wide = onMachine(operation, operands, true);
  expect(differing(single, wide)).toEqual([]);
  return wide;
}

function held(
  bound: Bound | undefined,
  operands: readonly Float32Array[],
  found: Float32Array,
  value: (...operands: number[]) => number,
): void {
  if (!bound) throw new Error("no error is stated of it");
  const { error, at } = worstError(bound, operands, found, value);
  expect(error, `at ${at.join(", ")}`).toBeLessThanOrEqual(bound.size);
  // What is stated is not far from what is.
  expect(error).toBeGreaterThan(bound.size / 2);
}

describe("errors of functions", () => {
  it.each(functions)("%s", (op, arity) => {
    const first = patterns(counts[op] ?? 2 ** 20);
    const second = first.map((bits, at) => Math.imul(bits ^ at, 0x85ebca6b));
    const operands = [first, second].slice(0, arity);
    const found = bothWays({ op, takes: operands.map(() => "f32"), gives: "f32" }, operands);
    const reference = tensorValue(op, 32);
    const value = (a: number, b = 0): number => Number(reference?.(a, b, 0));
    held(bounds.get(op), operands.map(floatsOf), floatsOf(found), value);
  });

  const erfc = (x: number): number => Number(tensorValue("erfc", 64)?.(x, 0, 0));
  const composed: Readonly<Record<string, (x: number) => number>> = {
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
    silu: (x) => x / (1 + Math.exp(-x)),
    gelu: (x) => (x > 14 ? x : x < -14 ? 0 : 0.5 * x * erfc(-x * Math.SQRT1_2)),
    softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  };
  const x = floatsOf(patterns(2 ** 16)).filter((one) => Number.isFinite(one) && one !== 0);
  let found: Awaited<ReturnType<TrainingNet["predict"]>>;
  beforeAll(async () => {
    const outputs = Object.keys(composed).map((name) => `output ${name}_of = ${name}(x)`);
    const model = compileOne(`model Functions {\ninput x: [batch]\n${outputs.join("\n")}\n}`);
    const text = cpuModuleText(model.training.planned.kernels, "f32");
    const net = await load(model.plan, { backend: "cpu", cpu: () => importText(text) });
    found = await net.predict({ x });
    net.destroy();
  });
  it.each(Object.entries(composed))("%s", (name, value) => {
    held(bounds.get(name), [x], Float32Array.from(found[`${name}_of`] ?? []), value);
  });

  it("are stated of these alone", () => {
    const names = [...functions.map(([name]) => name), ...Object.keys(composed)];
    expect([...bounds.keys()].sort()).toEqual(names.sort());
  });
});

const sizes = [
  ...[0, 1e-45, 1.1754942e-38, smallest, 1e-30, 2 ** -25, 2 ** -24, 0.25, 0.5, 0.75, 0.99999994],
  ...[1, 1.0000001, 1.5, 2, 2.5, 3, 3.5, 7, 11.25, 1e3, 65537, 2 ** 23 - 0.5, 2 ** 23, 2 ** 23 + 1],
  ...[
    2 ** 24 - 1,
    2 ** 24,
    2 ** 24 + 2,
    2 ** 28,
    2 ** 29,
    2 ** 30,
    2147483520,
    2 ** 31,
    2 ** 31 + 256,
  ],
  ...[4294967040, 2 ** 32, 2 ** 33, 1e20, 1e30, largest, Infinity],
];
const reals = [...sizes.flatMap((size) => [size, -size]), NaN, NaN].map(Math.fround);
const integers = [
  ...[0, 1, 2, 3, 7, 8, 100, 31, 32, 33, 65537, 2 ** 24 + 1, 2 ** 30, 2 ** 31 - 1, 2 ** 31],
  ...[-1, -2, -3, -8, -65537, 1 - 2 ** 31, 128 - 2 ** 31],
].map((value) => value >>> 0);
const ofType: Readonly<Record<PlanType, readonly number[]>> = {
  f32: [...bitsOf(reals)],
  i32: integers,
  u32: integers,
  bool: [0, 1],
};

/** All pairs of them, padded to whole vectors; of reals also many at random. */
function pairsOf(type: PlanType): readonly Bits[] {
  const own = ofType[type];
  const pairs = own.flatMap((a) => own.map((b) => [a, b] as const));
  while (pairs.length % 4 !== 0) pairs.push([0, 0]);
  if (type === "f32") {
    const many = patterns(2 ** 15);
    many.forEach((bits, at) => pairs.push([bits, Math.imul(bits ^ at, 0x85ebca6b) >>> 0]));
  }
  return [0, 1].map((at) => Uint32Array.from(pairs, (pair) => pair[at] ?? 0));
}

/** A number of those bits. */
function numberOf(type: PlanType, bits: number): number {
  if (type === "f32") return floatsOf(Uint32Array.of(bits))[0] ?? NaN;
  return type === "i32" ? bits | 0 : bits;
}

function remainderOf(a: number, b: number): number {
  const rest = a % b;
  if (b === 0) return 0;
  if (rest === 0 || rest < 0 === b < 0) return rest;
  return rest + b;
}

/** Where the sum with the divisor is rounded to it, it is none of it. */
function realRemainder(a: number, b: number): number {
  const rest = Math.fround(remainderOf(a, b));
  return rest === b ? 0 : rest;
}

/** A conversion, to the last f32 that a type of integers holds. */
function converted(value: number, from: PlanType, to: PlanType): number {
  if (to === "f32") return Math.fround(value);
  if (to === "bool") return value !== 0 ? 1 : 0;
  if (from !== "f32") return value >>> 0;
  if (Number.isNaN(value)) return 0;
  const [low, high] = to === "i32" ? [-(2 ** 31), 2147483520] : [0, 4294967040];
  return Math.trunc(Math.min(Math.max(value, low), high)) >>> 0;
}

type Trial = MachineOperation & { readonly op: ScalarName };

/** What has no function, and remainders, in all types; conversions between all. */
const exact = Object.entries<ScalarOperation>(scalarOps).flatMap(([name, record]): Trial[] =>
  name === "select" || functions.some(([known]) => known === name)
    ? []
    : record.takes.flatMap((type) => {
        const results: readonly PlanType[] =
          record.gives === "target"
            ? ["f32", "i32", "u32", "bool"]
            : [record.gives === "bool" ? "bool" : type];
        const takes = Array.from({ length: record.arity }, () => type);
        return results.map((gives) => ({ op: name as ScalarName, takes, gives }));
      }),
);

function exactValue({ op, takes, gives }: Trial, a: number, b: number): number {
  const [type = "f32"] = takes;
  if (op === "cast") return converted(a, type, gives);
  if (op === "modulo") return type === "f32" ? realRemainder(a, b) : remainderOf(a, b) >>> 0;
  if (type === "f32" && gives === "f32") return Math.fround(Number(tensorValue(op, 32)?.(a, b, 0)));
  if (op === "multiply") return Math.imul(a, b) >>> 0;
  const value = Number(tensorValue(op, 32)?.(a, b, 0));
  return gives === "bool" ? value : value >>> 0;
}

describe("exact operations", () => {
  it.each(exact.map((trial) => [trial.op, trial.takes[0] ?? "f32", trial.gives, trial] as const))(
    "%s of %s to %s",
    (_, type, gives, trial) => {
      const operands = pairsOf(type).slice(0, trial.takes.length);
      const found = bothWays(trial, operands);
      const wrong = [...found].flatMap((bits, at) => {
        const [a = 0, b = 0] = operands.map((operand) => numberOf(type, operand[at] ?? 0));
        const value = exactValue(trial, a, b);
        const have = gives === "f32" ? numberOf("f32", bits) : bits;
        // A zero has no sign.
        const right = have === value || (Number.isNaN(have) && Number.isNaN(value));
        return right ? [] : [`${trial.op}(${a}, ${b}) is ${value}, not ${have}`];
      });
      expect(wrong.slice(0, 9)).toEqual([]);
    },
  );
});

describe("draws", () => {
  const { seed, counter, stream } = drawn;
  const indices = Uint32Array.from([
    ...patterns(2 ** 12),
    0,
    1,
    2,
    3,
    ...[2, 1].map((n) => 2 ** 31 - n),
    6,
    7,
  ]);
  const words = Array.from(indices, (index) => philox([index, counter, stream, 0], [seed, 0])[0]);
  it("are Philox's words", () => {
    const found = bothWays({ op: "bits", takes: ["u32"], gives: "u32" }, [indices]);
    expect([...found]).toEqual(words);
  });
  it("are the middles of 2²³ equal parts of 0 to 1", () => {
    const found = bothWays({ op: "uniform", takes: ["u32"], gives: "f32" }, [indices]);
    expect([...floatsOf(found)]).toEqual(words.map((word) => ((word >>> 9) + 0.5) / 2 ** 23));
  });
});
