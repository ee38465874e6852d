// One tensor in; the records of elementwise ops of one operand out.

import type { ScalarUnaryName, UnaryName } from "../types/opNames.js";
import { anyNode, inputAt, wantOperands } from "./broadcast.js";
import { divisorOfCotangent } from "./divisors.js";
import { liftPointwise, pointwise } from "./pointwise.js";
import { notDifferentiable, vjp } from "./rule.js";
import type { OpRule, OpTable, VjpRule } from "./rule.js";
import type { Node, OpName } from "../types/graph.js";
import type { GraphBuilder } from "./builder.js";

interface UnaryGradient {
  readonly b: GraphBuilder;
  readonly x: Node;
  readonly out: Node;
  readonly g: Node;
  readonly isNeverZero: (node: Node) => boolean;
}

/** The cotangent of the only operand. */
function unaryVjp<K extends UnaryName>(build: (request: UnaryGradient) => Node): VjpRule<K> {
  return vjp("elementwise", ({ b, node, g, isNeverZero }) => [
    build({ b, x: inputAt(node.inputs, 0), out: anyNode(node), g, isNeverZero }),
  ]);
}

/** Ops on real numbers. */
function realFunction<K extends ScalarUnaryName>(
  name: K,
  doc: string,
  derivative: VjpRule<K>,
): OpRule<K> {
  return pointwise({ name, doc, op: name, vjp: derivative });
}

const views: ReadonlySet<OpName> = new Set(["reshape", "transpose", "broadcast", "slice", "flip"]);

/** Whether it is a parameter or state, or a part of one. */
function isKept(x: Node): boolean {
  if (x.op === "stored") return true;
  const [whole] = x.inputs;
  return views.has(x.op) && whole !== undefined && isKept(whole);
}

const stepwise = <K extends UnaryName>(): VjpRule<K> =>
  notDifferentiable("constant between its steps: the derivative is zero");

/** 2 / √π · e^(−x²); the square is bounded so that it stays finite (e^(−400) is 0 in f32). */
function bell(b: GraphBuilder, x: Node): Node {
  const bounded = b.minimum(b.abs(x), 20);
  const density = b.exp(b.negate(b.multiply(bounded, bounded)));
  return b.multiply(density, 2 / Math.sqrt(Math.PI));
}

export const unary: Pick<OpTable, UnaryName | "cast"> = {
  negate: pointwise({
    name: "negate",
    doc: "The value with the other sign.",
    op: "negate",
    vjp: unaryVjp(({ b, g }) => b.negate(g)),
  }),
  exp: realFunction(
    "exp",
    "eˣ. Subtract the maximum first where x may be large: e⁸⁹ is beyond f32.",
    unaryVjp(({ b, out, g }) => b.multiply(g, out)),
  ),
  log: realFunction(
    "log",
    "The natural logarithm of a positive number.",
    unaryVjp((request) =>
      request.b.divide(request.g, divisorOfCotangent(request, request.x, request.g)),
    ),
  ),
  expm1: realFunction(
    "expm1",
    "eˣ − 1, with all its digits where x is near 0.",
    // Not the value and 1: that has no digits where eˣ is small.
    unaryVjp(({ b, x, g }) => b.multiply(g, b.exp(x))),
  ),
  log1p: realFunction(
    "log1p",
    "log(1 + x), with all its digits where x is near 0.",
    unaryVjp((request) => {
      const { b, x, g } = request;
      return b.divide(g, divisorOfCotangent(request, b.add(x, 1), g));
    }),
  ),
  sqrt: realFunction(
    "sqrt",
    "The square root. Its derivative at 0, where none exists, is 0.",
    // A norm at the zero vector has 0 among its subgradients; 1 / sqrt(0) would poison all that follows.
    unaryVjp(({ b, out, g }) => {
      const positive = b.greater(out, 0);
      const divisor = b.select(positive, out, 1);
      return b.select(positive, b.divide(b.multiply(g, 0.5), divisor), 0);
    }),
  ),
  sin: realFunction(
    "sin",
    "The sine of an angle in radians.",
    unaryVjp(({ b, x, g }) => b.multiply(g, b.cos(x))),
  ),
  cos: realFunction(
    "cos",
    "The cosine of an angle in radians.",
    unaryVjp(({ b, x, g }) => b.negate(b.multiply(g, b.sin(x)))),
  ),
  tanh: realFunction(
    "tanh",
    "The hyperbolic tangent.",
    unaryVjp(({ b, out, g }) => b.multiply(g, b.subtract(1, b.multiply(out, out)))),
  ),
  abs: pointwise({
    name: "abs",
    doc: "The absolute value. Its derivative is sign(x), 0 at 0.",
    op: "abs",
    vjp: unaryVjp(({ b, x, g }) => b.multiply(g, b.sign(x))),
  }),
  sign: pointwise({
    name: "sign",
    doc: "−1, 0 or 1; sign(0) is 0.",
    op: "sign",
    vjp: stepwise(),
  }),
  floor: realFunction("floor", "The next integer below.", stepwise()),
  round: realFunction("round", "The nearest integer, halves to the even one.", stepwise()),
  half: realFunction(
    "half",
    "The nearest number of half precision (f16); its cotangent is one too, but that of a parameter.",
    // The gradient of what is kept in single precision is summed up there, and stays so.
    unaryVjp(({ b, x, g }) => (isKept(x) ? g : b.half(g))),
  ),
  erf: realFunction(
    "erf",
    "The error function, 2 / √π ∫₀ˣ e^(−t²) dt.",
    unaryVjp(({ b, x, g }) => b.multiply(g, bell(b, x))),
  ),
  erfc: realFunction(
    "erfc",
    "1 − erf(x), with all its digits where x is large.",
    unaryVjp(({ b, x, g }) => b.negate(b.multiply(g, bell(b, x)))),
  ),
  erfinv: realFunction(
    "erfinv",
    "The inverse of erf on (−1, 1).",
    // √π / 2 · e^(y²), where y = erfinv(x).
    unaryVjp(({ b, out, g }) =>
      b.multiply(g, b.multiply(b.exp(b.multiply(out, out)), Math.sqrt(Math.PI) / 2)),
    ),
  ),
  not: pointwise({
    name: "not",
    doc: "True where the operand is false.",
    op: "not",
    vjp: notDifferentiable("truth values have no derivative"),
  }),
  cast: {
    family: "pointwise",
    doc: "The value in another element type: towards zero to integers, x ≠ 0 to bool.",
    shape: ({ inputs, attributes }) =>
      wantOperands(inputs, 1, "cast") ?? {
        type: attributes.to,
        shape: inputAt(inputs, 0).shape,
      },
    // Only f32 carries cotangents, and a cast to f32 of f32 is the identity.
    vjp: vjp("elementwise", ({ node, g }) => [
      inputAt(node.inputs, 0).type === "f32" ? g : undefined,
    ]),
    lift: liftPointwise,
    lowering: { kind: "pointwise", op: "cast" },
  },
  stopGradient: {
    ...pointwise<"stopGradient">({
      name: "stop_gradient",
      doc: "The value itself, with derivative zero.",
      op: "cast",
      vjp: notDifferentiable("asked for: its derivative is zero"),
    }),
    lowering: { kind: "identity" },
  },
  widen: {
    ...pointwise<"widen">({
      name: "widen",
      doc: "The value itself, in single precision from here on.",
      op: "cast",
      vjp: unaryVjp(({ g }) => g),
    }),
    lowering: { kind: "identity" },
  },
};
