// Takes a loop nest and buffers, gives what it stores: plain recursion in double precision, which shares nothing with the mappings.

import type { Dim } from "../../compiler/types/dimension.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { Axis, LoopNest, Scalar } from "../../compiler/types/nest.js";

export type Numbers = number[];

interface Point {
  readonly buffers: readonly Numbers[];
  readonly sizes: Readonly<Record<string, number>>;
  readonly axes: Map<Axis, number>;
}

/** Runs nests in order over `buffers`, which are changed. */
export function interpret(
  nests: readonly LoopNest[],
  buffers: readonly Numbers[],
  sizes: Readonly<Record<string, number>>,
): void {
  for (const nest of nests) {
    const stores: (() => void)[] = [];
    const point: Point = { buffers, sizes, axes: new Map() };
    forEachPoint(nest.axes, point, () => {
      for (const store of nest.stores) {
        const index = evaluate(store.index, point);
        const value = evaluate(store.value, point);
        stores.push(() => {
          const buffer = buffers[store.buffer];
          if (buffer) buffer[index] = value;
        });
      }
    });
    stores.forEach((store) => {
      store();
    });
  }
}

function forEachPoint(axes: readonly Axis[], point: Point, body: () => void): void {
  const [axis, ...inner] = axes;
  if (!axis) {
    body();
    return;
  }
  const extent = sizeOf(axis.extent, point);
  for (let index = 0; index < extent; index++) {
    point.axes.set(axis, index);
    forEachPoint(inner, point, body);
  }
  point.axes.delete(axis);
}

function sizeOf(dim: Dim, point: Point): number {
  return evaluateDim(dim, point.sizes);
}

function evaluate(scalar: Scalar, point: Point): number {
  switch (scalar.kind) {
    case "literal":
      return scalar.value;
    case "axis":
      return point.axes.get(scalar.axis) ?? NaN;
    case "dim":
      return sizeOf(scalar.dim, point);
    case "host":
    case "random":
      throw new Error(`the interpreter knows no ${scalar.kind}`);
    case "load": {
      const value = point.buffers[scalar.buffer]?.[evaluate(scalar.index, point)];
      if (value === undefined) throw new Error("a load is out of bounds");
      return value;
    }
    case "guard":
      return evaluate(evaluate(scalar.condition, point) ? scalar.value : scalar.otherwise, point);
    case "reduce":
      return evaluateReduce(scalar, point);
    case "op":
      return evaluateOp(scalar, point);
  }
}

function evaluateReduce(scalar: Extract<Scalar, { kind: "reduce" }>, point: Point): number {
  const values: number[] = [];
  const inner: Point = { ...point, axes: new Map(point.axes) };
  forEachPoint(scalar.axes, inner, () => values.push(evaluate(scalar.value, inner)));
  switch (scalar.combine) {
    case "sum":
      return values.reduce((sum, value) => sum + value, 0);
    case "prod":
      return values.reduce((product, value) => product * value, 1);
    case "max":
      return Math.max(...values);
    case "min":
      return Math.min(...values);
    case "any":
      return values.some((value) => value !== 0) ? 1 : 0;
    case "all":
      return values.every((value) => value !== 0) ? 1 : 0;
    case "argmax":
      return values.indexOf(Math.max(...values));
    case "argmin":
      return values.indexOf(Math.min(...values));
  }
}

function evaluateOp(scalar: Extract<Scalar, { kind: "op" }>, point: Point): number {
  const values = scalar.arguments.map((argument) => evaluate(argument, point));
  const [a = NaN, b = NaN, c = NaN] = values;
  const truth = (holds: boolean): number => (holds ? 1 : 0);
  switch (scalar.op) {
    case "negate":
      return -a;
    case "exp":
    case "log":
    case "sqrt":
    case "sin":
    case "cos":
    case "tanh":
    case "abs":
    case "sign":
    case "floor":
      return Math[scalar.op](a);
    case "round": {
      const low = Math.floor(a);
      const half = a - low;
      return half < 0.5 || (half === 0.5 && low % 2 === 0) ? low : low + 1;
    }
    case "erf":
    case "erfinv":
      throw new Error("the interpreter knows no error function");
    case "not":
      return truth(a === 0);
    case "add":
      return a + b;
    case "subtract":
      return a - b;
    case "multiply":
      return a * b;
    case "divide":
      return scalar.type === "f32" ? a / b : Math.floor(a / b);
    case "modulo":
      return a - b * Math.floor(a / b);
    case "power":
      return a ** b;
    case "minimum":
      return Math.min(a, b);
    case "maximum":
      return Math.max(a, b);
    case "equal":
      return truth(a === b);
    case "notEqual":
      return truth(a !== b);
    case "less":
      return truth(a < b);
    case "lessEqual":
      return truth(a <= b);
    case "greater":
      return truth(a > b);
    case "greaterEqual":
      return truth(a >= b);
    case "and":
      return truth(a !== 0 && b !== 0);
    case "or":
      return truth(a !== 0 || b !== 0);
    case "select":
      return a !== 0 ? b : c;
    case "cast":
      if (scalar.type === "bool") return truth(a !== 0);
      return scalar.type === "f32" ? a : Math.trunc(a);
  }
}
