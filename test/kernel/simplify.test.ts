// Index arithmetic in; its canonical form, and proof by enumeration that it has the same value, out.

import { describe, expect, it } from "vitest";
import { dimValue, polynomialOf } from "../../compiler/kernel/polynomial.js";
import { maximumOf, minimumOf } from "../../compiler/kernel/range.js";
import { literal, operation } from "../../compiler/kernel/simplify.js";
import type { KernelValue, VariableValue } from "../../compiler/kernel/value.js";
import { createValues } from "../../compiler/kernel/value.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { ScalarOp } from "../../compiler/types/nest.js";

const values = createValues();
const int = (value: number): KernelValue => literal(values, "index", value);
const i32 = (op: ScalarOp, left: KernelValue, right: KernelValue): KernelValue =>
  operation(values, op, "index", [left, right]);
const compare = (op: ScalarOp, left: KernelValue, right: KernelValue): KernelValue =>
  operation(values, op, "bool", [left, right]);
const variable = (name: string, extent: number): VariableValue =>
  values.variable(name, int(extent));

/** The value of an index where variables have these values. */
function valueAt(value: KernelValue, at: ReadonlyMap<KernelValue, number>): number {
  const known = at.get(value);
  if (known !== undefined) return known;
  if (value.kind === "literal") return value.value;
  if (value.kind === "polynomial") {
    return value.terms.reduce(
      (sum, { coefficient, factors }) =>
        sum + factors.reduce((product, factor) => product * valueAt(factor, at), coefficient),
      value.constant,
    );
  }
  if (value.kind !== "op") throw new Error(`no value for ${value.kind}`);
  const [a = NaN, b = NaN] = value.arguments.map((operand) => valueAt(operand, at));
  if (value.op === "divide") return Math.floor(a / b);
  if (value.op === "modulo") return a - b * Math.floor(a / b);
  throw new Error(`no value for ${value.op}`);
}

describe("indices", () => {
  it("taken apart and put together again vanish", () => {
    const n = variable("n", 7 * 5 * 3);
    const last = i32("modulo", n, int(3));
    const middle = i32("modulo", i32("divide", n, int(3)), int(5));
    const first = i32("divide", n, int(15));
    const again = i32(
      "add",
      i32("multiply", i32("add", i32("multiply", first, int(5)), middle), int(3)),
      last,
    );
    expect(again).toBe(n);
  });

  it("with a free dimension vanish as well", () => {
    const batch = dimValue(values, freeDim("batch"));
    const n = values.variable("m", i32("multiply", batch, int(4)));
    const row = i32("divide", n, batch);
    const column = i32("modulo", n, batch);
    expect(i32("add", i32("multiply", row, batch), column)).toBe(n);
  });

  it("drop what a quotient certainly rounds away", () => {
    const [a, b] = [variable("a", 10), variable("b", 28)];
    const flat = i32("add", i32("multiply", a, int(28)), b);
    expect(i32("divide", flat, int(28))).toBe(a);
    expect(i32("modulo", flat, int(28))).toBe(b);
    expect(i32("divide", i32("divide", b, int(4)), int(7))).toBe(int(0));
  });

  it("divide what is coarse in a dividend alone", () => {
    const [a, b] = [variable("a", 25), variable("b", 16)];
    const flat = i32("add", i32("multiply", a, int(128)), i32("multiply", b, int(8)));
    const inside = i32("add", flat, int(7));
    expect(i32("divide", inside, int(640))).toBe(i32("divide", a, int(5)));
    expect(i32("modulo", inside, int(640))).toBe(i32("add", i32("modulo", flat, int(640)), int(7)));
    expect(i32("divide", i32("add", flat, int(8)), int(640))).not.toBe(i32("divide", a, int(5)));
  });

  it("keep their value under every simplification", () => {
    const [a, b] = [variable("a", 6), variable("b", 5)];
    const flats = [
      i32("add", i32("multiply", a, int(6)), b),
      i32("add", i32("multiply", a, int(4)), i32("add", i32("multiply", b, int(10)), int(3))),
      i32("add", i32("multiply", i32("divide", a, int(2)), int(9)), i32("multiply", b, a)),
      i32("add", i32("multiply", a, int(6)), i32("add", b, int(1))),
      i32("add", i32("multiply", a, int(4)), i32("multiply", b, int(3))),
    ];
    for (const flat of flats) {
      for (const divisor of [1, 2, 3, 4, 5, 6, 12]) {
        const quotient = i32("divide", flat, int(divisor));
        const remainder = i32("modulo", flat, int(divisor));
        for (let x = 0; x < 6; x++) {
          for (let y = 0; y < 5; y++) {
            const at = new Map<KernelValue, number>([
              [a, x],
              [b, y],
            ]);
            const whole = valueAt(flat, at);
            expect(valueAt(quotient, at)).toBe(Math.floor(whole / divisor));
            expect(valueAt(remainder, at)).toBe(whole % divisor);
          }
        }
      }
    }
  });
});

