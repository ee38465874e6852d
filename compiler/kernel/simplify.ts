// Takes an operation and its operands, gives the interned value: integers in canonical form, decided conditions folded.
import type { ScalarOperation } from "../scalars/record.js";
import { scalarOps } from "../scalars/table.js";
import type { Scalar, ScalarOp, ScalarType } from "../types/nest.js";
import { coarsest, commonDivisor, isBelow } from "./division.js";
import type { Polynomial } from "./polynomial.js";
import { monomialOf, scaled } from "../types/polynomial.js";
import { divideOut, internPolynomial, polynomialOf, productOf, sumOf } from "./polynomial.js";
import { maximumOf, minimumOf } from "./range.js";
import type { Term, KernelValue, ValueTable } from "./value.js";

export function literal(values: ValueTable, type: ScalarType, value: number): KernelValue {
  return values.intern({ kind: "literal", type, value });
}

/** Any operation of the nest level on values. */
export function operation(
  values: ValueTable,
  op: ScalarOp,
  type: ScalarType,
  operands: readonly KernelValue[],
): KernelValue {
  const [first, second, third] = operands;
  if (!first) throw new Error(`${op} has no operand`);
  const plain = (): KernelValue => values.intern({ kind: "op", op, type, arguments: operands });
  if (op === "cast") return castOf(values, type, first) ?? plain();
  if (op === "select" && second && third) return choice(first, second, third) ?? plain();
  if (op === "not" && first.kind === "literal") return truth(values, first.value === 0);
  if (second && (op === "and" || op === "or")) return logic(values, op, first, second) ?? plain();
  if (op === "power" && second) return powerOf(values, type, first, second) ?? plain();
  if (type === "index") return integer(values, op, operands) ?? plain();
  if (second && type === "bool") {
    const [left, right] = [indexOf(values, first), indexOf(values, second)];
    if (left && right) {
      const compared = { kind: "op", op, type, arguments: [left, right] } as const;
      return comparison(values, op, left, right) ?? values.intern(compared);
    }
  }
  return plain();
}

function castOf(values: ValueTable, type: ScalarType, from: KernelValue): KernelValue | undefined {
  if (from.type === type) return from;
  if (type === "index") return indexOf(values, from);
  if (from.kind !== "literal" || from.type !== "index") return undefined;
  return type === "i32" || type === "f32" ? literal(values, type, from.value) : undefined;
}

/** The index that a value is, or was before it became an integer of the program's: no index leaves 32 bits. */
function indexOf(values: ValueTable, value: KernelValue): KernelValue | undefined {
  if (value.type === "index") return value;
  if (value.type !== "i32") return undefined;
  if (value.kind === "literal") return literal(values, "index", value.value);
  const [inner] = value.kind === "op" && value.op === "cast" ? value.arguments : [];
  return inner?.type === "index" ? inner : undefined;
}

function truth(values: ValueTable, holds: boolean): KernelValue {
  return literal(values, "bool", holds ? 1 : 0);
}

function choice(
  condition: KernelValue,
  then: KernelValue,
  other: KernelValue,
): KernelValue | undefined {
  if (then === other) return then;
  if (condition.kind !== "literal") return undefined;
  return condition.value !== 0 ? then : other;
}

