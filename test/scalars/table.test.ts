// The tables of scalar operations and reductions in; through everything that computes by them, the numbers of the independent reference, out.
import { beforeAll, describe, expect, it } from "vitest";
import { check } from "../../compiler/compile.js";
import { hostExpression } from "../../compiler/emit/dimensions.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { fold } from "../../compiler/optimize/fold.js";
import type { ScalarOperation } from "../../compiler/scalars/record.js";
import { evaluateScalar } from "../../compiler/scalars/evaluate.js";
import { helpersOf, scalarOps } from "../../compiler/scalars/table.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { hostValue } from "../../compiler/schedule/host.js";
import type { Node } from "../../compiler/types/graph.js";
import { renderAll } from "../../grammar/render.js";
import { evaluateHost } from "../../runtime/host.js";
import type { PlanType } from "../../runtime/plan.js";
import { describeGpu } from "../support/adapter.js";
import type { TestBackend } from "../support/compiled.js";
import type { Tensor } from "../support/interpret.js";
import { planSmall, runSmall } from "../support/runOps.js";
import type { SmallProgram } from "../support/runOps.js";
import { agrees, defined, definedInKernels, roomOf, trials } from "./samples.js";
import type { Trial } from "./samples.js";

const listed = trials.map((trial) => [titleOf(trial), trial] as const);

function titleOf({ op, type, result }: Trial): string {
  return op === "cast" ? `${op} of ${type} to ${result}` : `${op} of ${type}`;
}

/** Points at which `found` is not `expected`, for a message; -0 is 0. */
function wrongPoints(
  trial: Trial,
  found: (point: readonly number[], at: number) => number | undefined,
  expected: (point: readonly number[]) => number | undefined,
  room: (point: readonly number[]) => number,
  single = false,
): string[] {
  return trial.points.flatMap((point, at) => {
    const want = expected(point);
    if (want === undefined) return [];
    const have = found(point, at);
    if (have !== undefined && agrees(have, want, room(point), single)) return [];
    return [`${trial.op}(${point.join(", ")}) is ${String(want)}, not ${String(have)}`];
  });
}

/** Where the definition has a number. */
function finite(trial: Trial, point: readonly number[]): number | undefined {
  const value = defined(trial, point);
  return Number.isFinite(value) ? value : undefined;
}

const double = () => 1e-13;

describe("the folder of constants", () => {
  it.each(listed)("%s", (_, trial) => {
    const types = { operands: trial.type, result: trial.result };
    const expected = (point: readonly number[]) => finite(trial, point);
    const value = (point: readonly number[]) => evaluateScalar(trial.op, types, point);
    // Conversions of what the type does not hold are left to the device.
    const left = (point: readonly number[]) =>
      trial.op === "cast" && value(point) === undefined ? undefined : expected(point);
    expect(wrongPoints(trial, value, left, double)).toEqual([]);
  });

  it.each(listed)("folds nodes of %s, and none that has no number", (_, trial) => {
    const b = createBuilder();
    const wrong = trial.points.filter((point) => {
      const node = nodeOf(
        b,
        trial,
        point.map((value, at) => b.constant(value, [2], operandType(trial, at))),
      );
      const folded = fold(b, node);
      const value = evaluateScalar(trial.op, { operands: trial.type, result: trial.result }, point);
      const known = value !== undefined && Math.abs(value) < 3.5e38 ? value : undefined;
      if (folded === undefined) return known !== undefined;
      return folded.op !== "constant" || folded.attributes.values[0] !== known;
    });
    expect(wrong).toEqual([]);
  });
});

const onReals = listed.filter(([, { type, result }]) => type === "f32" && result === "f32");

