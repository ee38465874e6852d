// A node in; what its op alone says of the sign of its values, and a divisor that is never 0, out.

import type { Node } from "../types/graph.js";
import { splatValue } from "./broadcast.js";
import type { GraphBuilder } from "./builder.js";

/** How far up a sign is looked for: enough for sums of exponentials and roots of variances. */
const reach = 8;

/** Whether every value is above 0, in f32 too: an exponential or a product may underflow, and does not count. */
export function isPositive(node: Node, depth = reach): boolean {
  if (depth === 0) return false;
  const every = (): boolean => node.inputs.every((input) => isPositive(input, depth - 1));
  switch (node.op) {
    case "constant":
      return node.attributes.values.length === 1 && (splatValue(node) ?? 0) > 0;
    case "dimension":
      return true;
    case "random":
      return node.attributes.source === "uniform";
    case "add":
      return someAndAll(node.inputs, depth);
    case "maximum":
      return node.inputs.some((input) => isPositive(input, depth - 1));
    case "cast":
      return node.type !== "bool" && node.inputs[0]?.type !== "f32" && every();
    case "sqrt":
    case "minimum":
    case "sum":
    case "max":
    case "min":
    case "reshape":
    case "broadcast":
    case "transpose":
      return every();
    default:
      return false;
  }
}

/** A sum of values that are not negative, one of them positive. */
function someAndAll(inputs: readonly Node[], depth: number): boolean {
  const positive = inputs.map((input) => isPositive(input, depth - 1));
  return (
    positive.includes(true) &&
    inputs.every((input, n) => positive[n] === true || isNotNegative(input, depth - 1))
  );
}

function isNotNegative(node: Node, depth: number): boolean {
  if (depth === 0) return false;
  const every = (): boolean =>
    node.inputs.every((input) => isPositive(input, depth - 1) || isNotNegative(input, depth - 1));
  switch (node.op) {
    case "constant":
      return node.attributes.values.every((value) => value >= 0);
    case "abs":
    case "exp":
    case "sqrt":
      return true;
    case "power":
      return node.inputs[1] !== undefined && (splatValue(node.inputs[1]) ?? 1) % 2 === 0;
    case "multiply":
      return node.inputs[0] === node.inputs[1] || every();
    case "sum":
    case "add":
    case "divide":
    case "max":
    case "reshape":
    case "broadcast":
    case "transpose":
      return every();
    default:
      return false;
  }
}

/** Whether no value is below 0. */
export function neverNegative(x: Node): boolean {
  return isPositive(x) || isNotNegative(x, reach);
}

/** `x` with 1 in place of 0: a divisor for quotients whose value at 0 is not used. */
export function nonZero(b: GraphBuilder, x: Node): Node {
  return isNeverZero(x) ? x : b.select(b.equal(x, 0), 1, x);
}

/**
 * `x` to divide the cotangent `g` by: with 1 in place of 0 where g is 0 too, as where a choice left the quotient aside.
 * Elsewhere the derivative at 0 is infinite, and shows.
 */
export function divisorOfCotangent(b: GraphBuilder, x: Node, g: Node): Node {
  if (isNeverZero(x) || isNeverZero(g)) return x;
  return b.select(b.and(b.equal(x, 0), b.equal(g, 0)), 1, x);
}

function isNeverZero(x: Node): boolean {
  const known = splatValue(x);
  return (known !== undefined && known !== 0) || isPositive(x);
}
