// Every scalar operation at extreme arguments in; finite values close to the mathematics on every target, out.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mapSchedule } from "../../compiler/kernel/index.js";
import { planPrograms } from "../../compiler/emit/plan.js";
import type { Planned } from "../../compiler/emit/plan.js";
import type { Scalar, ScalarOp } from "../../compiler/types/nest.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { erfc } from "../oracle/reference/special.js";
import * as nests from "./nests.js";
import { runOnCpu, runOnGpu } from "./run.js";

const { at, op, cast, float } = nests;

const extremes = [0, 15, 88, 89, 1e4, 3e38].flatMap((value) => [value, -value]);
const ordinary = [
  1e-30, 1e-6, 0.1, 0.3, 0.5, 0.61, 0.63, 0.75, 0.9, 0.999, 1, 1.5, 2, 2.5, 3.7, 9.1,
];
const values = [...extremes, ...ordinary, ...ordinary.map((value) => -value)].map(Math.fround);

interface Case {
  readonly name: string;
  /** Of the argument (and the second one where there are two). */
  readonly apply: (x: Scalar, y: Scalar) => Scalar;
  readonly truth: (x: number, y: number) => number;
  /** Where the operation is defined and its value is an f32; elsewhere the result must be finite, unless `partial`. */
  readonly domain?: (x: number, y: number) => boolean;
  readonly partial?: boolean;
  /** Error allowed in WGSL: absolute plus relative. The CPU is held to a hundredth of it, or 1e-7. */
  readonly absolute?: number;
  readonly relative?: number;
  readonly seconds?: readonly number[];
  /** In double precision, relative; 1e-14 unless said. */
  readonly double?: number;
}

const unary = (name: ScalarOp, truth: (x: number) => number, rest: Partial<Case> = {}): Case => ({
  name,
  apply: (x) => op(name, x),
  truth,
  ...rest,
});

function roundEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** The integral by Simpson's rule: slow and independent. */
function erf(x: number): number {
  const a = Math.min(Math.abs(x), 7);
  const steps = 4000;
  const h = a / steps;
  let sum = 1 + Math.exp(-a * a);
  for (let step = 1; step < steps; step++) {
    sum += Math.exp(-((step * h) ** 2)) * (step % 2 === 1 ? 4 : 2);
  }
  return (Math.sign(x) * sum * h * 2) / (3 * Math.sqrt(Math.PI));
}

function erfinv(y: number): number {
  let [low, high] = [-6, 6];
  for (let turn = 0; turn < 60; turn++) {
    const middle = (low + high) / 2;
    if (erf(middle) < y) low = middle;
    else high = middle;
  }
  // The bisection's absolute error would show near 0.
  return Math.abs(y) < 1e-5 ? (y * Math.sqrt(Math.PI)) / 2 : (low + high) / 2;
}

const floorMod = (x: number, y: number): number => {
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
};

const cases: readonly Case[] = [
  unary("negate", (x) => -x),
  // The argument's rounding alone makes 88 · 2⁻²³ relative; the drivers' own exp2 adds as much.
  unary("exp", Math.exp, { domain: (x) => x < 88.7, relative: 4e-5, absolute: 2e-38 }),
  unary("log", Math.log, { domain: (x) => x > 1e-37, absolute: 1e-6, relative: 1e-6 }),
  unary("sqrt", Math.sqrt, { domain: (x) => x >= 0, relative: 3e-7 }),
  unary("sin", Math.sin, { domain: (x) => Math.abs(x) <= 1e4, absolute: 3e-7 }),
  unary("cos", Math.cos, { domain: (x) => Math.abs(x) <= 1e4, absolute: 3e-7 }),
  unary("tanh", Math.tanh, { relative: 1e-6 }),
  unary("abs", Math.abs),
  unary("sign", Math.sign),
  unary("floor", Math.floor),
  unary("round", roundEven),
  unary("erf", erf, { absolute: 1e-7, relative: 1e-6, double: 1e-12 }),
  unary("erfc", erfc, { domain: (x) => x < 9, relative: 2e-5, absolute: 2e-38, double: 1e-11 }),
  unary("erfinv", erfinv, { domain: (x) => Math.abs(x) < 0.9995, relative: 2e-6, double: 1e-11 }),
  {
    name: "divide",
    apply: (x, y) => op("divide", x, y),
    truth: (x, y) => x / y,
    seconds: [0.1, -3, 88, 1e4],
    partial: true,
    domain: (x, y) => Math.abs(x / y) < 3.4e38,
    relative: 3e-7,
  },
  {
    name: "modulo",
    apply: (x, y) => op("modulo", x, y),
    truth: floorMod,
    seconds: [2, -3, 0.5, 10],
    // A tiny argument of the other sign gives the divisor where it is rounded, or 0: both are right.
    domain: (x) => x === 0 || Math.abs(x) > 1e-5,
    relative: 6e-8,
  },
  {
    name: "power",
    apply: (x, y) => op("power", x, op("add", y, float(0))),
    truth: (x, y) => x ** y,
    seconds: [0, 1, 2, 3, -1, 0.5, -0.5, 2.5],
    domain: (x, y) =>
      Math.abs(x ** y) < 3e38 &&
      Math.abs(x ** y) > 1e-37 &&
      (x > 0 || y === Math.floor(y)) &&
      x !== 0,
    relative: 5e-5,
  },
  ...[2, 3, 5, -1, -2, 0.5, -0.5].map((power): Case => ({
    name: `power ${power}`,
    apply: (x) => op("power", x, float(power)),
    truth: (x) => x ** power,
    partial: true,
    domain: (x) =>
      Math.abs(x ** power) < 3e38 &&
      Math.abs(x ** power) > 1e-37 &&
      (x > 0 || Number.isInteger(power)),
    relative: 1e-6,
  })),
  {
    name: "minimum and maximum",
    apply: (x, y) => op("subtract", op("maximum", x, y), op("minimum", x, y)),
    truth: (x, y) => Math.abs(x - y),
    seconds: [-1, 0, 12],
    relative: 1e-6,
  },
  {
    name: "f32 of i32 of f32",
    apply: (x) => cast("f32", cast("i32", x)),
    truth: (x) => Math.trunc(Math.min(Math.max(x, -2147483648), 2147483520)),
  },
  {
    name: "f32 of u32 of f32",
    apply: (x) => cast("f32", cast("u32", x)),
    truth: (x) => Math.trunc(Math.min(Math.max(x, 0), 4294967040)),
  },
  {
    name: "comparisons",
    apply: (x, y) =>
      op(
        "add",
        op("select", op("less", x, y), float(1), float(0)),
        op(
          "select",
          op("or", op("equal", x, y), op("not", op("greaterEqual", x, y))),
          float(2),
          float(0),
        ),
      ),
    truth: (x, y) => (x < y ? 1 : 0) + (x <= y ? 2 : 0),
    seconds: [0, 15, -88],
  },
];

