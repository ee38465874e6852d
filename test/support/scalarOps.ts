// Takes a scalar operation and numbers, gives its value in double precision: the definitions in their plainest form.
import { scalarFunctions } from "../oracle/reference.js";
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
  if (op === "divide" && operandType !== "f32") return Math.floor(a / b);
  if (op !== "cast") return scalarFunctions[op](a, b, c);
  if (type === "bool") return a !== 0 ? 1 : 0;
  return type === "f32" ? a : Math.trunc(a);
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
