// A logarithm in; the same from exponents, which neither overflow nor vanish, where its operand was made of exponentials, out.

import type { Node, NodeOf } from "../types/graph.js";
import { at, extentAt, inputAt, splatValue } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { dimEqual } from "../types/dimension.js";
import { isPositive } from "../ops/positive.js";

/** The logarithm of a value that is never negative; `gains` where an exponential is not taken, or one of a bounded number. */
interface Logarithm {
  readonly node: Node;
  readonly gains: boolean;
}

interface Search {
  readonly b: GraphBuilder;
  /** Nodes that are not looked into: variables of a derivative. */
  readonly kept: ReadonlySet<Node>;
  readonly depth: number;
}

/** How far down an operand is looked into. */
const reach = 16;

/** log of the least f32 that is not subnormal: what the logarithm of 0 counts as. */
const logOfZero = Math.log(2 ** -126);

/**
 * log softmax(z) from z − max z − log Σ exp(z − max z), log sigmoid(z) from −log(1 + exp(−|z|)), and all else that is a
 * logarithm of products, quotients, choices, views and sums of exponentials: e⁻²⁰⁰ is 0 in f32, its logarithm is −200.
 */
export function stableLogarithm(
  b: GraphBuilder,
  node: Node,
  kept: ReadonlySet<Node>,
): Node | undefined {
  if (node.op !== "log" && node.op !== "log1p") return undefined;
  const operand = inputAt(node.inputs, 0);
  const x = node.op === "log" ? operand : oneMore(b, operand);
  const found = logarithmOf({ b, kept, depth: reach }, x);
  if (found?.gains !== true || isOfOneMore(found.node, operand)) return undefined;
  return b.broadcast(found.node, node.shape);
}

/** What log1p is the logarithm of. */
function oneMore(b: GraphBuilder, x: Node): Node {
  return x.op === "negate" ? b.subtract(1, inputAt(x.inputs, 0)) : b.add(1, x);
}

function isOfOneMore(node: Node, x: Node): boolean {
  return node.op === "log1p" && inputAt(node.inputs, 0) === x;
}

function logarithmOf(search: Search, x: Node): Logarithm | undefined {
  const { b, kept, depth } = search;
  if (x.type !== "f32") return undefined;
  if (depth > 0 && !kept.has(x)) {
    const found = looked({ ...search, depth: depth - 1 }, x);
    if (found !== undefined) return found;
  }
  return isPositive(x) ? { node: b.log(x), gains: false } : undefined;
}

function looked(search: Search, x: Node): Logarithm | undefined {
  const { b } = search;
  const value = splatValue(x);
  if (value !== undefined) return value > 0 ? logOfNumber(b, value) : undefined;
  switch (x.op) {
    case "exp":
      return { node: inputAt(x.inputs, 0), gains: true };
    case "multiply":
      return both(search, x.inputs, (left, right) => b.add(left, right));
    case "divide":
      return both(search, x.inputs, (left, right) => b.subtract(left, right));
    case "select": {
      const condition = inputAt(x.inputs, 0);
      return both(search, x.inputs.slice(1), (then, otherwise) =>
        b.select(condition, then, otherwise),
      );
    }
    case "add":
      return ofSum(search, x);
    case "subtract":
      return ofComplement(search, x);
    case "sum":
      return ofReduction(search, x);
    case "stopGradient":
    case "reshape":
    case "transpose":
    case "broadcast":
    case "slice":
    case "flip":
    case "take":
      return ofView(search, x);
    default:
      return undefined;
  }
}

function logOfNumber(b: GraphBuilder, value: number): Logarithm {
  return { node: b.constant(Math.log(value)), gains: false };
}

function both(
  search: Search,
  operands: readonly Node[],
  join: (left: Node, right: Node) => Node,
): Logarithm | undefined {
  const left = logarithmOf(search, inputAt(operands, 0));
  const right = left && logarithmOf(search, inputAt(operands, 1));
  if (left === undefined || right === undefined) return undefined;
  return { node: join(left.node, right.node), gains: left.gains || right.gains };
}

/** Views give elements of their operand alone, so the logarithm goes before them. */
function ofView(search: Search, x: Node): Logarithm | undefined {
  const { b } = search;
  const [source, ...rest] = x.inputs;
  const inner = source && logarithmOf(search, source);
  if (source === undefined || inner === undefined) return undefined;
  if (!inner.gains) return { node: b.log(x), gains: false };
  return { node: b.over(x, [b.broadcast(inner.node, source.shape), ...rest]), gains: true };
}

/**
 * log(p + q) from l = log p and m = log q: max(l, m) + log(1 + exp(−|l − m|)). The exponent is written as a minimum whose first
 * operand is the one that the maximum leaves, so that the derivatives at a tie are halves.
 */