function logic(
  values: ValueTable,
  op: "and" | "or",
  left: KernelValue,
  right: KernelValue,
): KernelValue | undefined {
  if (left === right) return left;
  for (const [known, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (known.kind !== "literal") continue;
    const decides = op === "and" ? known.value === 0 : known.value !== 0;
    return decides ? truth(values, op === "or") : other;
  }
  return undefined;
}

function integer(
  values: ValueTable,
  op: ScalarOp,
  operands: readonly KernelValue[],
): KernelValue | undefined {
  const [first, second] = operands;
  if (!first) return undefined;
  const left = polynomialOf(first);
  if (op === "negate") return internPolynomial(values, scaled(left, -1));
  if (!second || first.type !== "index" || second.type !== "index") return undefined;
  const right = polynomialOf(second);
  switch (op) {
    case "add":
      return internPolynomial(values, sumOf(left, right));
    case "subtract":
      return internPolynomial(values, sumOf(left, scaled(right, -1)));
    case "multiply":
      return internPolynomial(values, productOf(left, right));
    case "divide":
      return quotientOf(values, left, right);
    case "modulo":
      return remainderOf(values, left, right);
    case "minimum":
    case "maximum": {
      const difference = sumOf(left, scaled(right, -1));
      if (minimumOf(difference) >= 0) return op === "minimum" ? second : first;
      if (maximumOf(difference) <= 0) return op === "minimum" ? first : second;
      return undefined;
    }
    default:
      return undefined;
  }
}

function quotientOf(values: ValueTable, left: Polynomial, right: Polynomial): KernelValue {
  const divisor = monomialOf(right);
  if (!divisor || divisor.coefficient < 1) return plainInteger(values, "divide", left, right);
  const { whole, rest } = divideOut(left, divisor);
  if (isBelow(rest, right)) return internPolynomial(values, whole);
  // A dividend is not negative where its quotient is used, and division rounds towards 0: what is left must not become so.
  if (minimumOf(rest) < 0) return plainInteger(values, "divide", left, right);
  const { coarse } = coarsest(rest, divisor);
  const { value } = reducedInteger(values, "divide", coarse, divisor, right);
  return internPolynomial(values, sumOf(whole, polynomialOf(value)));
}

function remainderOf(values: ValueTable, left: Polynomial, right: Polynomial): KernelValue {
  const divisor = monomialOf(right);
  if (!divisor || divisor.coefficient < 1) return plainInteger(values, "modulo", left, right);
  const { rest } = divideOut(left, divisor);
  if (isBelow(rest, right)) return internPolynomial(values, rest);
  if (minimumOf(rest) < 0) return plainInteger(values, "modulo", left, right);
  const { coarse, fine } = coarsest(rest, divisor);
  const { value, common } = reducedInteger(values, "modulo", coarse, divisor, right);
  return internPolynomial(values, sumOf(scaled(polynomialOf(value), common), fine));
}

/** The operation on both sides divided by what they have in common. */
function reducedInteger(
  values: ValueTable,
  op: "divide" | "modulo",
  left: Polynomial,
  divisor: Term,
  right: Polynomial,
): { readonly value: KernelValue; readonly common: number } {
  const common = commonDivisor(left, divisor);
  const value = plainInteger(values, op, scaled(left, 1 / common), scaled(right, 1 / common));
  return { value, common };
}

/** A quotient of a quotient by constants is one quotient. */
function plainInteger(
  values: ValueTable,
  op: "divide" | "modulo",
  left: Polynomial,
  right: Polynomial,
): KernelValue {
  const dividend = internPolynomial(values, left);
  const divisor = internPolynomial(values, right);
  if (dividend.kind === "literal" && divisor.kind === "literal" && divisor.value > 0) {
    const quotient = Math.floor(dividend.value / divisor.value);
    const value = op === "divide" ? quotient : dividend.value - quotient * divisor.value;
    return literal(values, "index", value);
  }
  if (op === "divide" && divisor.kind === "literal" && dividend.kind === "op") {
    const [inner, by] = dividend.arguments;
    if (dividend.op === "divide" && inner && by?.kind === "literal") {
      const merged = { constant: by.value * divisor.value, terms: [] };
      return quotientOf(values, polynomialOf(inner), merged);
    }
  }
  return values.intern({ kind: "op", type: "index", op, arguments: [dividend, divisor] });
}

/** Comparisons of i32 values that hold, or fail, for every index. */
function comparison(
  values: ValueTable,
  op: ScalarOp,
  left: KernelValue,
  right: KernelValue,
): KernelValue | undefined {
  const difference = sumOf(polynomialOf(right), scaled(polynomialOf(left), -1));
  const least = minimumOf(difference);
  const most = maximumOf(difference);
  const decide = (always: boolean, never: boolean): KernelValue | undefined =>
    always ? truth(values, true) : never ? truth(values, false) : undefined;
  switch (op) {
    case "less":
      return decide(least >= 1, most <= 0);
    case "lessEqual":
      return decide(least >= 0, most < 0);
    case "greater":
      return decide(most < 0, least >= 0);
    case "greaterEqual":
      return decide(most <= 0, least > 0);
    case "equal":
      return decide(least === 0 && most === 0, least > 0 || most < 0);
    case "notEqual":
      return decide(least > 0 || most < 0, least === 0 && most === 0);
    default:
      return undefined;
  }
}

/** Whole exponents become products: pow of a negative base is wrong on real drivers. */
function powerOf(
  values: ValueTable,
  type: ScalarType,
  base: KernelValue,
  exponent: KernelValue,
): KernelValue | undefined {
  if (exponent.kind !== "literal") return undefined;
  const power = exponent.value;
  const one = literal(values, type, 1);
  if (power === 0) return one;
  if (type === "f32" && Math.abs(power) === 0.5) {
    const root = operation(values, "sqrt", "f32", [base]);
    if (power > 0) return root;
    const quotient = operation(values, "divide", "f32", [one, root]);
    const zero = literal(values, "f32", 0);
    // A power that is not defined is 0.
    const negative = operation(values, "less", "bool", [base, zero]);
    return operation(values, "select", "f32", [negative, zero, quotient]);
  }
  if (!Number.isInteger(power) || Math.abs(power) > 32) return undefined;
  if (power < 0 && type !== "f32") return undefined;
  const product = repeated(values, type, base, Math.abs(power));
  return power > 0 ? product : operation(values, "divide", "f32", [one, product]);
}

function repeated(
  values: ValueTable,
  type: ScalarType,
  base: KernelValue,
  times: number,
): KernelValue {
  if (times === 1) return base;
  const half = repeated(values, type, base, Math.floor(times / 2));
  const square = operation(values, "multiply", type, [half, half]);
  return times % 2 === 0 ? square : operation(values, "multiply", type, [square, base]);
}

/** Of a nest's scalars as of the values that they become. */
type Choosing = KernelValue | Scalar;

/** The conditions whose conjunction `condition` is. */
export function conjunctsOf(condition: KernelValue): readonly KernelValue[];
export function conjunctsOf(condition: Scalar): readonly Scalar[];
export function conjunctsOf(condition: Choosing): readonly Choosing[];
export function conjunctsOf(condition: Choosing): readonly Choosing[] {
  if (condition.kind === "op" && condition.op === "and") {
    const parts: readonly Choosing[] = condition.arguments;
    return parts.flatMap((part) => conjunctsOf(part));
  }
  if (condition.kind === "literal" && condition.value !== 0) return [];
  return [condition];
}

/** Conditions without which `value` is certainly 0 (or false): its terms vanish from a sum. */
export function zeroConditions(value: KernelValue): readonly KernelValue[];
export function zeroConditions(value: Scalar): readonly Scalar[];
export function zeroConditions(value: Choosing): readonly Choosing[];
export function zeroConditions(value: Choosing): readonly Choosing[] {
  if (value.kind === "guard" && isZero(value.otherwise)) {
    return [...new Set([...conjunctsOf(value.condition), ...zeroConditions(value.value)])];
  }
  if (value.kind !== "op") return [];
  const operands: readonly Choosing[] = value.arguments;
  const [first, second, third] = operands;
  if (!first) return [];
  const { zero }: ScalarOperation = scalarOps[value.op];
  switch (zero) {
    case "any":
      return [...new Set(operands.flatMap((operand) => zeroConditions(operand)))];
    case "first":
      return zeroConditions(first);
    case "choices":
      return second && third && isZero(third)
        ? [...new Set([...conjunctsOf(first), ...zeroConditions(second)])]
        : [];
    case "all":
      return operands.slice(1).reduce((common, argument) => {
        const own = common.length > 0 ? zeroConditions(argument) : [];
        return common.filter((condition) => own.includes(condition));
      }, zeroConditions(first));
    case "none":
      return [];
  }
}

function isZero(value: Choosing): boolean {
  return value.kind === "literal" && value.value === 0;
}
