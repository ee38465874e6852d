// A node in; a simpler one of the same value, by identities that hold for all finite numbers, out.

import { multiplyDims } from "../types/dimension.js";
import type { Node, NodeOf } from "../types/graph.js";
import { at, inputAt, splatValue } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { holdsHalves } from "../ops/halves.js";
import { fitsReal } from "../ops/leaves.js";
import { neverNegative } from "../ops/signs.js";
import { repeatedProduct } from "../ops/power.js";
import { alwaysFinite, isSplat } from "./constants.js";

/** 0 · x is left as it is unless x is known to be finite: an infinity must show, not vanish. */
export function simplify(b: GraphBuilder, node: Node): Node | undefined {
  const better = simplified(b, node);
  // Operands may be smaller than what they broadcast to.
  return better === undefined ? undefined : b.broadcast(better, node.shape);
}

function simplified(b: GraphBuilder, node: Node): Node | undefined {
  const [x, y] = node.inputs;
  switch (node.op) {
    case "stopGradient":
    case "widen":
      return x;
    case "half":
      return x !== undefined && holdsHalves(x) ? x : undefined;
    case "sum":
      return x === undefined ? undefined : simplifySum(b, node, x);
    case "select":
      return simplifySelect(b, node);
    case "negate":
    case "not":
      return x?.op === node.op ? x.inputs[0] : undefined;
    default:
      return x === undefined || y === undefined ? undefined : simplifyPair(b, node, x, y);
  }
}

function simplifyPair(b: GraphBuilder, node: Node, x: Node, y: Node): Node | undefined {
  switch (node.op) {
    case "add":
      return simplifyAdd(b, x, y);
    case "subtract":
      return simplifySubtract(b, x, y);
    case "multiply":
      return simplifyProduct(b, x, y) ?? simplifyProduct(b, y, x);
    case "divide":
      return simplifyQuotient(b, x, y);
    case "power":
      return simplifyPower(b, x, y);
    case "minimum":
    case "maximum":
      return x === y ? x : undefined;
    case "and":
      return simplifyLogic(x, y, 1) ?? simplifyLogic(y, x, 1);
    case "or":
      return simplifyLogic(x, y, 0) ?? simplifyLogic(y, x, 0);
    default:
      return undefined;
  }
}

function simplifyAdd(b: GraphBuilder, x: Node, y: Node): Node | undefined {
  if (isSplat(y, 0)) return x;
  if (isSplat(x, 0)) return y;
  if (y.op === "negate") return b.subtract(x, inputAt(y.inputs, 0));
  if (x.op === "negate") return b.subtract(y, inputAt(x.inputs, 0));
  return undefined;
}

function simplifySubtract(b: GraphBuilder, x: Node, y: Node): Node | undefined {
  if (isSplat(y, 0)) return x;
  if (isSplat(x, 0) && y.type !== "u32") return b.negate(y);
  if (y.op === "negate") return b.add(x, inputAt(y.inputs, 0));
  return undefined;
}

/** Where `y` is a constant. */
function simplifyProduct(b: GraphBuilder, x: Node, y: Node): Node | undefined {
  const factor = splatValue(y);
  if (factor === undefined) return undefined;
  if (factor === 1) return x;
  if (factor === -1 && x.type !== "u32") return b.negate(x);
  if (factor === 0 && alwaysFinite(x)) return b.constant(0, [], x.type);
  const inner = x.op === "multiply" ? constantFactor(x) : undefined;
  if (inner === undefined || x.type !== "f32") return undefined;
  const product = inner.factor * factor;
  return isNormal(product) ? b.multiply(inner.rest, product) : undefined;
}

/** Neither too large for an f32 nor so small that devices take it for 0. */
function isNormal(value: number): boolean {
  return fitsReal(value) && Math.abs(Math.fround(value)) >= 2 ** -126;
}

/** A product's constant and the rest. */
function constantFactor(
  product: NodeOf<"multiply">,
): { readonly factor: number; readonly rest: Node } | undefined {
  const [x, y] = [inputAt(product.inputs, 0), inputAt(product.inputs, 1)];
  const [left, right] = [splatValue(x), splatValue(y)];
  if (right !== undefined) return { factor: right, rest: x };
  return left === undefined ? undefined : { factor: left, rest: y };
}

/** A division by a power of two is exact as a product. */
function simplifyQuotient(b: GraphBuilder, x: Node, y: Node): Node | undefined {
  const divisor = splatValue(y);
  if (divisor === undefined || divisor === 0) return undefined;
  if (divisor === 1) return x;
  const exact = Number.isInteger(Math.log2(Math.abs(divisor))) && isNormal(1 / divisor);
  return exact ? b.multiply(x, 1 / divisor) : undefined;
}

/** Integer powers become products: a device's power of a negative number is not to be trusted. */
function simplifyPower(b: GraphBuilder, x: Node, y: Node): Node | undefined {
  const exponent = splatValue(y);
  if (exponent === undefined) return undefined;
  if (exponent === 0) return b.constant(1, [], x.type);
  if (exponent === 0.5) return b.sqrt(x);
  if (exponent === -0.5) return reciprocalRoot(b, x);
  const size = Math.abs(exponent);
  if (!Number.isInteger(exponent) || size > 32) return undefined;
  const product = repeatedProduct(b, x, size);
  return exponent > 0 ? product : b.divide(1, product);
}

/** 1 / √x, and 0 where x is negative, as every power that is not defined is. */
function reciprocalRoot(b: GraphBuilder, x: Node): Node {
  const quotient = b.divide(1, b.sqrt(x));
  return neverNegative(x) ? quotient : b.select(b.less(x, 0), 0, quotient);
}

/** Where `y` is a constant: `neutral` leaves x, the other decides. */
function simplifyLogic(x: Node, y: Node, neutral: 0 | 1): Node | undefined {
  const value = splatValue(y);
  if (value === undefined) return undefined;
  return value === neutral ? x : y;
}

function simplifySelect(b: GraphBuilder, node: Node): Node | undefined {
  const [condition, then, otherwise] = [0, 1, 2].map((n) => inputAt(node.inputs, n));
  if (condition === undefined || then === undefined || otherwise === undefined) return undefined;
  const decided = splatValue(condition);
  if (decided !== undefined) return decided === 0 ? otherwise : then;
  const same = then === otherwise || equalSplats(then, otherwise);
  if (same) return then;
  if (condition.op === "not") return b.select(inputAt(condition.inputs, 0), otherwise, then);
  return undefined;
}

function equalSplats(left: Node, right: Node): boolean {
  const value = splatValue(left);
  return value !== undefined && value === splatValue(right);
}

/** A sum over axes of 1 moves nothing; a sum of a sum is one; a sum of equal numbers is a product. */
function simplifySum(b: GraphBuilder, node: NodeOf<"sum">, x: Node): Node | undefined {
  const { axes } = node.attributes;
  if (axes.every((axis) => at(x.shape, axis) === 1)) return b.reshape(x, node.shape);
  const value = splatValue(x);
  const count = multiplyDims(1, ...axes.map((axis) => at(x.shape, axis)));
  if (value !== undefined && typeof count === "number" && x.type === "f32") {
    return b.constant(value * count, node.shape);
  }
  if (x.op !== "sum") return undefined;
  const inner = x.attributes.axes;
  const source = inputAt(x.inputs, 0);
  const left = source.shape.map((_, axis) => axis).filter((axis) => !inner.includes(axis));
  return b.sum(
    source,
    [...inner, ...axes.map((axis) => at(left, axis))].sort((p, q) => p - q),
  );
}
