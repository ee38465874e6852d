// Factors and exponents in; values written as factor · exp(exponent), which exist where the exponential itself overflows or vanishes, out.

import type { Node } from "../types/graph.js";
import { splatValue } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { isPositive } from "../ops/signs.js";

/** A value as `factor` · exp(`node`): where there is no factor, `node` is the logarithm of the value. */
export interface Scaled {
  readonly node: Node;
  /** Undefined counts as 1; a constant is −1 or 0. */
  readonly factor: Node | undefined;
  /** Whether an exponential is not taken, or one of a bounded number. */
  readonly gains: boolean;
}

/** The logarithm of a number, or of what is never 0 or less; anything else is a factor. */
export function leaf(b: GraphBuilder, x: Node): Scaled {
  const value = splatValue(x);
  if (value !== undefined && Number.isFinite(value)) return ofNumber(b, value);
  if (isPositive(x)) return { node: b.log(x), factor: undefined, gains: false };
  return { node: b.constant(0), factor: x, gains: false };
}

function ofNumber(b: GraphBuilder, value: number): Scaled {
  if (value === 0) return { node: b.constant(0), factor: b.constant(0), gains: false };
  const factor = value < 0 ? b.constant(-1) : undefined;
  return { node: b.constant(Math.log(Math.abs(value))), factor, gains: false };
}

/** The product of two factors. */
export function productOf(
  b: GraphBuilder,
  left: Node | undefined,
  right: Node | undefined,
): Node | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const [l, r] = [splatValue(left), splatValue(right)];
  if (l === 0 || r === 0) return b.constant(0);
  if (l !== undefined && r !== undefined) return l * r === 1 ? undefined : b.constant(l * r);
  if (l === -1) return b.negate(right);
  return r === -1 ? b.negate(left) : b.multiply(left, right);
}

export function negated(b: GraphBuilder, x: Scaled): Scaled {
  return { ...x, factor: productOf(b, x.factor, b.constant(-1)) };
}

export function isZero({ factor }: Scaled): boolean {
  return factor !== undefined && splatValue(factor) === 0;
}

/** Whether the value is all of one sign, which is known: 1 or −1; else undefined. */
export function signOf({ factor }: Scaled): 1 | -1 | undefined {
  if (factor === undefined) return 1;
  return splatValue(factor) === -1 ? -1 : undefined;
}

/** The factor of a value of that sign. */
export function factorOfSign(b: GraphBuilder, sign: 1 | -1): Node | undefined {
  return sign === 1 ? undefined : b.constant(-1);
}