describe("what the table says of results", () => {
  it.each(onReals)("whether they are finite: %s", (_, trial) => {
    const { finite: claim }: ScalarOperation = scalarOps[trial.op];
    const most = 3.4e38;
    const extremes = [most, -most].map((y) => [most, y]);
    const points = claim === "no" ? [...trial.points, ...extremes] : trial.points;
    const infinite = points.filter(
      (point) =>
        !Number.isFinite(Math.fround(defined(trial, point))) ||
        !Number.isFinite(definedInKernels(trial, point) ?? 0),
    );
    if (claim === "no") expect(infinite.length).toBeGreaterThan(0);
    if (claim === "no") return;
    expect(infinite).toEqual([]);
    const largest = Math.max(...trial.points.map((point) => Math.abs(defined(trial, point)) || 0));
    expect(claim).toBe(largest < 10 ? "always" : "keeps");
  });

  it.each(onReals)("whether they are operands, or rounded once: %s", (_, trial) => {
    const { rounds }: ScalarOperation = scalarOps[trial.op];
    const passes = trial.points.every((point) => {
      const value = defined(trial, point);
      const near = (x: number) => Math.abs(Math.abs(x) - Math.abs(value)) <= 1;
      return Math.fround(value) === value && operandsOf(trial, point).some(near);
    });
    expect(rounds === "passes").toBe(passes && trial.op !== "cast");
    expect(rounds === "once").toBe(correctlyRounded.has(trial.op));
  });

  it("whether they jump", () => {
    const jumping = Object.entries<ScalarOperation>(scalarOps)
      .filter(([, { decides, gives }]) => decides && gives !== "bool")
      .map(([name]) => name);
    expect(jumping).toEqual(["sign", "floor", "round", "modulo"]);
  });
});

/** Operations of IEEE 754 for which doubles have digits enough. */
const correctlyRounded: ReadonlySet<string> = new Set([
  ...["add", "subtract", "multiply", "divide", "sqrt"],
]);

describe("arithmetic of the host", () => {
  // Integers are computed where they are read.
  const host = listed.filter(
    ([, { type, result }]) =>
      (type === "f32" || type === "bool") && (result === "f32" || result === "bool"),
  );
  const precisions = [32, 64] as const;
  const cases = host.flatMap(([title, trial]) =>
    precisions.map((precision) => [title, precision, trial] as const),
  );
  it.each(cases)("%s in %i bits", (_, precision, trial) => {
    const b = createBuilder();
    const value = (point: readonly number[]) => {
      const operands = point.map((one, at) => b.constant(one, [], operandType(trial, at)));
      const expression = hostExpression(hostValue(nodeOf(b, trial, operands)));
      return evaluateHost(expression, {}, {}, precision);
    };
    const points = { ...trial, points: trial.points.map((point) => operandsOf(trial, point)) };
    const expected = (point: readonly number[]) => definedInKernels(trial, point, precision);
    expect(wrongPoints(points, value, expected, double)).toEqual([]);
  });
});

function operandsOf(trial: Trial, point: readonly number[]): readonly number[] {
  return point.slice(0, arityOf(trial));
}

function arityOf({ op }: Trial): number {
  const { arity }: ScalarOperation = scalarOps[op];
  return arity;
}

/** How the language writes an operation on numbers. */
function written({ op, result }: Trial, point: readonly number[]): string {
  const [a = "", b = "", c = ""] = point.map((value) =>
    Object.is(value, -0) ? "(-0.0)" : `(${value})`,
  );
  const { sign }: ScalarOperation = scalarOps[op];
  if (op === "select") return `if ${a} > 0 then ${b} else ${c}`;
  if (op === "cast") return `${result}(${a})`;
  if (op === "power") return `${a} ^ ${b}`;
  if (op === "negate") return `-${a}`;
  if (op === "minimum") return `min(${a}, ${b})`;
  if (op === "maximum") return `max(${a}, ${b})`;
  return sign === undefined
    ? `${op}(${point.slice(0, arityOf({ op } as Trial)).join(", ")})`
    : `${a} ${sign} ${b}`;
}

/** A real number whether or not it is whole, so that none is too large for an i32. */
function asReal({ result }: Trial, text: string): string {
  return result === "f32" ? `f32(${text})` : text;
}

