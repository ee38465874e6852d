// A node in; whether all of its values are known to lie from 0 to 1, as probabilities do, out.

import { leastDim } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { splatValue } from "./broadcast.js";
import { movementOf } from "./movement.js";
import { neverNegative } from "./signs.js";

/** How far up a bound is looked for: enough for what softmax and sigmoid are written as, and some views of it. */
const reach = 12;

/** Whether no value is below 0 or above 1, whatever the data; numbers that are known while compiling are none of data. */
export function isShare(node: Node): boolean {
  if (node.type !== "f32" || splatValue(node) !== undefined) return false;
  return neverNegative(node) && mostOf(node, reach) <= 1;
}

/** No value is above it; infinite where nothing is known. */
function mostOf(node: Node, depth: number): number {
  if (node.type === "bool") return 1;
  if (depth === 0) return Infinity;
  const most = (operand: Node): number => mostOf(operand, depth - 1);
  const moved = movementOf(node);
  if (moved !== undefined) {
    return Math.max(...moved.operands.map(most), moved.fill ?? -Infinity);
  }
  const [x, y, z] = node.inputs;
  if (x === undefined)
    return node.op === "constant" ? Math.max(...node.attributes.values) : Infinity;
  switch (node.op) {
    case "negate":
      return 0 - leastOf(x, depth - 1);
    case "exp":
      return Math.exp(most(x));
    case "tanh":
    case "erf":
    case "sign":
      return 1;
    case "cast":
    case "max":
    case "min":
      return most(x);
    case "maximum":
      return y === undefined ? Infinity : Math.max(most(x), most(y));
    case "minimum":
      return y === undefined ? Infinity : lesser(x, y, most);
    case "select":
      return y === undefined || z === undefined ? Infinity : Math.max(most(y), most(z));
    case "add":
      return y === undefined ? Infinity : most(x) + most(y);
    case "multiply":
      return y !== undefined && neverNegative(x) && neverNegative(y) ? most(x) * most(y) : Infinity;
    case "divide":
      return y === undefined ? Infinity : quotient(x, y, depth, most(x));
    default:
      return Infinity;
  }
}

/** Of x and -x the lesser is at most 0. */
function lesser(x: Node, y: Node, most: (node: Node) => number): number {
  const opposite = (one: Node, other: Node): boolean =>
    one.op === "negate" && one.inputs[0] === other;
  if (opposite(x, y) || opposite(y, x)) return 0;
  return Math.min(most(x), most(y));
}

/** A part of a sum of parts that are not negative is at most 1 of it. */
function quotient(part: Node, whole: Node, depth: number, most: number): number {
  if (!neverNegative(part)) return Infinity;
  if (isSumOf(whole, part)) return 1;
  const least = leastOf(whole, depth - 1);
  return least > 0 ? most / least : Infinity;
}

function isSumOf(whole: Node, part: Node): boolean {
  if (whole.op === "sum") return whole.inputs[0] === part;
  const moved = movementOf(whole);
  const [only] = moved?.operands ?? [];
  return only !== undefined && moved?.fill === undefined && isSumOf(only, part);
}

/** No value is below it, of sums of numbers and of what is not negative; minus infinity elsewhere. */
function leastOf(node: Node, depth: number): number {
  const known = splatValue(node);
  if (known !== undefined) return known;
  if (node.op === "dimension") return leastDim(node.attributes.dim);
  const least = neverNegative(node) ? 0 : -Infinity;
  if (depth === 0) return least;
  const moved = movementOf(node);
  const [only, ...others] = moved?.operands ?? [];
  if (
    moved !== undefined &&
    only !== undefined &&
    others.length === 0 &&
    moved.fill === undefined
  ) {
    return leastOf(only, depth - 1);
  }
  const [x, y] = node.inputs;
  if (node.op !== "add" || x === undefined || y === undefined) return least;
  return Math.max(least, leastOf(x, depth - 1) + leastOf(y, depth - 1));
}
