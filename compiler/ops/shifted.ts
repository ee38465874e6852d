// Exponents in; whether they are less their own maximum already, so that no exponential of them exceeds 1 and one of them is 1, out.

import type { Node, NodeOf } from "../types/graph.js";
import { alike } from "./alike.js";
import { extentAt, inputAt } from "./broadcast.js";

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
