// A node over single constants in; the constant that it is out.

import { shapeEqual } from "../types/dimension.js";
import type { ElementType, Node } from "../types/graph.js";
import type { ScalarOp } from "../types/nest.js";
import { splatValue } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { largestReal } from "../ops/leaves.js";
import { ruleOf } from "../ops/table.js";

/**
 * Elementwise ops of numbers that fill their shapes. Reals are computed in double precision and rounded once, when they
 * are printed; a result that no f32 holds is left for the device. Only such splats are made: a constant of several values
 * would need memory.
 */
export function fold(b: GraphBuilder, node: Node): Node | undefined {
  const { lowering } = ruleOf(node.op);
  if (node.inputs.length === 0) return undefined;
  const values = node.inputs.map(splatValue);
  if (!values.every((value) => value !== undefined)) return undefined;
  if (lowering.kind === "identity" || isView(node)) return splat(b, node, values[0]);
  if (lowering.kind !== "pointwise") return undefined;
  const operandType = node.inputs.at(-1)?.type ?? node.type;
  return splat(b, node, evaluate(lowering.op, operandType, node.type, values));
}

function isView(node: Node): boolean {
  switch (node.op) {
    case "reshape":
    case "transpose":
    case "broadcast":
    case "slice":
    case "flip":
    case "window":
      return true;
    case "concat":
      return node.inputs.every(
        (input) => splatValue(input) === splatValue(node.inputs[0] ?? input),
      );
    default:
      return false;
  }
}

function splat(b: GraphBuilder, node: Node, value: number | undefined): Node | undefined {
  if (value === undefined || !Number.isFinite(value) || Math.abs(value) > largestReal)
    return undefined;
  const constant = b.constant(value, node.shape, node.type);
  return shapeEqual(constant.shape, node.shape) ? constant : undefined;
}

/** The value of a scalar op on operands of a type; undefined for what is left to the device. */
function evaluate(
  op: ScalarOp,
  operands: ElementType,
  result: ElementType,
  values: readonly number[],
): number | undefined {
  const [x = 0, y = 0, z = 0] = values;
  const exact = operands !== "f32" ? integerOp(op, operands, x, y) : undefined;
  if (exact !== undefined) return exact;
  switch (op) {
    case "cast":
      return castValue(x, operands, result);
    case "select":
      return x === 0 ? z : y;
    default:
      return realOp(op, x, y) ?? truthOp(op, x, y);
  }
}

function integerOp(op: ScalarOp, type: ElementType, x: number, y: number): number | undefined {
  const wrap = (value: number): number => (type === "u32" ? value >>> 0 : value | 0);
  switch (op) {
    case "multiply":
      return wrap(Math.imul(x, y));
    case "add":
      return wrap(x + y);
    case "subtract":
      return wrap(x - y);
    case "negate":
      return wrap(-x);
    default:
      return undefined;
  }
}

function castValue(x: number, from: ElementType, to: ElementType): number | undefined {
  if (to === from || to === "f32") return x;
  if (to === "bool") return x === 0 ? 0 : 1;
  const whole = Math.trunc(x);
  if (from !== "f32") return to === "u32" ? whole >>> 0 : whole | 0;
  // Conversions out of range differ between devices.
  const [low, high] = to === "u32" ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  return whole >= low && whole <= high ? whole : undefined;
}

function realOp(op: ScalarOp, x: number, y: number): number | undefined {
  switch (op) {
    case "negate":
      return -x;
    case "exp":
      return Math.exp(x);
    case "log":
      return Math.log(x);
    case "sqrt":
      return Math.sqrt(x);
    case "sin":
      return Math.sin(x);
    case "cos":
      return Math.cos(x);
    case "tanh":
      return Math.tanh(x);
    case "abs":
      return Math.abs(x);
    case "sign":
      return Math.sign(x);
    case "floor":
      return Math.floor(x);
    case "add":
      return x + y;
    case "subtract":
      return x - y;
    case "multiply":
      return x * y;
    case "divide":
      return x / y;
    case "modulo":
      return x - y * Math.floor(x / y);
    case "power":
      return x ** y;
    case "minimum":
      return Math.min(x, y);
    case "maximum":
      return Math.max(x, y);
    default:
      return undefined;
  }
}

function truthOp(op: ScalarOp, x: number, y: number): number | undefined {
  switch (op) {
    case "not":
      return Number(x === 0);
    case "equal":
      return Number(x === y);
    case "notEqual":
      return Number(x !== y);
    case "less":
      return Number(x < y);
    case "lessEqual":
      return Number(x <= y);
    case "greater":
      return Number(x > y);
    case "greaterEqual":
      return Number(x >= y);
    case "and":
      return Number(x !== 0 && y !== 0);
    case "or":
      return Number(x !== 0 || y !== 0);
    default:
      return undefined;
  }
}
