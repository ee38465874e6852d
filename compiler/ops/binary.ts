// Two or three tensors that broadcast in; the records of elementwise ops over them out.

import type { Node } from "../types/graph.js";
import type { BinaryName } from "../types/opNames.js";
import type { GraphBuilder } from "./builder.js";
import { anyNode, inputAt, splatValue, wantOperands, wantSameType, wantType } from "./broadcast.js";
import { divisorOfCotangent, nonZero } from "./divisors.js";
import { liftPointwise, pointwise, pointwiseType, truth } from "./pointwise.js";
import { notDifferentiable, vjp } from "./rule.js";
import type { OpRule, OpTable, Usage, VjpRule } from "./rule.js";

interface BinaryGradient {
  readonly b: GraphBuilder;
  readonly x: Node;
  readonly y: Node;
  readonly out: Node;
  readonly g: Node;
  readonly isNeverZero: (node: Node) => boolean;
}

/** Cotangents of the left and the right operand; each is built only where it is needed. */
function binaryVjp<K extends BinaryName>(
  left: (request: BinaryGradient) => Node,
  right: (request: BinaryGradient) => Node,
  usage: Usage<K> = { kind: "elementwise" },
): VjpRule<K> {
  return vjp(usage, ({ b, node, g, needs, isNeverZero }) => {
    const [x, y] = [inputAt(node.inputs, 0), inputAt(node.inputs, 1)];
    const request = { b, x, y, out: anyNode(node), g, isNeverZero };
    return [
      needs[0] === true ? left(request) : undefined,
      needs[1] === true ? right(request) : undefined,
    ];
  });
}

function arithmetic<K extends BinaryName>(name: K, doc: string, derivative: VjpRule<K>): OpRule<K> {
  return pointwise({ name, doc, op: name, vjp: derivative });
}

function comparison<K extends BinaryName>(name: K, doc: string): OpRule<K> {
  const derivative = notDifferentiable<K>("truth values have no derivative");
  return pointwise({ name, doc, op: name, vjp: derivative });
}

/** The cotangent of one side of a minimum or maximum: all of it where that side was taken. */
function extremumVjp<K extends "minimum" | "maximum">(
  firstWins: (b: GraphBuilder, x: Node, y: Node) => Node,
): VjpRule<K> {
  return binaryVjp<K>(
    ({ b, x, y, g }) => b.select(firstWins(b, x, y), g, 0),
    ({ b, x, y, g }) => b.select(firstWins(b, x, y), 0, g),
    {
      kind: "chosen",
      taken: (b, { inputs }, position) => ({
        condition: firstWins(b, inputAt(inputs, 0), inputAt(inputs, 1)),
        holds: position === 0,
      }),
    },
  );
}

/** ∂(x / y)/∂y = −x / y². */
function divideByDivisor(request: BinaryGradient): Node {
  const { b, x, y, g } = request;
  const divisor = divisorOfCotangent(request, y, g);
  return b.negate(b.divide(b.multiply(g, b.divide(x, divisor)), divisor));
}

/**
 * ∂(x^y)/∂x = y·x^(y−1); 0 where y is 0, at x = 0 where y < 1 (there it is infinite, as for sqrt), and at negative x where
 * y is not whole (there x^y is not defined, and counts as 0).
 */
function powerByBase({ b, x, y, g }: BinaryGradient): Node {
  const exponent = splatValue(y);
  if (exponent !== undefined) return powerByBaseOfConstant({ b, x, g, exponent });
  const flat = b.equal(y, 0);
  const undefinedThere = b.and(b.less(x, 0), b.notEqual(b.floor(y), y));
  const infinite = b.and(b.equal(x, 0), b.less(y, 1));
  const singular = b.or(flat, b.or(infinite, undefinedThere));
  const base = b.select(singular, 1, x);
  const slope = b.multiply(y, b.power(base, b.subtract(y, 1)));
  return b.select(singular, 0, b.multiply(g, slope));
}

function powerByBaseOfConstant(request: {
  readonly b: GraphBuilder;
  readonly x: Node;
  readonly g: Node;
  readonly exponent: number;
}): Node {
  const { b, x, g, exponent } = request;
  if (exponent === 0) return b.zerosLike(g);
  if (exponent === 1) return g;
  if (exponent === 2) return b.multiply(g, b.multiply(x, 2));
  const whole = Number.isInteger(exponent);
  if (exponent > 1 && whole) return b.multiply(g, b.multiply(b.power(x, exponent - 1), exponent));
  const singular = whole ? b.equal(x, 0) : b.lessEqual(x, 0);
  const base = b.select(singular, 1, x);
  const slope = b.multiply(b.power(base, exponent - 1), exponent);
  return b.select(singular, 0, b.multiply(g, slope));
}

