// A divisor of a derivative in; one that is not 0 where the quotient is not used, out.

import type { Node } from "../types/graph.js";
import type { GraphBuilder } from "./builder.js";

/** What is divided by, and how to tell of a node that none of its values is 0. */
interface DivisionRequest {
  readonly b: GraphBuilder;
  readonly isNeverZero: (node: Node) => boolean;
}

/** `x` with 1 in place of 0: a divisor for quotients whose value at 0 is not used. */
export function nonZero({ b, isNeverZero }: DivisionRequest, x: Node): Node {
  return isNeverZero(x) ? x : b.select(b.equal(x, 0), 1, x);
}

/**
 * `x` to divide the cotangent `g` by: with 1 in place of 0 where g is 0 too, as where a choice left the quotient aside.
 * Elsewhere the derivative at 0 is infinite, and shows.
 */
export function divisorOfCotangent({ b, isNeverZero }: DivisionRequest, x: Node, g: Node): Node {
  if (isNeverZero(x) || isNeverZero(g)) return x;
  return b.select(b.and(b.equal(x, 0), b.equal(g, 0)), 1, x);
}
