// A logarithm in; the same from exponents, which neither overflow nor vanish, where its operand was made of exponentials, out.

import type { Node, NodeOf } from "../types/graph.js";
import { indices, inputAt, splatValue } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { movementOf } from "../ops/movement.js";
import { alike } from "../ops/alike.js";
import { chosenOf, holdsOnce } from "./chosenTerm.js";
import { wasShifted } from "../ops/shifted.js";
import { ofReduction, ofSum } from "./logarithmsOfSums.js";
import { factorOfSign, isZero, leaf, negated, productOf, signOf } from "./scaledExponential.js";
import type { Scaled } from "./scaledExponential.js";

interface Search {
  readonly b: GraphBuilder;
  /** Nodes that are not looked into: variables of a derivative. */
  readonly kept: ReadonlySet<Node>;
  readonly depth: number;
  readonly found: Map<Node, Scaled>;
}

/** How far down an operand is looked into. */
const reach = 16;

/** log of the least f32 that is not subnormal: what the logarithm of 0 counts as. */
const logOfZero = Math.log(2 ** -126);

/**
 * log softmax(z) from z − max z − log Σ exp(z − max z), log sigmoid(z) from −log(1 + exp(−|z|)), and all else that is a
 * logarithm of products, quotients, powers, choices, views and sums of exponentials: e⁻²⁰⁰ is 0 in f32, its logarithm is −200.
 */
export function stableLogarithm(
  b: GraphBuilder,
  node: Node,
  kept: ReadonlySet<Node>,
): Node | undefined {
  if (node.op !== "log" && node.op !== "log1p") return undefined;
  const operand = inputAt(node.inputs, 0);
  const x = node.op === "log" ? operand : oneMore(b, operand);
  const found = scaled({ b, kept, depth: reach, found: new Map() }, x);
  if (!found.gains || isOfOneMore(found.node, operand)) return undefined;
  if (found.factor === undefined) return b.broadcast(found.node, node.shape);
  // Digits of a small operand, which log1p is there for, would be lost.
  if (node.op === "log1p") return undefined;
  if (splatValue(found.factor) !== undefined) return b.constant(logOfZero, node.shape);
  const sum = b.add(b.log(found.factor), found.node);
  return b.broadcast(b.select(b.greater(found.factor, 0), sum, logOfZero), node.shape);
}

/** What log1p is the logarithm of. */
function oneMore(b: GraphBuilder, x: Node): Node {
  return x.op === "negate" ? b.subtract(1, inputAt(x.inputs, 0)) : b.add(1, x);
}

function isOfOneMore(node: Node, x: Node): boolean {
  return node.op === "log1p" && inputAt(node.inputs, 0) === x;
}

function scaled(search: Search, x: Node): Scaled {
  const { b, kept, depth, found } = search;
  const known = found.get(x);
  if (known !== undefined) return known;
  const look = depth > 0 && !kept.has(x) && splatValue(x) === undefined;
  const result = (look ? looked({ ...search, depth: depth - 1 }, x) : undefined) ?? leaf(b, x);
  found.set(x, result);
  return result;
}

function looked(search: Search, x: Node): Scaled | undefined {
  const { b } = search;
  switch (x.op) {
    case "exp":
      if (wasShifted(x)) return undefined;
      return { node: inputAt(x.inputs, 0), factor: undefined, gains: true };
    case "multiply":
    case "divide":
      return ofProduct(search, x);
    case "negate":
    case "abs":
    case "sqrt":
    case "power":
      return ofPower(search, x);
    case "select":
      return ofChoice(search, x);
    case "maximum":
    case "minimum":
      return ofExtremum(search, x);
    case "add":
      return ofSum(
        b,
        x,
        scaled(search, inputAt(x.inputs, 0)),
        scaled(search, inputAt(x.inputs, 1)),
      );
    case "subtract":
      return ofDifference(search, x);
    case "sum":
      return ofChosen(search, x) ?? ofReduction(b, x, scaled(search, inputAt(x.inputs, 0)));
    case "prod":
    case "max":
    case "min":
      return reduced(search, x);
    default:
      return lookedThrough(search, x);
  }
}

function lookedThrough(search: Search, x: Node): Scaled | undefined {
  if (x.op === "pad") return x.attributes.value === 0 ? ofPadded(search, x) : undefined;
  if (x.op === "concat") return ofParts(search, x);
  return movementOf(x) === undefined ? undefined : ofView(search, x);
}