describe("numbers while compiling", () => {
  // What is cast to f16 is a tensor from there on.
  const real = listed.filter(([, { type, op }]) => type === "f32" && op !== "not" && op !== "half");
  it.each(real)("%s", (_, trial) => {
    const points = trial.points.filter((point) => {
      const [, divisor] = point;
      const divides = trial.op === "divide" || trial.op === "modulo";
      const fits = trial.op !== "cast" || point.every((x) => Math.abs(x) < 2 ** 31);
      const value = defined(trial, point);
      return Math.abs(value) < 3.4e38 && !(divides && divisor === 0) && fits;
    });
    const lines = points.map(
      (point, at) => `  output y${at} = ${asReal(trial, written(trial, point))}`,
    );
    const { models, diagnostics } = check(`model M {\n  input x: [batch]\n${lines.join("\n")}\n}`);
    expect(renderAll(diagnostics.filter(({ severity }) => severity === "error"))).toBe("");
    const values = (models[0]?.inference.outputs ?? []).map(({ value }) =>
      value.op === "constant" ? value.attributes.values[0] : undefined,
    );
    const own = { ...trial, points };
    expect(
      wrongPoints(
        own,
        (_point, at) => values[at],
        (point) => finite(trial, point),
        double,
      ),
    ).toEqual([]);
  });

  it("sizes are what functions of numbers give", () => {
    const sizes = [
      ["round(2 * erf(4))", 2],
      ["round(exp(3))", 20],
      ["floor(sqrt(50))", 7],
      ["round(10 * cos(0)) + floor(10 * sin(1))", 18],
      ["round(100 * tanh(0.5))", 46],
      ["round(100 * erfinv(0.5))", 48],
      ["round(log(1000))", 7],
      ["abs(-3) + min(4, 2) + max(4, 2) + sign(7)", 10],
      ["7 % 4 + 2 ^ 3 + round(2.5)", 13],
    ] as const;
    const lines = sizes.map(([text], at) => `  output y${at} = zeros([${text}])`);
    const { models, diagnostics } = check(`model M {\n  input x: [batch]\n${lines.join("\n")}\n}`);
    expect(renderAll(diagnostics)).toBe("");
    const shapes = (models[0]?.inference.outputs ?? []).map(({ value }) => value.shape);
    expect(shapes).toEqual(sizes.map(([, size]) => [size]));
  });
});

function operandType(trial: Trial, at: number): PlanType {
  return trial.op === "select" && at === 0 ? "bool" : trial.type;
}

function nodeOf(b: GraphBuilder, { op, result }: Trial, operands: readonly Node[]): Node {
  return op === "cast" ? b.node("cast", operands, { to: result }) : b.node(op, operands, {});
}

/** All operations on operands of a kind are one program, so that they share kernels. */
function programs(): { readonly trials: readonly Trial[]; readonly program: SmallProgram }[] {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    const key = `${trial.type} ${arityOf(trial)}`;
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  return [...groups].map(([key, own]) => ({ trials: own, program: programOf(key, own) }));
}

function programOf(name: string, own: readonly Trial[]): SmallProgram {
  const b = createBuilder();
  const [first] = own;
  if (first === undefined) throw new Error("a program of no operation");
  const shape = [first.points.length];
  const leaves: Record<string, Tensor> = {};
  const inputs = Array.from({ length: arityOf(first) }, (_, at) => {
    leaves[`${name} ${at}`] = { shape, data: first.points.map((point) => point[at] ?? 0) };
    return b.input(`${name} ${at}`, { type: operandType(first, at), shape });
  });
  const roots = own.map((trial) => nodeOf(b, trial, inputs));
  return { name, roots, leaves, dimensions: {} };
}

const grouped = programs();
const plan = planSmall(grouped.map(({ program }) => program));

function kernels(backend: TestBackend): void {
  let found: Tensor[][];
  beforeAll(async () => {
    found = await runSmall(plan, backend);
  });
  const single = backend !== "f64";
  // Adapters in software have no half precision: `half` is f32 there.
  const rounds = ({ op }: Trial): boolean => op !== "half" || backend === "f32";
  it.each(listed)("%s", (_, trial) => {
    const group = grouped.findIndex((one) => one.trials.includes(trial));
    const data = found[group]?.[grouped[group]?.trials.indexOf(trial) ?? 0]?.data;
    const room = (point: readonly number[]) => (single ? roomOf(trial.op, point) : 1e-12);
    const wrong = wrongPoints(
      trial,
      (_point, at) => data?.[at],
      (point) =>
        rounds(trial) ? definedInKernels(trial, point, single ? 32 : 64) : (point[0] ?? NaN),
      (point) => room(point) + (single && trial.result === "f32" ? 6e-8 : 0),
      single,
    );
    expect(wrong).toEqual([]);
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

describe("what shaders call and write", () => {
  it("has no branch: drivers inline it into bodies of many, and take minutes over those", () => {
    const helpers = helpersOf("wgsl").map(({ text }) => text.replaceAll(/\/\/.*/g, ""));
    expect(helpers.length).toBeGreaterThan(10);
    for (const text of helpers) expect(text).not.toMatch(/\bif\b|&&|\|\|/);
    for (const { wgsl } of Object.values<ScalarOperation>(scalarOps)) {
      expect(JSON.stringify(wgsl)).not.toMatch(/&&|\|\|/);
    }
  });
});
