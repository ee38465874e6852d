// Takes requests for scalar expressions, gives them interned and simplified, so that equal expressions are one object.
import type { Dim } from "../types/dimension.js";
import { dimKey, leastDim } from "../types/dimension.js";
import type { ElementType } from "../types/graph.js";
import type { Axis, Combine, Scalar, ScalarOp } from "../types/nest.js";

/** Builds the scalars of one nest. Index arithmetic is on i32 and assumes that what is divided is not negative. */
export interface ScalarBuilder {
  readonly literal: (value: number, type: ElementType) => Scalar;
  readonly index: (value: number) => Scalar;
  readonly axis: (axis: Axis) => Scalar;
  readonly dim: (dim: Dim) => Scalar;
  readonly host: (index: number) => Scalar;
  readonly load: (buffer: number, index: Scalar, type: ElementType) => Scalar;
  readonly op: (op: ScalarOp, type: ElementType, ...operands: readonly Scalar[]) => Scalar;
  readonly guard: (condition: Scalar, value: Scalar, otherwise: Scalar) => Scalar;
  readonly reduce: (
    combine: Combine,
    type: ElementType,
    axes: readonly Axis[],
    value: Scalar,
  ) => Scalar;
  readonly random: (source: "uniform" | "bits", stream: number, index: Scalar) => Scalar;
  readonly add: (left: Scalar, right: Scalar) => Scalar;
  readonly subtract: (left: Scalar, right: Scalar) => Scalar;
  readonly multiply: (left: Scalar, right: Scalar) => Scalar;
  readonly divide: (left: Scalar, right: Scalar) => Scalar;
  readonly modulo: (left: Scalar, right: Scalar) => Scalar;
  readonly both: (left: Scalar | undefined, right: Scalar | undefined) => Scalar | undefined;
  /** A number that is the same for the same object: for use in keys. */
  readonly id: (scalar: Scalar) => number;
  /** The least and the greatest value of an index, where known. */
  readonly range: (scalar: Scalar) => Range;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

const unknown: Range = { low: -Infinity, high: Infinity };

export function createScalarBuilder(): ScalarBuilder {
  const interned = new Map<string, Scalar>();
  const ids = new Map<Scalar, number>();
  const ranges = new Map<Scalar, Range>();

  const id = (scalar: Scalar): number => {
    const known = ids.get(scalar);
    if (known === undefined) throw new Error("a scalar of another builder");
    return known;
  };
  const intern = (key: string, make: () => Scalar, range: Range = unknown): Scalar => {
    const known = interned.get(key);
    if (known !== undefined) return known;
    const scalar = make();
    interned.set(key, scalar);
    ids.set(scalar, ids.size);
    ranges.set(scalar, range);
    return scalar;
  };
  const range = (scalar: Scalar): Range => ranges.get(scalar) ?? unknown;

  const literal = (value: number, type: ElementType): Scalar =>
    intern(
      `l${type}:${Object.is(value, -0) ? "-0" : value}`,
      () => ({ kind: "literal", type, value }),
      { low: value, high: value },
    );
  const index = (value: number): Scalar => literal(value, "i32");
  const axis = (of: Axis): Scalar =>
    of.extent === 1
      ? index(0)
      : intern(`a${of.id}`, () => ({ kind: "axis", type: "i32", axis: of }), {
          low: 0,
          high: typeof of.extent === "number" ? of.extent - 1 : Infinity,
        });
  const dim = (value: Dim): Scalar =>
    typeof value === "number"
      ? index(value)
      : intern(`d${dimKey(value)}`, () => ({ kind: "dim", type: "i32", dim: value }), {
          low: leastDim(value),
          high: Infinity,
        });
  const op = (name: ScalarOp, type: ElementType, ...operands: readonly Scalar[]): Scalar =>
    intern(
      `o${name}:${type}:${operands.map(id).join(",")}`,
      () => ({ kind: "op", type, op: name, arguments: operands }),
      type === "i32" ? rangeOf(name, operands.map(range)) : unknown,
    );

  const add = (left: Scalar, right: Scalar): Scalar => {
    if (isLiteral(left) && isLiteral(right)) return index(left.value + right.value);
    if (isLiteral(left)) return add(right, left);
    if (isLiteral(right) && right.value === 0) return left;
    if (isLiteral(right) && left.kind === "op" && left.op === "add") {
      const [inner, constant] = left.arguments;
      if (inner && constant && isLiteral(constant)) {
        return add(inner, index(constant.value + right.value));
      }
    }
    return op("add", "i32", left, right);
  };
  const multiply = (left: Scalar, right: Scalar): Scalar => {
    if (isLiteral(left) && isLiteral(right)) return index(left.value * right.value);
    if (isLiteral(left)) return multiply(right, left);
    if (isLiteral(right) && right.value === 0) return right;
    if (isLiteral(right) && right.value === 1) return left;
    if (isLiteral(right) && left.kind === "op") {
      const [a, b] = left.arguments;
      if (left.op === "multiply" && a && b && isLiteral(b)) {
        return multiply(a, index(b.value * right.value));
      }
      if (left.op === "add" && a && b) return add(multiply(a, right), multiply(b, right));
    }
    return op("multiply", "i32", left, right);
  };
  const subtract = (left: Scalar, right: Scalar): Scalar => {
    if (isLiteral(right)) return add(left, index(-right.value));
    if (left === right) return index(0);
    return op("subtract", "i32", left, right);
  };
  /** Splits `value` into q · divisor + r with 0 ≤ r < divisor, where that shows in its form. */
  const splitBy = (value: Scalar, divisor: Scalar): { q: Scalar; r: Scalar } | undefined => {
    if (value === divisor) return { q: index(1), r: index(0) };
    const span = range(value);
    const bound = isLiteral(divisor) ? divisor.value : undefined;
    if (value.kind === "axis" && typeof value.axis.extent !== "number") {
      if (divisor.kind === "dim" && dimKey(divisor.dim) === dimKey(value.axis.extent)) {
        return { q: index(0), r: value };
      }
    }
    if (bound !== undefined && span.low >= 0 && span.high < bound) {
      return { q: index(0), r: value };
    }
    if (isLiteral(value) && bound !== undefined) {
      const q = Math.floor(value.value / bound);
      return { q: index(q), r: index(value.value - q * bound) };
    }
    if (value.kind !== "op") return undefined;
    const [a, b] = value.arguments;
    if (!a || !b) return undefined;
    if (value.op === "multiply") {
      if (bound !== undefined && isLiteral(b) && b.value % bound === 0) {
        return { q: multiply(a, index(b.value / bound)), r: index(0) };
      }
      if (b === divisor) return { q: a, r: index(0) };
      if (a === divisor) return { q: b, r: index(0) };
    }
    if (value.op === "add") {
      const left = splitBy(a, divisor);
      const right = splitBy(b, divisor);
      if (!left || !right) return undefined;
      const r = add(left.r, right.r);
      const sum = range(r);
      const fits = bound !== undefined && sum.low >= 0 && sum.high < bound;
      if (fits || isZero(left.r) || isZero(right.r)) return { q: add(left.q, right.q), r };
    }
    return undefined;
  };
  const divide = (left: Scalar, right: Scalar): Scalar => {
    if (isLiteral(right) && right.value === 1) return left;
    return splitBy(left, right)?.q ?? op("divide", "i32", left, right);
  };
  const modulo = (left: Scalar, right: Scalar): Scalar => {
    if (isLiteral(right) && right.value === 1) return index(0);
    return splitBy(left, right)?.r ?? op("modulo", "i32", left, right);
  };
  const both = (left: Scalar | undefined, right: Scalar | undefined): Scalar | undefined => {
    if (left === undefined || right === undefined) return left ?? right;
    return left === right ? left : op("and", "bool", left, right);
  };

  return {
    literal,
    index,
    axis,
    dim,
    op,
    add,
    subtract,
    multiply,
    divide,
    modulo,
    both,
    id,
    range,
    host: (of) => intern(`h${of}`, () => ({ kind: "host", type: "f32", index: of })),
    load: (buffer, at, type) =>
      intern(`m${buffer}:${id(at)}`, () => ({ kind: "load", type, buffer, index: at })),
    guard: (condition, value, otherwise) =>
      value === otherwise
        ? value
        : intern(`g${id(condition)}:${id(value)}:${id(otherwise)}`, () => ({
            kind: "guard",
            type: value.type,
            condition,
            value,
            otherwise,
          })),
    reduce: (combine, type, axes, value) =>
      intern(`r${combine}:${axes.map((one) => one.id).join(",")}:${id(value)}`, () => ({
        kind: "reduce",
        type,
        combine,
        axes,
        value,
      })),
    random: (source, stream, at) =>
      intern(`p${source}:${stream}:${id(at)}`, () => ({
        kind: "random",
        type: source === "uniform" ? "f32" : "u32",
        source,
        stream,
        index: at,
      })),
  };
}

type Literal = Extract<Scalar, { kind: "literal" }>;

function isLiteral(scalar: Scalar): scalar is Literal {
  return scalar.kind === "literal";
}

function isZero(scalar: Scalar): boolean {
  return isLiteral(scalar) && scalar.value === 0;
}

function rangeOf(op: ScalarOp, operands: readonly Range[]): Range {
  const [a, b] = operands;
  if (!a || !b) return unknown;
  if (op === "add") return { low: a.low + b.low, high: a.high + b.high };
  if (op === "subtract") return { low: a.low - b.high, high: a.high - b.low };
  if (op === "multiply" && a.low >= 0 && b.low >= 0) {
    return { low: a.low * b.low, high: a.high === 0 || b.high === 0 ? 0 : a.high * b.high };
  }
  // Divisors are extents and strides: never below 1, whether or not that shows.
  if (op === "divide" && a.low >= 0) {
    return { low: 0, high: Math.floor(a.high / Math.max(1, b.low)) };
  }
  if (op === "modulo") return { low: 0, high: b.high - 1 };
  return unknown;
}