/** ∂(x^y)/∂y = x^y·log x, and 0 where x is not positive: there x^y is defined at integers y alone. */
function powerByExponent({ b, x, out, g }: BinaryGradient): Node {
  const positive = b.greater(x, 0);
  const logarithm = b.log(b.select(positive, x, 1));
  return b.select(positive, b.multiply(g, b.multiply(out, logarithm)), 0);
}

/**
 * The cotangent times the other coordinate / (x² + y²), of all orders 0 at the origin. Computed at the scale of the larger
 * coordinate, so that no square overflows, and brought back from it last: what cancels in the next derivative is finite.
 */
function ofAngle({ b, x, y, g }: BinaryGradient, other: "x" | "y"): Node {
  const most = b.maximum(b.abs(x), b.abs(y));
  const away = b.greater(most, 0);
  const scale = b.stopGradient(b.select(away, most, 1));
  const scaled = { x: b.divide(x, scale), y: b.divide(y, scale) };
  // Between 1 and 2 but at the origin, where 0 is divided.
  const square = b.add(b.multiply(scaled.x, scaled.x), b.multiply(scaled.y, scaled.y));
  const share = b.divide(scaled[other], b.maximum(square, 0.5));
  return b.select(away, b.divide(b.multiply(g, share), scale), 0);
}

/** Of a choice, each branch counts where it is taken. */
const branchTaken: Usage<"select"> = {
  kind: "chosen",
  taken: (_, { inputs }, position) => ({
    condition: inputAt(inputs, 0),
    holds: position === 1,
  }),
};

export const binary: Pick<OpTable, BinaryName | "select"> = {
  add: arithmetic(
    "add",
    "The sum.",
    binaryVjp(
      ({ g }) => g,
      ({ g }) => g,
    ),
  ),
  subtract: arithmetic(
    "subtract",
    "The difference.",
    binaryVjp(
      ({ g }) => g,
      ({ b, g }) => b.negate(g),
    ),
  ),
  multiply: arithmetic(
    "multiply",
    "The product.",
    binaryVjp(
      ({ b, y, g }) => b.multiply(g, y),
      ({ b, x, g }) => b.multiply(g, x),
    ),
  ),
  divide: arithmetic(
    "divide",
    "The quotient, never rounded.",
    binaryVjp(
      (request) => request.b.divide(request.g, divisorOfCotangent(request, request.y, request.g)),
      divideByDivisor,
    ),
  ),
  modulo: arithmetic(
    "modulo",
    "The remainder x − y·⌊x / y⌋, which takes the divisor's sign.",
    binaryVjp(
      ({ g }) => g,
      // x % 0 is 0 whatever x is.
      (request) => {
        const { b, x, y, g } = request;
        const slope = b.negate(b.multiply(g, b.floor(b.divide(x, nonZero(request, y)))));
        return b.select(b.equal(y, 0), 0, slope);
      },
    ),
  ),
  power: arithmetic(
    "power",
    "x to the power y; for negative x, y is an integer. 0⁰ is 1.",
    binaryVjp(powerByBase, powerByExponent),
  ),
  atan2: arithmetic(
    "atan2",
    "The angle of the point (x, y) in radians, from −π to π; 0 at the origin, and its derivative too.",
    // x / (x² + y²) and −y / (x² + y²).
    binaryVjp(
      (request) => ofAngle(request, "y"),
      (request) => request.b.negate(ofAngle(request, "x")),
    ),
  ),
  minimum: arithmetic(
    "minimum",
    "The smaller of two; on a tie the derivative goes to the first.",
    extremumVjp((b, x, y) => b.lessEqual(x, y)),
  ),
  maximum: arithmetic(
    "maximum",
    "The larger of two; on a tie the derivative goes to the first.",
    extremumVjp((b, x, y) => b.greaterEqual(x, y)),
  ),
  equal: comparison("equal", "Whether two values are equal."),
  notEqual: comparison("notEqual", "Whether two values differ."),
  less: comparison("less", "Whether the first is smaller."),
  lessEqual: comparison("lessEqual", "Whether the first is smaller or equal."),
  greater: comparison("greater", "Whether the first is larger."),
  greaterEqual: comparison("greaterEqual", "Whether the first is larger or equal."),
  and: comparison("and", "Whether both hold."),
  or: comparison("or", "Whether one holds at least."),
  select: {
    family: "pointwise",
    doc: "The second operand where the first holds, else the third. Its derivative selects, never multiplies.",
    shape: ({ inputs }) =>
      wantOperands(inputs, 3, "a choice") ??
      wantType(inputs, 0, truth, "the condition of a choice") ??
      wantSameType(inputs, "a choice", 1) ??
      pointwiseType(inputs, inputAt(inputs, 1).type),
    vjp: vjp(branchTaken, ({ b, node, g }) => {
      const condition = inputAt(node.inputs, 0);
      return [undefined, b.select(condition, g, 0), b.select(condition, 0, g)];
    }),
    lift: liftPointwise,
    lowering: { kind: "pointwise", op: "select" },
  },
};
