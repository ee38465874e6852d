// Takes a scalar operation and numbers, gives its value in double precision: the definitions in their plainest form.
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { HostValue, ScalarOp, ScalarType } from "../../compiler/types/nest.js";

/** Integers of the program wrap, indices do not. */
export function applyScalar(
  op: ScalarOp,
  type: ScalarType,
  operands: readonly number[],
  operandType: ScalarType,
): number {
  if (operandType !== "i32" && operandType !== "u32")
    return applyExactly(op, type, operands, operandType);
  const [a = 0, b = 0] = operands;
  if (op === "modulo" && b === 0) return 0;
  const value = op === "multiply" ? Math.imul(a, b) : applyExactly(op, type, operands, operandType);
  if (type === "i32") return value | 0;
  return type === "u32" ? value >>> 0 : value;
}

function applyExactly(
  op: ScalarOp,
  type: ScalarType,
  operands: readonly number[],
  operandType: ScalarType,
): number {
  const [a = NaN, b = NaN, c = NaN] = operands;
  switch (op) {
    case "negate":
      return -a;
    case "exp":
      return Math.exp(a);
    case "log":
      return Math.log(a);
    case "sqrt":
      return Math.sqrt(a);
    case "sin":
      return Math.sin(a);
    case "cos":
      return Math.cos(a);
    case "tanh":
      return Math.tanh(a);
    case "abs":
      return Math.abs(a);
    case "sign":
      return Math.sign(a);
    case "floor":
      return Math.floor(a);
    case "round":
      return roundToEven(a);
    case "not":
      return a === 0 ? 1 : 0;
    case "erf":
    case "erfinv":
      throw new Error(`${op} is tested elsewhere`);
    case "add":
      return a + b;
    case "subtract":
      return a - b;
    case "multiply":
      return a * b;
    case "divide":
      return operandType === "f32" ? a / b : Math.floor(a / b);
    case "modulo":
      return a - b * Math.floor(a / b);
    case "power":
      return Math.pow(a, b);
    case "minimum":
      return Math.min(a, b);
    case "maximum":
      return Math.max(a, b);
    case "equal":
      return a === b ? 1 : 0;
    case "notEqual":
      return a !== b ? 1 : 0;
    case "less":
      return a < b ? 1 : 0;
    case "lessEqual":
      return a <= b ? 1 : 0;
    case "greater":
      return a > b ? 1 : 0;
    case "greaterEqual":
      return a >= b ? 1 : 0;
    case "and":
      return a !== 0 && b !== 0 ? 1 : 0;
    case "or":
      return a !== 0 || b !== 0 ? 1 : 0;
    case "select":
      return a !== 0 ? b : c;
    case "cast":
      if (type === "bool") return a !== 0 ? 1 : 0;
      return type === "f32" ? a : Math.trunc(a);
  }
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export function applyHost(
  value: HostValue,
  dims: Readonly<Record<string, number>>,
  scalars: Readonly<Record<string, number>>,
): number {
  switch (value.kind) {
    case "number":
      return value.value;
    case "dim":
      return evaluateDim(value.dim, dims);
    case "scalar": {
      const found = scalars[value.name];
      if (found === undefined) throw new Error(`no host scalar ${value.name}`);
      return found;
    }
    case "op":
      return applyScalar(
        value.op,
        "f32",
        value.arguments.map((one) => applyHost(one, dims, scalars)),
        "f32",
      );
  }
}
