// The terms of a sum along an axis in; the condition under which a term is not 0, where it holds at most once, out.

import type { Node } from "../types/graph.js";
import { at, extentAt, inputAt, splatValue } from "../ops/broadcast.js";
import { dimEqual } from "../types/dimension.js";

export interface Chosen {
  readonly value: Node;
  readonly where: Node;
}

/** `if where then value else 0`, or the product of both. */
export function chosenOf(terms: Node): Chosen | undefined {
  const [first, second, third] = terms.inputs;
  if (first === undefined || second === undefined) return undefined;
  if (terms.op === "select" && third !== undefined && splatValue(third) === 0) {
    return { where: first, value: second };
  }
  if (terms.op !== "multiply") return undefined;
  const [left, right] = [truthOf(first), truthOf(second)];
  if (right !== undefined) return { where: right, value: first };
  return left === undefined ? undefined : { where: left, value: second };
}

/** What 0 and 1 were made from. */
function truthOf(x: Node): Node | undefined {
  if (x.type === "bool") return x;
  const [first, second, third] = x.inputs;
  if (x.op === "cast") return first && truthOf(first);
  const choice = x.op === "select" && second !== undefined && third !== undefined;
  return choice && splatValue(second) === 1 && splatValue(third) === 0 ? first : undefined;
}

/** Whether `where` compares the index along the axis with something that is the same all along it. */
export function holdsOnce(where: Node, terms: Node, axis: number): boolean {
  if (where.op !== "equal") return false;
  const [left, right] = [inputAt(where.inputs, 0), inputAt(where.inputs, 1)];
  const back = terms.shape.length - axis;
  const tells = (node: Node): boolean => tellsIndices(node, back, terms);
  const fixed = (node: Node): boolean =>
    node.shape.length < back || extentAt(node.shape, node.shape.length - back) === 1;
  return (tells(left) && fixed(right)) || (tells(right) && fixed(left));
}

/** A number of its own at each index of the axis that is `back` from the end. */
function tellsIndices(node: Node, back: number, terms: Node): boolean {
  if (node.op === "cast" || node.op === "broadcast") {
    return tellsIndices(inputAt(node.inputs, 0), back, terms);
  }
  const axis = node.shape.length - back;
  if (axis < 0) return false;
  const whole = dimEqual(at(node.shape, axis), at(terms.shape, terms.shape.length - back));
  if (node.op === "iota") return whole && node.attributes.axis === axis;
  if (node.op !== "constant") return false;
  const { values } = node.attributes;
  return whole && node.shape.length === 1 && new Set(values).size === node.shape[0];
}
