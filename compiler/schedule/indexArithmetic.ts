// Takes scalars of i32 and a way to make and bound them, gives their sums, products, quotients and remainders, simplified.
import type { Interval } from "../scalars/intervals.js";
import { dimKey } from "../types/dimension.js";
import type { Scalar, ScalarOp } from "../types/nest.js";

/** What index arithmetic makes its results of. */
export interface IndexTerms {
  readonly index: (value: number) => Scalar;
  readonly op: (op: ScalarOp, type: "index", ...operands: readonly Scalar[]) => Scalar;
  readonly range: (scalar: Scalar) => Interval;
}

type IndexOperation = (left: Scalar, right: Scalar) => Scalar;

/** What is divided is not negative. */
export interface IndexArithmetic {
  readonly add: IndexOperation;
  readonly subtract: IndexOperation;
  readonly multiply: IndexOperation;
  readonly divide: IndexOperation;
  readonly modulo: IndexOperation;
}

export function createIndexArithmetic(terms: IndexTerms): IndexArithmetic {
  return {
    add: (left, right) => add(terms, left, right),
    subtract: (left, right) => {
      if (isLiteral(right)) return add(terms, left, terms.index(-right.value));
      if (left === right) return terms.index(0);
      return terms.op("subtract", "index", left, right);
    },
    multiply: (left, right) => multiply(terms, left, right),
    divide: (left, right) => {
      if (isLiteral(right) && right.value === 1) return left;
      return split(terms, left, right)?.quotient ?? terms.op("divide", "index", left, right);
    },
    modulo: (left, right) => {
      if (isLiteral(right) && right.value === 1) return terms.index(0);
      return split(terms, left, right)?.rest ?? terms.op("modulo", "index", left, right);
    },
  };
}

function add(terms: IndexTerms, left: Scalar, right: Scalar): Scalar {
  if (isLiteral(left) && isLiteral(right)) return terms.index(left.value + right.value);
  if (isLiteral(left)) return add(terms, right, left);
  if (isLiteral(right) && right.value === 0) return left;
  if (isLiteral(right) && left.kind === "op" && left.op === "add") {
    const [inner, constant] = left.arguments;
    if (inner && constant && isLiteral(constant)) {
      return add(terms, inner, terms.index(constant.value + right.value));
    }
  }
  return terms.op("add", "index", left, right);
}

function multiply(terms: IndexTerms, left: Scalar, right: Scalar): Scalar {
  if (isLiteral(left) && isLiteral(right)) return terms.index(left.value * right.value);
  if (isLiteral(left)) return multiply(terms, right, left);
  if (isLiteral(right) && right.value === 0) return right;
  if (isLiteral(right) && right.value === 1) return left;
  if (isLiteral(right) && left.kind === "op") {
    const [a, b] = left.arguments;
    if (left.op === "multiply" && a && b && isLiteral(b)) {
      return multiply(terms, a, terms.index(b.value * right.value));
    }
    if (left.op === "add" && a && b) {
      return add(terms, multiply(terms, a, right), multiply(terms, b, right));
    }
  }
  return terms.op("multiply", "index", left, right);
}

interface Split {
  readonly quotient: Scalar;
  readonly rest: Scalar;
}

/** Splits `value` into quotient · divisor + rest with 0 ≤ rest < divisor, where that shows in its form. */
function split(terms: IndexTerms, value: Scalar, divisor: Scalar): Split | undefined {
  if (value === divisor) return { quotient: terms.index(1), rest: terms.index(0) };
  if (isBelow(terms, value, divisor)) return { quotient: terms.index(0), rest: value };
  if (isLiteral(value) && isLiteral(divisor)) {
    const quotient = Math.floor(value.value / divisor.value);
    return {
      quotient: terms.index(quotient),
      rest: terms.index(value.value - quotient * divisor.value),
    };
  }
  if (value.kind !== "op") return undefined;
  const [a, b] = value.arguments;
  if (!a || !b) return undefined;
  if (value.op === "multiply") return splitProduct(terms, a, b, divisor);
  return value.op === "add" ? splitSum(terms, a, b, divisor) : undefined;
}

/** Whether 0 ≤ value < divisor shows. */
function isBelow(terms: IndexTerms, value: Scalar, divisor: Scalar): boolean {
  if (value.kind === "axis" && typeof value.axis.extent !== "number") {
    if (divisor.kind === "dim" && dimKey(divisor.dim) === dimKey(value.axis.extent)) return true;
  }
  const { low, high } = terms.range(value);
  return isLiteral(divisor) && low >= 0 && high < divisor.value;
}

function splitProduct(terms: IndexTerms, a: Scalar, b: Scalar, divisor: Scalar): Split | undefined {
  const rest = terms.index(0);
  if (isLiteral(divisor) && isLiteral(b) && b.value % divisor.value === 0) {
    return { quotient: multiply(terms, a, terms.index(b.value / divisor.value)), rest };
  }
  if (b === divisor) return { quotient: a, rest };
  return a === divisor ? { quotient: b, rest } : undefined;
}

function splitSum(terms: IndexTerms, a: Scalar, b: Scalar, divisor: Scalar): Split | undefined {
  const left = split(terms, a, divisor);
  const right = split(terms, b, divisor);
  if (!left || !right) return undefined;
  const rest = add(terms, left.rest, right.rest);
  if (!isZero(left.rest) && !isZero(right.rest) && !isBelow(terms, rest, divisor)) return undefined;
  return { quotient: add(terms, left.quotient, right.quotient), rest };
}

type Literal = Extract<Scalar, { kind: "literal" }>;

function isLiteral(scalar: Scalar): scalar is Literal {
  return scalar.kind === "literal";
}

function isZero(scalar: Scalar): boolean {
  return isLiteral(scalar) && scalar.value === 0;
}