/** Without an exponential, only logarithms are worth being joined. */
function isPlain({ gains, factor }: Scaled): boolean {
  return !gains && factor !== undefined;
}

function ofProduct(search: Search, x: NodeOf<"multiply"> | NodeOf<"divide">): Scaled | undefined {
  const { b } = search;
  const left = scaled(search, inputAt(x.inputs, 0));
  const right = scaled(search, inputAt(x.inputs, 1));
  const gains = left.gains || right.gains;
  if (!gains && (isPlain(left) || isPlain(right))) return undefined;
  if (x.op === "multiply") {
    const factor = productOf(b, left.factor, right.factor);
    return { node: b.add(left.node, right.node), factor, gains };
  }
  if (isZero(right)) return undefined;
  const node = b.subtract(left.node, right.node);
  const { factor: divisor } = right;
  if (divisor === undefined || splatValue(divisor) === -1) {
    return { node, factor: productOf(b, left.factor, divisor), gains };
  }
  return { node, factor: b.divide(left.factor ?? 1, divisor), gains };
}

function ofPower(
  search: Search,
  x: NodeOf<"negate"> | NodeOf<"abs"> | NodeOf<"sqrt"> | NodeOf<"power">,
): Scaled | undefined {
  const { b } = search;
  const inner = scaled(search, inputAt(x.inputs, 0));
  if (!inner.gains) return undefined;
  if (x.op === "negate") return negated(b, inner);
  const { node, factor } = inner;
  const raised = (exponent: Node | number): Node => b.multiply(node, exponent);
  if (x.op === "abs") return { ...inner, factor: factor && b.abs(factor) };
  if (x.op === "sqrt") return { ...inner, node: raised(0.5), factor: factor && b.sqrt(factor) };
  const exponent = inputAt(x.inputs, 1);
  return { ...inner, node: raised(exponent), factor: factor && b.power(factor, exponent) };
}

function ofChoice(search: Search, x: NodeOf<"select">): Scaled | undefined {
  const { b } = search;
  const condition = inputAt(x.inputs, 0);
  const then = scaled(search, inputAt(x.inputs, 1));
  const otherwise = scaled(search, inputAt(x.inputs, 2));
  const gains = then.gains || otherwise.gains;
  if (!gains && (isPlain(then) || isPlain(otherwise))) return undefined;
  const node = b.select(condition, then.node, otherwise.node);
  const sign = signOf(then);
  if (sign !== undefined && sign === signOf(otherwise)) {
    return { node, factor: factorOfSign(b, sign), gains };
  }
  const factor = b.select(condition, then.factor ?? b.constant(1), otherwise.factor ?? 1);
  return { node, factor, gains };
}

const opposite = { maximum: "minimum", minimum: "maximum", max: "min", min: "max" } as const;

/** Logarithms are in the order of what they are of. */
function ofExtremum(search: Search, x: NodeOf<"maximum"> | NodeOf<"minimum">): Scaled | undefined {
  const { b } = search;
  const left = scaled(search, inputAt(x.inputs, 0));
  const right = scaled(search, inputAt(x.inputs, 1));
  if (!left.gains && !right.gains) return undefined;
  const sign = signOf(left);
  if (sign === undefined || sign !== signOf(right)) {
    const most = x.op === "maximum" ? 1 : -1;
    if (isZero(left) && signOf(right) === most) return right;
    return isZero(right) && sign === most ? left : undefined;
  }
  const op = sign === 1 ? x.op : opposite[x.op];
  return { node: b[op](left.node, right.node), factor: factorOfSign(b, sign), gains: true };
}

function reduced(
  search: Search,
  x: NodeOf<"prod"> | NodeOf<"max"> | NodeOf<"min">,
): Scaled | undefined {
  const { b } = search;
  const terms = inputAt(x.inputs, 0);
  const { axes } = x.attributes;
  const inner = scaled(search, terms);
  if (!inner.gains) return undefined;
  const exponents = b.broadcast(inner.node, terms.shape);
  if (x.op === "prod") {
    const factor = inner.factor && b.prod(b.broadcast(inner.factor, terms.shape), axes);
    return { node: b.sum(exponents, axes), factor, gains: true };
  }
  const sign = signOf(inner);
  if (sign === undefined) return undefined;
  const op = sign === 1 ? x.op : opposite[x.op];
  return { ...inner, node: b[op](exponents, axes) };
}

