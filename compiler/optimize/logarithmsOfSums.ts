// Terms written as factor · exp(exponent) in; their sum in the same form, shifted by the largest exponent that counts, out.

import type { Node, NodeOf } from "../types/graph.js";
import { inputAt, splatValue } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { isShifted, shiftedExponential } from "../ops/shifted.js";
import { isPositive } from "../ops/signs.js";
import { factorOfSign, isZero, signOf } from "./scaledExponential.js";
import type { Scaled } from "./scaledExponential.js";

/** Below every exponent: that of a term whose factor is 0. */
const lowest = -3e38;

/** The sum of two values; `x` is its node. */
export function ofSum(b: GraphBuilder, x: Node, left: Scaled, right: Scaled): Scaled | undefined {
  if (!left.gains && !right.gains) {
    const pure = left.factor === undefined && right.factor === undefined && x.op === "add";
    return pure ? { ...left, node: b.log(x) } : undefined;
  }
  if (isZero(left)) return right;
  if (isZero(right)) return left;
  const sign = signOf(left);
  if (sign !== undefined && sign === signOf(right)) {
    if (sign === 1 && x.op === "add" && x.inputs.every(isBounded)) return ofOneMore(b, x);
    const node = logarithmOfBoth(b, left.node, right.node);
    return { node, factor: factorOfSign(b, sign), gains: true };
  }
  return isScaled(left, right) && isScaled(right, left) ? ofBoth(b, left, right) : undefined;
}

/** Whether it has an exponent, or is a positive number beside something that has one and may have either sign. */
function isScaled(x: Scaled, other: Scaled): boolean {
  return x.gains || (x.factor === undefined && signOf(other) === undefined);
}

/**
 * log(p + q) from l = log p and m = log q: max(l, m) + log(1 + exp(−|l − m|)). The exponent is written as a minimum whose first
 * operand is the one that the maximum leaves, so that the derivatives at a tie are halves.
 */
function logarithmOfBoth(b: GraphBuilder, left: Node, right: Node): Node {
  const difference = b.subtract(left, right);
  const exponent = b.minimum(b.negate(difference), difference);
  return b.add(b.maximum(left, right), b.log1p(b.exp(exponent)));
}

function isBounded(x: Node): boolean {
  return isPositive(x) || splatValue(x) !== undefined || isAtMostOne(x);
}

/** 1 and a small exponential have few of its digits in their sum. */
function ofOneMore(b: GraphBuilder, x: NodeOf<"add">): Scaled {
  const [left, right] = [inputAt(x.inputs, 0), inputAt(x.inputs, 1)];
  const known = { factor: undefined, gains: true };
  if (splatValue(left) === 1) return { ...known, node: b.log1p(right) };
  if (splatValue(right) === 1) return { ...known, node: b.log1p(left) };
  return { node: b.log(b.add(left, right)), factor: undefined, gains: false };
}

/** exp of min(−u, u). */
function isAtMostOne(x: Node): boolean {
  const exponent = x.op === "exp" ? inputAt(x.inputs, 0) : undefined;
  if (exponent?.op !== "minimum") return false;
  const [left, right] = [inputAt(exponent.inputs, 0), inputAt(exponent.inputs, 1)];
  const opposite = (one: Node, other: Node): boolean =>
    one.op === "negate" && inputAt(one.inputs, 0) === other;
  return opposite(left, right) || opposite(right, left);
}

function ofBoth(b: GraphBuilder, left: Scaled, right: Scaled): Scaled {
  const shift = shiftBy(b, b.maximum(counting(b, left), counting(b, right)));
  return {
    node: shift,
    factor: b.add(shifted(b, left, shift), shifted(b, right, shift)),
    gains: true,
  };
}

/** The exponents of terms that are not 0. */
function counting(b: GraphBuilder, { node, factor }: Scaled): Node {
  if (factor === undefined || splatValue(factor) === -1) return node;
  return b.select(b.notEqual(factor, 0), node, lowest);
}

function shiftBy(b: GraphBuilder, largest: Node): Node {
  return b.stopGradient(b.select(b.greater(largest, lowest / 2), largest, 0));
}

function shifted(b: GraphBuilder, { node, factor }: Scaled, shift: Node): Node {
  const exponential = shiftedExponential(b, b.subtract(node, shift));
  if (factor === undefined) return exponential;
  return splatValue(factor) === -1 ? b.negate(exponential) : b.multiply(factor, exponential);
}

/** The sum `x` over axes of `terms`, which are written as `inner`. */
export function ofReduction(b: GraphBuilder, x: NodeOf<"sum">, inner: Scaled): Scaled | undefined {
  if (!inner.gains) return undefined;
  const terms = inputAt(x.inputs, 0);
  const { axes } = x.attributes;
  const exponents = b.broadcast(inner.node, terms.shape);
  const sign = signOf(inner);
  if (sign === undefined) {
    const own = { ...inner, node: exponents };
    const shift = shiftBy(b, b.max(b.broadcast(counting(b, own), terms.shape), axes, true));
    const factor = b.sum(b.broadcast(shifted(b, own, shift), terms.shape), axes);
    return { node: b.reshape(shift, x.shape), factor, gains: true };
  }
  if (terms.op === "exp" && isShifted(inner.node, axes)) {
    return { node: b.log(b.sum(terms, axes)), factor: undefined, gains: false };
  }
  const largest = b.stopGradient(b.max(exponents, axes, true));
  const sum = b.sum(b.exp(b.subtract(exponents, largest)), axes);
  const node = b.add(b.reshape(largest, x.shape), b.log(sum));
  return { node, factor: factorOfSign(b, sign), gains: true };
}
