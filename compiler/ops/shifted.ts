// Exponents in; their exponentials where they are less their own maximum already, and whether they are, so that none exceeds 1 and one is 1, out.

import type { Node, NodeOf } from "../types/graph.js";
import { alike } from "./alike.js";
import { extentAt, inputAt, splatValue } from "./broadcast.js";
import type { GraphBuilder } from "./builder.js";

/**
 * Exponents that count are at most 0 once they are shifted; others belong to terms whose factor is 0, and must be finite. An
 * exponential of such a minimum is known by it as one that was shifted already.
 */
const cap = 80.5;

/** The exponential of what was shifted, whose logarithm needs no other form. */
export function shiftedExponential(b: GraphBuilder, exponent: Node): Node {
  return b.exp(b.minimum(exponent, cap));
}

/** Whether an exponential is such a one: it neither overflows nor do all beside it vanish. */
export function wasShifted(exponential: Node): boolean {
  const exponent = inputAt(exponential.inputs, 0);
  return exponent.op === "minimum" && splatValue(inputAt(exponent.inputs, 1)) === cap;
}

/** Whether exponents are less their own maximum, over some of the axes or all of them. */
export function isShifted(exponents: Node, axes: readonly number[]): boolean {
  if (exponents.op !== "subtract") return false;
  const shift = ofWhat(inputAt(exponents.inputs, 1));
  if (shift.op !== "max") return false;
  const source = inputAt(shift.inputs, 0);
  const more = exponents.shape.length - source.shape.length;
  const over = shift.attributes.axes.filter((axis) => extentAt(source.shape, axis) !== 1);
  return (
    over.every((axis) => axes.includes(axis + more)) &&
    alike(ofWhat(source), ofWhat(inputAt(exponents.inputs, 0)))
  );
}

/** A sum of exponentials that is at least 1: one of its terms is. */
export function isAtLeastOne(sum: NodeOf<"sum">): boolean {
  const terms = inputAt(sum.inputs, 0);
  return terms.op === "exp" && isShifted(inputAt(terms.inputs, 0), sum.attributes.axes);
}

/** What only gets another shape or no derivative. */
function ofWhat(x: Node): Node {
  let source = x;
  while (source.op === "stopGradient" || source.op === "reshape" || source.op === "broadcast") {
    source = inputAt(source.inputs, 0);
  }
  return source;
}