describe("comparisons", () => {
  it("are decided where the range decides them, and only there", () => {
    const a = variable("a", 28);
    expect(compare("greaterEqual", a, int(0))).toBe(literal(values, "bool", 1));
    expect(compare("less", a, int(28))).toBe(literal(values, "bool", 1));
    expect(compare("less", a, int(27)).kind).toBe("op");
    expect(compare("equal", a, int(28))).toBe(literal(values, "bool", 0));
    const shifted = i32("subtract", a, int(2));
    expect(compare("greaterEqual", shifted, int(0)).kind).toBe("op");
  });

  it.each([
    ["less", (left, right) => left < right],
    ["lessEqual", (left, right) => left <= right],
    ["greater", (left, right) => left > right],
    ["greaterEqual", (left, right) => left >= right],
    ["equal", (left, right) => left === right],
    ["notEqual", (left, right) => left !== right],
  ] as const satisfies readonly (readonly [ScalarOp, (a: number, b: number) => boolean])[])(
    "%s with every number, from both sides",
    (op, holds) => {
      const a = variable("c", 4);
      const indices = [0, 1, 2, 3];
      const decided = (truths: readonly boolean[]): number | undefined => {
        if (truths.every((truth) => truth)) return 1;
        return truths.some((truth) => truth) ? undefined : 0;
      };
      const told = (value: KernelValue): number | undefined =>
        value.kind === "literal" ? value.value : undefined;
      for (let number = -2; number <= 5; number++) {
        expect(told(compare(op, a, int(number))), `${number} right`).toBe(
          decided(indices.map((index) => holds(index, number))),
        );
        expect(told(compare(op, int(number), a)), `${number} left`).toBe(
          decided(indices.map((index) => holds(number, index))),
        );
      }
    },
  );

  it("know that free dimensions are at least 1", () => {
    const batch = dimValue(values, freeDim("batch"));
    const n = values.variable("row", batch);
    expect(compare("less", n, batch)).toBe(literal(values, "bool", 1));
    expect(compare("greater", batch, int(0))).toBe(literal(values, "bool", 1));
    expect(compare("greater", batch, int(1)).kind).toBe("op");
  });
});

it("ranges of products hold where a factor is an index of which nothing or little is known", () => {
  const [a, b] = [variable("p", 6), variable("q", 5)];
  const rest = i32("modulo", i32("subtract", a, int(2)), int(4));
  const product = i32("multiply", rest, b);
  expect(minimumOf(polynomialOf(product))).toBe(0);
  expect(maximumOf(polynomialOf(product))).toBe(12);
  expect(minimumOf(polynomialOf(i32("multiply", product, int(-1))))).toBe(-12);
  const loaded = operation(values, "cast", "index", [
    values.intern({ kind: "load", type: "i32", buffer: 0, index: a }),
  ]);
  // Negative, it would make of a large index the least product, and of two of them the most.
  expect(minimumOf(polynomialOf(i32("multiply", loaded, b)))).toBe(-Infinity);
  expect(maximumOf(polynomialOf(i32("multiply", loaded, b)))).toBe(Infinity);
  const held = i32("minimum", loaded, int(3));
  expect(maximumOf(polynomialOf(held))).toBe(3);
  expect(maximumOf(polynomialOf(i32("multiply", held, held)))).toBe(Infinity);
  expect(maximumOf(polynomialOf(i32("multiply", i32("maximum", held, int(0)), b)))).toBe(Infinity);
  expect(maximumOf(polynomialOf(i32("multiply", i32("minimum", rest, int(2)), b)))).toBe(8);
});

it("ranges hold for every index", () => {
  const [a, b] = [variable("a", 6), variable("b", 5)];
  const index = i32("subtract", i32("multiply", a, int(3)), i32("multiply", b, int(2)));
  expect(minimumOf(polynomialOf(index))).toBe(-8);
  expect(maximumOf(polynomialOf(index))).toBe(15);
});

describe("bounds", () => {
  it("are found once for each value, however often it is used", () => {
    const buffer = values.intern({ kind: "load", type: "u32", buffer: 0, index: int(0) });
    let value: KernelValue = buffer;
    for (let n = 0; n < 60; n++) {
      value = operation(values, "maximum", "u32", [
        value,
        operation(values, "add", "u32", [value, literal(values, "u32", n + 1)]),
      ]);
    }
    const index = operation(values, "cast", "index", [value]);
    expect(minimumOf(polynomialOf(index))).toBeGreaterThan(-Infinity);
  });
});
