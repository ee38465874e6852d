// Every sample of every op and primitive in, with its derivatives; compiled, all of them run on the CPU in both precisions
// and in WGSL, and their numbers compared with the reference's, out.

import { beforeAll, describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { withoutVariants } from "../../compiler/emit/variants.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { realFunctionNames } from "../../compiler/ops/derived/elementwise.js";
import { distributions, operators, primitives } from "../../compiler/ops/primitives.js";
import { isProblem } from "../../compiler/ops/problem.js";
import { opTable } from "../../compiler/ops/table.js";
import { addDims } from "../../compiler/types/dimension.js";
import type { Node, OpName } from "../../compiler/types/graph.js";
import { describeGpu } from "../support/adapter.js";
import { interpret } from "../support/interpret.js";
import type { Tensor } from "../support/interpret.js";
import { opSamples } from "../support/opSamples.js";
import type { SampleOperand } from "../support/opSamples.js";
import { planSmall, rounded, runSmall, worst } from "../support/runOps.js";
import type { PlannedPrograms, SmallProgram } from "../support/runOps.js";
import { batch, sampleDimensions } from "../support/samples/sample.js";
import { sampleValue } from "../support/sampleValues.js";
import { callSamples } from "./callSamples.js";

/** Has no sample of one op: where it is tested instead. */
const untested: Readonly<Partial<Record<OpName, string>>> = {
  scan: "is a loop over a body: test/property/graphs.test.ts",
  result: "is a part of scan",
  bound: "stands in bodies of scans alone",
  placeholder: "stands in optimizers' templates alone, and is replaced before scheduling",
};

type SampledOp = Exclude<OpName, "scan" | "result" | "bound" | "placeholder">;

/** Values that are only moved, compared or counted: single precision changes nothing. */
const exact = 0;
/** One rounded operation, and as much again in its derivative. */
const rounding = 2.5e-7;
/** Some tens of roundings in a row. */
const sums = 2e-6;

/** Functions of real numbers: some roundings in a row each; those that are held to another error say so below. */
const functionTolerance = Object.fromEntries(
  realFunctionNames.map((name) => [name, 1e-6]),
) as Record<(typeof realFunctionNames)[number], number>;

/** Errors in single precision against double, relative above 1 and absolute below, of values and derivatives. */
const tolerance: Readonly<Record<SampledOp, number>> = {
  constant: exact,
  iota: exact,
  dimension: exact,
  hostScalar: rounding,
  input: exact,
  stored: rounding,
  random: exact,
  ...functionTolerance,
  negate: exact,
  sqrt: rounding,
  abs: exact,
  sign: exact,
  floor: exact,
  round: exact,
  // Devices without half precision compute in single precision.
  half: 2 ** -11,
  erfinv: 2e-6,
  not: exact,
  cast: exact,
  stopGradient: exact,
  widen: exact,
  add: sums,
  subtract: sums,
  multiply: sums,
  divide: sums,
  modulo: sums,
  power: 2e-6,
  minimum: sums,
  maximum: sums,
  equal: exact,
  notEqual: exact,
  less: exact,
  lessEqual: exact,
  greater: exact,
  greaterEqual: exact,
  and: exact,
  or: exact,
  select: sums,
  sum: sums,
  prod: sums,
  max: exact,
  min: exact,
  any: exact,
  all: exact,
  argmax: exact,
  argmin: exact,
  leading: exact,
  cumsum: sums,
  reshape: exact,
  transpose: exact,
  broadcast: sums,
  slice: exact,
  pad: exact,
  flip: exact,
  window: sums,
  fold: sums,
  concat: exact,
  take: sums,
  scatterAdd: sums,
  segmentSum: sums,
  contract: sums,
};

interface Case {
  readonly name: string;
  readonly program: SmallProgram;
  readonly expected: readonly Tensor[];
  readonly tolerance: number;
}

interface Operands {
  readonly b: ReturnType<typeof createBuilder>;
  readonly leaves: readonly Node[];
  readonly values: readonly Tensor[];
}

function operandsOf(prefix: string, operands: readonly SampleOperand[]): Operands {
  const b = createBuilder();
  const leaves = operands.map((operand, at) => b.input(`${prefix}.${at}`, operand));
  const values = operands.map((operand, at) =>
    rounded(sampleValue(operand, sampleDimensions, at + 11)),
  );
  return { b, leaves, values };
}

/** The value, and where it is differentiable the derivatives by all real operands. */
function differentiated({ b, leaves }: Operands, prefix: string, y: Node): Node[] {
  if (y.type !== "f32" || opTable[y.op].vjp.kind === "none") return [y];
  const real = leaves.filter((leaf) => leaf.type === "f32");
  return [y, ...differentiate(b, y, real, b.input(`${prefix}.c`, y))];
}

function caseOf(
  name: string,
  limit: number,
  prefix: string,
  operands: Operands,
  roots: readonly Node[],
  known: readonly Tensor[] = [],
): Case {
  const leaves = Object.fromEntries(
    operands.values.map((value, at) => [`${prefix}.${at}`, value] as const),
  );
  const [y] = roots;
  if (y !== undefined && roots.length > 1 && known.length < 2) {
    const cotangent: SampleOperand = { type: "f32", shape: y.shape, range: [-1, 1] };
    leaves[`${prefix}.c`] = rounded(sampleValue(cotangent, sampleDimensions, 5));
  }
  const program = { name, roots, leaves, dimensions: sampleDimensions };
  const bindings = { leaves: { ...leaves, step: scalar(1) }, dimensions: sampleDimensions };
  const expected = interpret(roots, bindings).map((value, at) => known[at] ?? value);
  return { name, program, expected, tolerance: limit };
}

function scalar(value: number): Tensor {
  return { shape: [], data: [value] };
}

function opCases(): Case[] {
  return opSamples.map((sample, index) => {
    const prefix = `op${index}`;
    const operands = operandsOf(prefix, sample.operands);
    const y = sample.build(operands.b, operands.leaves);
    const limit = tolerance[sample.op as SampledOp];
    const roots = differentiated(operands, prefix, y);
    return caseOf(sample.name, limit, prefix, operands, roots);
  });
}

/** Ops without operands, each next to an operand, so that they are stored by a kernel. */
function leafCases(): Case[] {
  const shape = [batch, 3];
  const samples: Readonly<Record<string, (b: Operands["b"], x: Node) => Node>> = {
    input: (_, x) => x,
    constant: (b) => b.constant(0.5, [5, batch]),
    stored: (b, x) => b.add(x, b.constant([0.5, -1, 7], [3])),
    iota: (b) => b.iota([3, batch, 2], 1),
    dimension: (b, x) => b.multiply(b.cast(x, "i32"), b.dimension(addDims(batch, batch, 1))),
    hostScalar: (b, x) => b.multiply(x, b.exp(b.negate(b.hostScalar("step")))),
  };
  return Object.entries(samples).map(([name, build]) => {
    const prefix = `leaf.${name}`;
    const operands = operandsOf(prefix, [{ type: "f32", shape, range: [-5, 5] }]);
    const [x] = operands.leaves;
    if (x === undefined) throw new Error("one operand");
    const roots = [build(operands.b, x)];
    return caseOf(name, tolerance[name as SampledOp], prefix, operands, roots);
  });
}

/** Primitives: values by the reference's own definition; derivatives by the interpreter. */
function callCases(): Case[] {
  return callSamples.map((sample, index) => {
    const prefix = `call${index}`;
    const operands = operandsOf(prefix, sample.operands);
    const built = sample.primitive.build(operands.b, sample.values(operands.leaves));
    if (isProblem(built)) throw new Error(`${sample.name}: ${built.message}`);
    const [y] = built;
    if (y === undefined) throw new Error(`${sample.name} gives nothing`);
    const several = built.length > 1 || sample.primitive.results === "several";
    const roots = several ? built : differentiated(operands, prefix, y);
    const known = sample.expected(operands.values);
    return caseOf(sample.name, sums, prefix, operands, roots, known);
  });
}

function resultsOf(found: readonly (readonly Tensor[])[], at: number): readonly Tensor[] {
  return found[at] ?? [];
}

const cases = [...opCases(), ...leafCases(), ...callCases()];
const listed = cases.map((one, at) => [one.name, one, at] as const);

describe("samples", () => {
  it("are there of every op, or a reason why not", () => {
    const sampled = new Set([...opSamples.map(({ op }) => op as string), ...leavesSampled()]);
    const missing = Object.keys(opTable).filter(
      (op) => !sampled.has(op) && !(op in untested) && op !== "random",
    );
    expect(missing).toEqual([]);
    expect(Object.keys(tolerance).sort()).toEqual(
      Object.keys(opTable)
        .filter((op) => !(op in untested))
        .sort(),
    );
  });

  it("are there of every primitive and operator", () => {
    const sampled = new Set(callSamples.map(({ primitive }) => primitive));
    const all = Object.entries({ ...primitives, ...operators });
    const missing = all.filter(([, one]) => !sampled.has(one)).map(([name]) => name);
    expect(missing).toEqual([]);
  });
});

function leavesSampled(): string[] {
  return leafCases().map(({ name }) => name);
}

let plans: PlannedPrograms;
let double: Tensor[][];

beforeAll(async () => {
  plans = planSmall(cases.map(({ program }) => program));
  double = await runSmall(plans, "f64");
});

/** Draws of every kind; the parameters of some are tensors. */
function drawProgram(): { readonly names: readonly string[]; readonly program: SmallProgram } {
  const b = createBuilder();
  const odds = b.input("odds", { type: "f32", shape: [7] });
  const low = b.input("low", { type: "i32", shape: [7] });
  const draw = (
    name: keyof typeof distributions,
    type: Node["type"],
    values: (Node | number)[],
  ) => {
    const request = { path: `draw.${name}`, type, shape: [batch, 7] };
    const drawn = distributions[name].draw(b, request, values);
    if (isProblem(drawn)) throw new Error(drawn.message);
    return drawn;
  };
  const roots = {
    bits: b.random("some.bits", "bits", [batch, 101]),
    "uniform of (0, 1)": b.random("some.uniform", "uniform", [batch, 101]),
    uniform: draw("uniform", "f32", [-1, 3]),
    bernoulli: draw("bernoulli", "f32", [odds]),
    "bernoulli as bool": draw("bernoulli", "bool", [0.3]),
    randint: draw("randint", "i32", [low, 9]),
    "randint as u32": draw("randint", "u32", [0, 10]),
    "randint beyond i32": draw("randint", "u32", [3e9, 4e9]),
    "randint of all u32": draw("randint", "u32", [0, 2 ** 32]),
    "randint of all i32": draw("randint", "i32", [-(2 ** 31), 2 ** 31]),
    normal: draw("normal", "f32", [0.5, 2]),
    categorical: draw("categorical", "u32", [b.constant([0, 1, -1], [3])]),
  };
  const leaves = {
    odds: { shape: [7], data: [0, 0.1, 0.3, 0.5, 0.7, 0.99, 1].map(Math.fround) },
    low: { shape: [7], data: [-100, -9, -2, 0, 1, 7, 8] },
  };
  const dimensions = { batch: 11 };
  return {
    names: Object.keys(roots),
    program: { name: "draws", roots: Object.values(roots), leaves, dimensions },
  };
}

describe("on the CPU in double precision", () => {
  it.each(listed)("%s", (_, one, at) => {
    for (const [n, value] of one.expected.entries()) {
      const error = worst(resultsOf(double, at)[n] ?? scalar(NaN), value);
      expect(error, `result ${n}`).toBeLessThan(1e-12);
    }
  });
});

function expectWithin(one: Case, at: number, found: readonly (readonly Tensor[])[]): void {
  for (const [n, value] of resultsOf(double, at).entries()) {
    const error = worst(resultsOf(found, at)[n] ?? scalar(NaN), value);
    expect(error, `result ${n}`).toBeLessThanOrEqual(one.tolerance);
  }
}

describe("on the CPU in single precision", () => {
  let found: Tensor[][];
  beforeAll(async () => {
    found = await runSmall(plans, "f32");
  });
  it.each(listed)("%s", (_, one, at) => {
    expectWithin(one, at, found);
  });
});

describeGpu("in WGSL", () => {
  describe.each([
    ["for any adapter", () => ({ ...plans, plan: withoutVariants(plans.plan) })],
    ["for one in software", () => plans],
  ])("%s", (_kernels, own) => {
    let found: Tensor[][];
    beforeAll(async () => {
      found = await runSmall(own(), "webgpu");
    });
    it.each(listed)("%s", (_, one, at) => {
      expectWithin(one, at, found);
    });
  });

  it("draws are those of the CPU, bit for bit where no transcendental function follows", async () => {
    const { names, program } = drawProgram();
    const draws = planSmall([program]);
    const [cpu = []] = await runSmall(draws, "f32", 77);
    const [gpu = []] = await runSmall(draws, "webgpu", 77);
    const [other = []] = await runSmall(draws, "webgpu", 78);
    for (const [n, name] of names.entries()) {
      const [a, c, d] = [cpu[n]?.data, gpu[n]?.data, other[n]?.data];
      if (a === undefined || c === undefined) throw new Error(`no ${name}`);
      if (name === "normal")
        expect(worst(gpu[n] ?? scalar(NaN), cpu[n] ?? scalar(0))).toBeLessThan(2e-6);
      else expect(c, name).toEqual(a);
      expect(d, `${name} of another seed`).not.toEqual(c);
    }
  });
});