/** Views give elements of their operand alone, so the logarithm goes before them. */
function ofView(search: Search, x: Node): Scaled | undefined {
  const { b } = search;
  const [source, ...rest] = x.inputs;
  if (source === undefined) return undefined;
  const { node, factor, gains } = scaled(search, source);
  if (!gains) return factor === undefined ? { node: b.log(x), factor, gains } : undefined;
  const viewed = (part: Node): Node => b.over(x, [b.broadcast(part, source.shape), ...rest]);
  const constant = factor === undefined || splatValue(factor) !== undefined;
  return { node: viewed(node), factor: constant ? factor : viewed(factor), gains };
}

/** The factor of what is added around an operand is 0. */
function ofPadded(search: Search, x: NodeOf<"pad">): Scaled | undefined {
  const { b } = search;
  const source = inputAt(x.inputs, 0);
  const { node, factor, gains } = scaled(search, source);
  if (!gains) return undefined;
  const { before, after, interior } = x.attributes;
  const padded = (part: Node): Node =>
    b.pad(b.broadcast(part, source.shape), before, after, { interior, value: 0 });
  return { node: padded(node), factor: padded(factor ?? b.constant(1)), gains };
}

function ofParts(search: Search, x: NodeOf<"concat">): Scaled | undefined {
  const { b } = search;
  const parts = x.inputs.map((input) => scaled(search, input));
  if (!parts.some(({ gains }) => gains)) return undefined;
  const joined = (of: (part: Scaled) => Node): Node => {
    const whole = parts.map((part, n) => b.broadcast(of(part), inputAt(x.inputs, n).shape));
    return b.concat(whole, x.attributes.axis);
  };
  const positive = parts.every(({ factor }) => factor === undefined);
  const factor = positive ? undefined : joined((part) => part.factor ?? b.constant(1));
  return { node: joined(({ node }) => node), factor, gains: true };
}

function ofDifference(search: Search, x: NodeOf<"subtract">): Scaled | undefined {
  const { b } = search;
  const [left, right] = [inputAt(x.inputs, 0), inputAt(x.inputs, 1)];
  const other = otherShare(search, left, right);
  if (other !== undefined) return scaled(search, other);
  return ofSum(b, x, scaled(search, left), negated(b, scaled(search, right)));
}

/** 1 − a / (p + q), where a is one of both: the other, over the same. */
function otherShare({ b, kept }: Search, one: Node, share: Node): Node | undefined {
  if (splatValue(one) !== 1 || share.op !== "divide" || kept.has(share)) return undefined;
  const [part, whole] = [inputAt(share.inputs, 0), inputAt(share.inputs, 1)];
  const other = whole.op === "add" && !kept.has(whole) ? otherPart(b, part, whole) : undefined;
  return other && b.divide(other, whole);
}

function otherPart(b: GraphBuilder, part: Node, whole: NodeOf<"add">): Node | undefined {
  const [p, q] = [inputAt(whole.inputs, 0), inputAt(whole.inputs, 1)];
  if (alike(part, p)) return q;
  if (alike(part, q)) return p;
  if (part.op !== "select") return undefined;
  const [condition, then, otherwise] = indices(3).map((n) => inputAt(part.inputs, n));
  if (condition === undefined || then === undefined || otherwise === undefined) return undefined;
  if (alike(then, p) && alike(otherwise, q)) return b.select(condition, q, p);
  if (alike(then, q) && alike(otherwise, p)) return b.select(condition, p, q);
  return undefined;
}

/** A sum over p where at most one index counts: the logarithm of p there. */
function ofChosen(search: Search, x: NodeOf<"sum">): Scaled | undefined {
  const { b, kept } = search;
  const terms = inputAt(x.inputs, 0);
  const [axis, another] = x.attributes.axes;
  const chosen = kept.has(terms) ? undefined : chosenOf(terms);
  if (chosen === undefined || axis === undefined || another !== undefined) return undefined;
  if (!holdsOnce(chosen.where, terms, axis)) return undefined;
  const inner = scaled(search, chosen.value);
  if (!inner.gains || inner.factor !== undefined) return undefined;
  const where = b.broadcast(chosen.where, terms.shape);
  const sum = b.sum(b.select(where, inner.node, 0), [axis]);
  const node = b.select(b.any(where, [axis]), sum, logOfZero);
  return { node, factor: undefined, gains: true };
}
