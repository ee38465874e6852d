// Every scalar operation and numbers of every sign in; that its results have the sign its record tells, and are 0 for the operands it names and for no fewer, out.
import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { isNeverZero, isPositive, neverNegative } from "../../compiler/ops/signs.js";
import type { ScalarOperation } from "../../compiler/scalars/record.js";
import type { Sign, SignedOperand } from "../../compiler/scalars/signs.js";
import { scalarOps } from "../../compiler/scalars/table.js";
import { freeDim, subtractDims } from "../../compiler/types/dimension.js";
import type { ScalarOp } from "../../compiler/types/nest.js";
import { tensorValue } from "../../runtime/scalars.js";

/** Between multiples of π and beyond the first of them, of either size and sign. */
const numbers = [-8, -4, -3, -0.5, 0, 0.25, 2, 4, 5, 8] as const;
const ops = Object.keys(scalarOps) as ScalarOp[];
const record = (op: ScalarOp): ScalarOperation => scalarOps[op];

const holds: Readonly<Record<Sign, (value: number) => boolean>> = {
  positive: (value) => value > 0,
  notNegative: (value) => value >= 0,
  unknown: () => true,
};

function tuples(count: number): number[][] {
  if (count === 0) return [[]];
  return tuples(count - 1).flatMap((rest) => numbers.map((value) => [...rest, value]));
}

function valueOf(op: ScalarOp, operands: readonly number[]): number {
  const { takes, arity } = record(op);
  const bits = (takes as readonly string[]).includes("f32")
    ? operands
    : operands.map((x) => +(x > 0));
  const [a = 0, b = 0, c = 0] =
    arity === 3 ? [+((operands[0] ?? 0) > 0), ...operands.slice(1)] : bits;
  return Number(tensorValue(op, 32)?.(a, b, c));
}

/** All that is true of a number, the strongest first. */
const signsOf = (value: number): Sign[] =>
  (["positive", "notNegative", "unknown"] as const).filter((sign) => holds[sign](value));

describe("what a record says of signs", () => {
  it.each(ops)("%s", (op) => {
    for (const operands of tuples(record(op).arity)) {
      const value = valueOf(op, operands);
      // Infinite at 0, as log and powers: said of no finite number.
      if (!Number.isFinite(value)) continue;
      for (const signs of operands.reduce<Sign[][]>(
        (all, one) => all.flatMap((rest) => signsOf(one).map((sign) => [...rest, sign])),
        [[]],
      )) {
        const known = signs.map((sign, at): SignedOperand => ({
          sign,
          value: op === "power" ? operands[at] : undefined,
        }));
        const isSquare = record(op).arity === 2 && operands[0] === operands[1];
        const told = record(op).signs(known, isSquare);
        expect(holds[told](value), `${op}(${operands.join(", ")}) from ${signs.join(", ")}`).toBe(
          true,
        );
      }
    }
  });
});

describe("what a record says of operands that are 0", () => {
  const isZeroWhere = (op: ScalarOp, where: (operands: readonly number[]) => boolean): boolean =>
    tuples(record(op).arity)
      .filter(where)
      .every((operands) => valueOf(op, operands) === 0);
  it.each(ops)("%s", (op) => {
    const { arity } = record(op);
    const all = isZeroWhere(op, (operands) => operands.every((value) => value === 0));
    const choices = arity === 3 && isZeroWhere(op, ([, ...rest]) => rest.every((one) => one === 0));
    const first = arity === 2 && isZeroWhere(op, ([x, y]) => x === 0 && y !== 0);
    const any = arity === 2 && isZeroWhere(op, (operands) => operands.includes(0));
    const strongest = [any && "any", first && "first", choices && "choices", all && "all", "none"];
    // The remainder by 0 is 0 in tensors, but no rule rests on it.
    const weaker: Partial<Record<ScalarOp, string>> = { modulo: "first" };
    // Comparisons are no factors of sums.
    const gives = record(op).gives === "bool" && !["and", "or"].includes(op);
    const expected = gives ? "none" : (weaker[op] ?? strongest.find((rule) => rule !== false));
    expect(record(op).zero).toBe(expected);
  });
});

describe("the sign of a node", () => {
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [4] });
  const t = b.input("t", { type: "i32", shape: [4] });
  const n = freeDim("n");
  const positive = b.add(b.exp(x), 1);

  it("goes through sums, views and reductions", () => {
    expect(isPositive(positive)).toBe(true);
    expect(isPositive(b.exp(x))).toBe(false);
    expect(neverNegative(b.exp(x))).toBe(true);
    expect(isPositive(b.sqrt(b.sum(b.reshape(positive, [2, 2]), [0])))).toBe(true);
    expect(isPositive(b.prod(positive, [0]))).toBe(false);
    expect(neverNegative(b.prod(positive, [0]))).toBe(true);
    expect(neverNegative(b.multiply(x, x))).toBe(true);
    expect(neverNegative(b.multiply(x, positive))).toBe(false);
    expect(isPositive(b.pad(positive, [1], [0]))).toBe(false);
    expect(isPositive(b.select(b.less(x, 0), positive, 2))).toBe(true);
    expect(isPositive(b.select(b.less(x, 0), positive, x))).toBe(false);
  });

  it("is not kept by integers that wrap, nor by dimensions that a subtraction may bring below 1", () => {
    expect(isPositive(b.cast(b.add(b.abs(t), 1), "f32"))).toBe(false);
    expect(neverNegative(b.cast(b.multiply(t, t), "f32"))).toBe(false);
    expect(neverNegative(b.cast(b.cast(t, "u32"), "f32"))).toBe(true);
    expect(isNeverZero(b.cast(b.cast(positive, "i32"), "f32"))).toBe(false);
    expect(isPositive(b.cast(b.dimension(n), "f32"))).toBe(true);
    expect(neverNegative(b.cast(b.dimension(subtractDims(n, 3)), "f32"))).toBe(false);
  });
});