interface Prepared {
  readonly planned: Planned;
  readonly arguments: readonly (readonly [number, number])[];
  readonly inputs: Readonly<Record<string, readonly number[]>>;
}

function prepare(test: Case): Prepared {
  const pairs = (test.seconds ?? [1]).flatMap((y) =>
    values.map((x) => [x, Math.fround(y)] as const),
  );
  const b = nests.createBuilder();
  const x = b.input("x", pairs.length);
  const y = b.input("y", pairs.length);
  const z = b.temporary(pairs.length);
  const i = b.axis(pairs.length);
  const value = test.apply(b.load(x, at(i)), b.load(y, at(i)));
  const nest = nests.nestOf(test.name, [i], [{ buffer: z, index: at(i), value }]);
  const schedule = nests.scheduleOf(b, [nest]);
  const planned = planPrograms(
    [
      {
        head: { name: "p", kind: "predict", inputs: [] },
        schedule,
        kernels: mapSchedule(schedule),
      },
    ],
    { storages: [], dimensions: [], describe: (origin) => origin.path },
  );
  const inputs = { x: pairs.map(([first]) => first), y: pairs.map(([, second]) => second) };
  return { planned, arguments: pairs, inputs };
}

function check(
  test: Case,
  prepared: Prepared,
  results: readonly number[],
  absolute: number,
  relative: number,
): void {
  prepared.arguments.forEach(([x, y], index) => {
    const found = results[index] ?? NaN;
    const inside = !test.domain || test.domain(x, y);
    if (inside || !test.partial) expect([x, y, Number.isFinite(found)]).toEqual([x, y, true]);
    if (!inside) return;
    const truth = test.truth(x, y);
    const room = absolute + relative * Math.abs(truth);
    if (Math.abs(found - truth) > room) {
      expect({ x, y, found }).toEqual({ x, y, found: truth });
    }
  });
}

describe.each(cases.map((test) => [test.name, test] as const))("%s", (_, test) => {
  it("in double precision", () => {
    const prepared = prepare(test);
    const [results = []] = runOnCpu(prepared.planned, prepared, "f64").results;
    check(test, prepared, results, test.absolute ? 1e-13 : 0, test.double ?? 1e-14);
  });
  it("in single precision", () => {
    const prepared = prepare(test);
    const [results = []] = runOnCpu(prepared.planned, prepared, "f32").results;
    check(test, prepared, results, test.absolute ?? 0, Math.max(1.3e-7, test.relative ?? 0));
  });
});

describeGpu("in WGSL", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await softwareDevice();
  });
  afterAll(() => {
    device.destroy();
  });
  it.each(cases.map((test) => [test.name, test] as const))("%s", async (_, test) => {
    const prepared = prepare(test);
    const { results } = await runOnGpu(device, prepared.planned, prepared);
    check(test, prepared, results[0] ?? [], test.absolute ?? 0, test.relative ?? 0);
  });
});
