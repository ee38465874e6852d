// Every scalar operation and small intervals of integers in; that its values lie in the interval its record tells, and take on its ends where they should, out.
import { describe, expect, it } from "vitest";
import { intervalOf, isTight, rangeOfType } from "../../compiler/scalars/bounds.js";
import { evaluateScalar } from "../../compiler/scalars/evaluate.js";
import { anything, exactly, hullOf, nothing } from "../../compiler/scalars/intervals.js";
import type { Interval } from "../../compiler/scalars/intervals.js";
import type { ScalarOperation } from "../../compiler/scalars/record.js";
import { scalarOps } from "../../compiler/scalars/table.js";
import { addDims, freeDim, multiplyDims, subtractDims } from "../../compiler/types/dimension.js";
import type { ScalarOp } from "../../compiler/types/nest.js";

const least = -3;
const most = 4;
const intervals: Interval[] = [];
for (let low = least; low <= most; low++) {
  for (let high = low; high <= most; high++) intervals.push({ low, high });
}

const valuesIn = ({ low, high }: Interval): number[] =>
  Array.from({ length: high - low + 1 }, (_, index) => low + index);

/** Every choice of one value of each operand. */
const choices = (operands: readonly Interval[]): number[][] =>
  operands.reduce<number[][]>(
    (chosen, operand) => chosen.flatMap((one) => valuesIn(operand).map((value) => [...one, value])),
    [[]],
  );

function samples(op: ScalarOp): readonly (readonly Interval[])[] {
  const { arity }: ScalarOperation = scalarOps[op];
  if (arity === 1) return intervals.map((one) => [one]);
  const few = intervals.filter((_, index) => index % 3 === 0);
  const pairs = intervals.flatMap((one) => intervals.map((other) => [one, other]));
  if (arity === 2) return pairs;
  return few.flatMap((one) => few.map((other) => [{ low: 0, high: 1 }, one, other]));
}

const ofIntegers = (Object.keys(scalarOps) as ScalarOp[]).filter((op) => {
  const { integers, takes }: ScalarOperation = scalarOps[op];
  return integers !== "none" && (takes as readonly string[]).includes("i32");
});

describe("intervals", () => {
  it.each(ofIntegers)("%s: hold every value, and end at values where that is told", (op) => {
    const { gives }: ScalarOperation = scalarOps[op];
    const types = { operands: "i32", result: gives === "bool" ? "bool" : "i32" } as const;
    for (const operands of samples(op)) {
      const told = intervalOf(op, types, operands);
      const values = choices(operands).map((one) => evaluateScalar(op, types, one) ?? NaN);
      const real = { low: Math.min(...values), high: Math.max(...values) };
      const context = JSON.stringify({ op, operands, told, real });
      expect(told.low <= real.low && real.high <= told.high, context).toBe(true);
      if (isTight(op, operands)) expect(told, context).toEqual(real);
    }
  });

  it("divide indices as kernels do", () => {
    const types = { operands: "index", result: "index" } as const;
    for (const operands of samples("divide").filter(
      ([a, b]) => a && b && a.low >= 0 && b.low > 0,
    )) {
      const values = choices(operands).map(([a = 0, b = 1]) => Math.floor(a / b));
      expect(intervalOf("divide", types, operands)).toEqual({
        low: Math.min(...values),
        high: Math.max(...values),
      });
    }
    // A divisor is an extent: at least 1.
    expect(intervalOf("divide", types, [{ low: 0, high: 9 }, anything])).toEqual({
      low: 0,
      high: 9,
    });
    expect(intervalOf("divide", types, [{ low: -1, high: 9 }, exactly(2)])).toEqual(anything);
    expect(intervalOf("modulo", types, [anything, { low: -2, high: 7 }])).toEqual({
      low: 0,
      high: 6,
    });
  });

  it("are what the 32 bits hold where a result may wrap", () => {
    const whole = rangeOfType("i32");
    const types = { operands: "i32", result: "i32" } as const;
    const top = exactly(2 ** 31 - 1);
    expect(intervalOf("add", types, [top, exactly(0)])).toEqual(top);
    expect(intervalOf("add", types, [top, { low: 0, high: 1 }])).toEqual(whole);
    expect(intervalOf("abs", types, [exactly(-(2 ** 31))])).toEqual(whole);
    const unsigned = { operands: "u32", result: "u32" } as const;
    expect(intervalOf("subtract", unsigned, [{ low: 1, high: 5 }, exactly(1)])).toEqual({
      low: 0,
      high: 4,
    });
    expect(intervalOf("subtract", unsigned, [{ low: 0, high: 5 }, exactly(1)])).toEqual(
      rangeOfType("u32"),
    );
    // An operand is held to its type before.
    expect(intervalOf("minimum", unsigned, [anything, exactly(3)])).toEqual({ low: 0, high: 3 });
    expect(intervalOf("cast", { operands: "f32", result: "i32" }, [exactly(1)])).toEqual(whole);
    expect(intervalOf("cast", { operands: "i32", result: "u32" }, [exactly(-1)])).toEqual(
      rangeOfType("u32"),
    );
  });

  it("are none of none, and reach over live dimensions", () => {
    const n = freeDim("n");
    const types = { operands: "i32", result: "i32" } as const;
    const indices = { low: 0, high: subtractDims(n, 1) };
    expect(hullOf([])).toEqual(nothing);
    expect(intervalOf("add", types, [nothing, exactly(3)])).toEqual(nothing);
    expect(intervalOf("add", types, [indices, exactly(2)])).toEqual({
      low: 2,
      high: addDims(n, 1),
    });
    expect(intervalOf("subtract", types, [exactly(n), indices])).toEqual({ low: 1, high: n });
    expect(intervalOf("multiply", types, [exactly(-2), indices])).toEqual({
      low: addDims(multiplyDims(-2, n), 2),
      high: 0,
    });
    expect(intervalOf("modulo", types, [anything, { low: 1, high: n }])).toEqual(indices);
    expect(intervalOf("minimum", types, [exactly(n), exactly(addDims(n, 2))])).toEqual(exactly(n));
    expect(intervalOf("maximum", types, [exactly(n), exactly(addDims(n, 2))])).toEqual(
      exactly(addDims(n, 2)),
    );
    // 5 or n: neither is known to be the lesser.
    expect(intervalOf("minimum", types, [exactly(n), exactly(5)])).toEqual(rangeOfType("i32"));
    expect(isTight("add", [indices, exactly(n)])).toBe(true);
    expect(isTight("add", [indices, indices])).toBe(false);
  });
});