function ofSum(search: Search, x: Node): Logarithm | undefined {
  const { b } = search;
  const [left, right] = x.inputs.map((input) => logarithmOf(search, input));
  if (left === undefined || right === undefined) return undefined;
  const safe = x.inputs.every(
    (input) => isPositive(input) || splatValue(input) !== undefined || isAtMostOne(input),
  );
  const gains = left.gains || right.gains;
  if (safe && gains) return ofOneMore(b, x);
  if (!gains) return { node: b.log(x), gains: false };
  const difference = b.subtract(left.node, right.node);
  const exponent = b.minimum(b.negate(difference), difference);
  const rest = b.log1p(b.exp(exponent));
  return { node: b.add(b.maximum(left.node, right.node), rest), gains: true };
}

/** 1 and a small exponential have few of its digits in their sum. */
function ofOneMore(b: GraphBuilder, x: Node): Logarithm {
  const [left, right] = [inputAt(x.inputs, 0), inputAt(x.inputs, 1)];
  if (splatValue(left) === 1) return { node: b.log1p(right), gains: true };
  if (splatValue(right) === 1) return { node: b.log1p(left), gains: true };
  return { node: b.log(x), gains: false };
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

/** log(1 − a / (p + q)), where a is one of both: the other, over the same. */
function ofComplement(search: Search, x: Node): Logarithm | undefined {
  const { b, kept } = search;
  const [one, share] = [inputAt(x.inputs, 0), inputAt(x.inputs, 1)];
  if (splatValue(one) !== 1 || share.op !== "divide" || kept.has(share)) return undefined;
  const [part, whole] = [inputAt(share.inputs, 0), inputAt(share.inputs, 1)];
  const other = whole.op === "add" && !kept.has(whole) ? otherPart(b, part, whole) : undefined;
  return other && both(search, [other, whole], (left, right) => b.subtract(left, right));
}

function otherPart(b: GraphBuilder, part: Node, whole: NodeOf<"add">): Node | undefined {
  const [p, q] = [inputAt(whole.inputs, 0), inputAt(whole.inputs, 1)];
  if (same(part, p)) return q;
  if (same(part, q)) return p;
  if (part.op !== "select") return undefined;
  const [condition, then, otherwise] = [0, 1, 2].map((n) => inputAt(part.inputs, n));
  if (condition === undefined || then === undefined || otherwise === undefined) return undefined;
  if (same(then, p) && same(otherwise, q)) return b.select(condition, q, p);
  if (same(then, q) && same(otherwise, p)) return b.select(condition, p, q);
  return undefined;
}

/** Whether both are written alike: equal operations have not become one node yet. */
function same(left: Node, right: Node, depth = 4): boolean {
  if (left === right) return true;
  const value = splatValue(left);
  if (value !== undefined) return value === splatValue(right);
  if (depth === 0 || left.op !== right.op || left.inputs.length === 0) return false;
  if (JSON.stringify(left.attributes) !== JSON.stringify(right.attributes)) return false;
  return left.inputs.every((input, n) => {
    const other = right.inputs[n];
    return other !== undefined && same(input, other, depth - 1);
  });
}

function ofReduction(search: Search, x: NodeOf<"sum">): Logarithm | undefined {
  const { b, kept } = search;
  const terms = inputAt(x.inputs, 0);
  const { axes } = x.attributes;
  if (kept.has(terms)) return undefined;
  if (terms.op !== "exp") return ofChosen(search, x);
  const exponents = inputAt(terms.inputs, 0);
  if (isShifted(exponents)) return { node: b.log(x), gains: false };
  const largest = b.stopGradient(b.max(exponents, axes, true));
  const shifted = b.sum(b.exp(b.subtract(exponents, largest)), axes);
  return { node: b.add(b.reshape(largest, x.shape), b.log(shifted)), gains: true };
}

/** Less a maximum already. */
function isShifted(exponents: Node): boolean {
  if (exponents.op !== "subtract") return false;
  let shift = inputAt(exponents.inputs, 1);
  while (["stopGradient", "reshape", "broadcast"].includes(shift.op))
    shift = inputAt(shift.inputs, 0);
  return shift.op === "max";
}

/** A sum over p where at most one index counts: the logarithm of p there. */
function ofChosen(search: Search, x: NodeOf<"sum">): Logarithm | undefined {
  const { b } = search;
  const terms = inputAt(x.inputs, 0);
  const [axis, another] = x.attributes.axes;
  const chosen = chosenOf(terms);
  if (chosen === undefined || axis === undefined || another !== undefined) return undefined;
  if (!holdsOnce(chosen.where, terms, axis)) return undefined;
  const inner = logarithmOf(search, chosen.value);
  if (inner?.gains !== true) return undefined;
  const where = b.broadcast(chosen.where, terms.shape);
  const sum = b.sum(b.select(where, inner.node, 0), [axis]);
  return { node: b.select(b.any(where, [axis]), sum, logOfZero), gains: true };
}

interface Chosen {
  readonly value: Node;
  readonly where: Node;
}

/** `if where then value else 0`, or the product of both. */
function chosenOf(terms: Node): Chosen | undefined {
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
function holdsOnce(where: Node, terms: Node, axis: number): boolean {
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
