// A distribution's parameters and what it fills in; draws, as nodes over counter-based random leaves, out.

import { shapeEqual, shapeText } from "../../types/dimension.js";
import type { ElementType, Node, Shape } from "../../types/graph.js";
import { broadcastShapes } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { isProblem } from "../problem.js";
import type { ShapeProblem } from "../problem.js";
import { castTo, describe, isNode, toTensor } from "./arguments.js";
import { attempt, fail, parameter } from "./primitive.js";
import type { Argument, Parameter } from "./primitive.js";

/** What a draw fills, and the path that names its stream: equal paths draw equal values. */
export interface DrawRequest {
  readonly path: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

/** A distribution: a value of the language, drawn where it meets a shape. */
export interface Distribution {
  readonly name: string;
  readonly doc: string;
  readonly parameters: readonly Parameter[];
  /** The first of the numbers known while compiling that no such distribution has, and what it must be. */
  readonly outside: ((values: readonly (number | undefined)[]) => Outside | undefined) | undefined;
  /** Arguments in the parameters' order; one left out takes its default. */
  readonly draw: (
    b: GraphBuilder,
    request: DrawRequest,
    values: readonly (Argument | undefined)[],
  ) => Node | ShapeProblem;
}

export interface Outside {
  readonly position: number;
  readonly expected: string;
  /** The other of two that do not agree, and what that one would have to be. */
  readonly counterpart?: { readonly position: number; readonly expected: string };
}

/** Two bounds that do not agree: told of the second, or of the first where only that one was given. */
const disagree = (second: string, first: string): Outside => ({
  position: 1,
  expected: second,
  counterpart: { position: 0, expected: first },
});

interface Draw {
  readonly b: GraphBuilder;
  readonly request: DrawRequest;
  readonly values: readonly (Argument | undefined)[];
}

function distribution(
  name: string,
  definition: {
    readonly doc: string;
    readonly parameters: readonly Parameter[];
    readonly outside?: Distribution["outside"];
    readonly expand: (draw: Draw) => Node;
  },
): Distribution {
  const { doc, parameters, outside, expand } = definition;
  return {
    outside,
    name,
    doc,
    parameters,
    draw: (b, request, values) =>
      attempt(() => {
        const numbers = values.map((value) => (typeof value === "number" ? value : undefined));
        const wrong = outside?.(numbers);
        if (wrong !== undefined) {
          const { position, expected } = wrong;
          const found = String(numbers[position]);
          fail("argument", `"${parameters[position]?.name ?? ""}" of ${name} is ${expected}`, {
            ...{ expected, found, operands: [position] },
          });
        }
        const filled = parameters.map((own, position) => values[position] ?? own.default);
        return b.cast(expand({ b, request, values: filled }), request.type);
      }),
  };
}

/** A parameter as a tensor of `type` that broadcasts to what is filled. */
function parameterAt(draw: Draw, position: number, type: ElementType): Node {
  const { b, request, values } = draw;
  const value = castTo(b, toTensor(b, values[position], position), type);
  wantFills(value, request.shape, position);
  return value;
}

function wantFills(value: Node, shape: Shape, position: number): void {
  const joined = broadcastShapes([shape, value.shape]);
  if (!isProblem(joined) && shapeEqual(joined, shape)) return;
  fail("shape", "a distribution's parameters broadcast to the shape that it fills", {
    expected: shapeText(shape),
    found: shapeText(value.shape),
    operands: [position],
  });
}

function uniform(draw: Draw): Node {
  const { b, request } = draw;
  const [low, high] = [parameterAt(draw, 0, "f32"), parameterAt(draw, 1, "f32")];
  const unit = b.random(request.path, "uniform", request.shape);
  return b.add(low, b.multiply(b.subtract(high, low), unit));
}

/** √2 · erfinv(2u − 1) of a uniform u in (0, 1): the inverse of the normal's distribution function. */
function standardNormal(b: GraphBuilder, path: string, shape: Shape): Node {
  const unit = b.random(path, "uniform", shape);
  return b.multiply(b.erfinv(b.subtract(b.multiply(unit, 2), 1)), Math.SQRT2);
}

function normal(draw: Draw): Node {
  const { b, request } = draw;
  const [mean, deviation] = [parameterAt(draw, 0, "f32"), parameterAt(draw, 1, "f32")];
  return b.add(mean, b.multiply(deviation, standardNormal(b, request.path, request.shape)));
}

function bernoulli(draw: Draw): Node {
  const { b, request } = draw;
  return b.less(b.random(request.path, "uniform", request.shape), parameterAt(draw, 0, "f32"));
}

/**
 * low + bits mod (high − low), in integers throughout; the bias of the remainder is below range / 2³². Bounds known while
 * compiling lie within the type that is drawn, but that `high` may be the number behind it, which wraps to the first: a span
 * of 0 is all 2³² numbers then.
 */
function randint(draw: Draw): Node {
  const { b, request, values } = draw;
  for (const position of [0, 1]) wantInteger(values[position], position);
  const type = typeOfIntegers(request.type, values);
  const [low, high] = [integerAt(draw, 0, type), integerAt(draw, 1, type)];
  const bits = b.random(request.path, "bits", request.shape);
  const span = b.cast(b.subtract(high, low), "u32");
  const within = b.modulo(bits, span);
  const offset = values[1] === behind[type] ? b.select(b.equal(span, 0), bits, within) : within;
  return b.add(low, b.cast(offset, type));
}

type IntegerType = "i32" | "u32";

const first = { i32: -(2 ** 31), u32: 0 } as const;
const behind = { i32: 2 ** 31, u32: 2 ** 32 } as const;

/** What integers are drawn in: the type that is filled where it is one of them, else the bounds' as they promote, u32 where i32 ends too early. */
function typeOfIntegers(
  filled: ElementType,
  bounds: readonly (Argument | undefined)[],
): IntegerType {
  if (filled === "i32" || filled === "u32") return filled;
  const isSigned = (bound: Argument | undefined): boolean =>
    isNode(bound) ? bound.type !== "u32" : typeof bound === "number" && bound < 0;
  const isLarge = (bound: Argument | undefined): boolean =>
    isNode(bound) ? bound.type === "u32" : typeof bound === "number" && bound > behind.i32;
  return bounds.some(isLarge) && !bounds.some(isSigned) ? "u32" : "i32";
}

/** A bound of randint; a number is held to the type, and wraps where it is the one behind. */
function integerAt(draw: Draw, position: number, type: IntegerType): Node {
  const value = draw.values[position];
  if (typeof value !== "number") return parameterAt(draw, position, type);
  const last = behind[type] - (position === 0 ? 1 : 0);
  if (value >= first[type] && value <= last) {
    return draw.b.constant(type === "i32" ? value | 0 : value >>> 0, [], type);
  }
  const name = position === 0 ? "low" : "high";
  const drawn = type === "u32" ? "u32 or a category" : type;
  return fail("argument", `"${name}" of randint is from ${first[type]} to ${last} for ${drawn}`, {
    expected: `a whole number from ${first[type]} to ${last}`,
    found: String(value),
    operands: [position],
  });
}

function wantInteger(value: Argument | undefined, position: number): void {
  const whole = typeof value === "number" ? Number.isInteger(value) : true;
  const integral = isNode(value) ? value.type !== "f32" : whole;
  if (integral) return;
  fail("type", "the bounds of randint are integers", {
    expected: "whole numbers",
    found: isNode(value) ? value.type : describe(value),
    operands: [position],
  });
}

/** The index of the largest logit with Gumbel noise −log(−log u). */
function categorical(draw: Draw): Node {
  const { b, request, values } = draw;
  const logits = castTo(b, toTensor(b, values[0], 0), "f32");
  const classes = logits.shape.at(-1);
  if (classes === undefined) {
    return fail("shape", "categorical takes logits along a last axis", {
      expected: "[..., classes]",
      found: "[]",
      operands: [0],
    });
  }
  const shape = [...request.shape, classes];
  wantFills(logits, shape, 0);
  const unit = b.random(request.path, "uniform", shape);
  const noise = b.negate(b.log(b.negate(b.log(unit))));
  return b.argmax(b.stopGradient(b.add(logits, noise)), shape.length - 1);
}

export const distributions: Readonly<
  Record<"uniform" | "normal" | "bernoulli" | "randint" | "categorical", Distribution>
> = {
  uniform: distribution("uniform", {
    doc: "Uniform between two numbers; differentiable with respect to both.",
    parameters: [parameter("low", "tensor", 0), parameter("high", "tensor", 1)],
    outside: ([low, high]) =>
      low !== undefined && high !== undefined && low > high
        ? disagree(`at least \`low\`, ${low}`, `at most \`high\`, ${high}`)
        : undefined,
    expand: uniform,
  }),
  normal: distribution("normal", {
    doc: "Normal of a mean and a standard deviation; differentiable with respect to both.",
    parameters: [parameter("mean", "tensor", 0), parameter("deviation", "tensor", 1)],
    outside: ([, deviation]) =>
      deviation !== undefined && deviation < 0
        ? { position: 1, expected: "at least 0" }
        : undefined,
    expand: normal,
  }),
  bernoulli: distribution("bernoulli", {
    doc: "1 with a probability, else 0.",
    parameters: [parameter("probability", "tensor", 0.5)],
    outside: ([probability]) =>
      probability !== undefined && !(probability >= 0 && probability <= 1)
        ? { position: 0, expected: "a probability from 0 to 1" }
        : undefined,
    expand: bernoulli,
  }),
  randint: distribution("randint", {
    doc: "Whole numbers from the first up to the second, which is excluded.",
    parameters: [parameter("low", "tensor"), parameter("high", "tensor")],
    outside: ([low, high]) =>
      low !== undefined && high !== undefined && low >= high
        ? disagree(
            `more than \`low\`, ${low}: it is excluded itself`,
            `less than \`high\`, ${high}, which is excluded itself`,
          )
        : undefined,
    expand: randint,
  }),
  categorical: distribution("categorical", {
    doc: "A class by its logits, which lie along a last axis that is dropped.",
    parameters: [parameter("logits", "tensor")],
    expand: categorical,
  }),
};
