// Takes no input, gives samples of elementwise ops.

import type { GraphBuilder } from "../../../compiler/ops/builder.js";
import type { Node, Shape } from "../../../compiler/types/graph.js";
import { arithmeticNames, comparisonNames, unaryNames } from "../../../compiler/types/opNames.js";
import type { BinaryName } from "../../../compiler/types/opNames.js";
import { smoothDomains } from "../../oracle/reference.js";
import { batch, bool, f32, integers, operandsOf, sample } from "./sample.js";
import type { OpSample } from "./sample.js";

const shapes: readonly Shape[] = [[], [1], [7], [batch, 5], [2, 1, 3]];

const realFunctions = unaryNames.filter((op) => op !== "not");

export const unarySamples: OpSample[] = realFunctions.flatMap((op) =>
  shapes.map((shape) =>
    sample(op, {
      operands: [f32(shape, op === "stopGradient" ? undefined : smoothDomains[op])],
      shape,
      build: (b, nodes) => b[op](operandsOf(nodes)[0]),
    }),
  ),
);

export const otherUnary: OpSample[] = [
  sample("not", {
    operands: [bool([batch, 3])],
    shape: [batch, 3],
    build: (b, n) => b.not(operandsOf(n)[0]),
  }),
  sample("abs", {
    operands: [integers([5], [-3, 3])],
    shape: [5],
    build: (b, n) => b.abs(operandsOf(n)[0]),
  }),
  sample("negate", {
    operands: [integers([5], [-3, 3])],
    shape: [5],
    build: (b, n) => b.negate(operandsOf(n)[0]),
  }),
  sample("cast", {
    operands: [f32([7], [-5, 5])],
    type: "i32",
    shape: [7],
    build: (b, n) => b.cast(operandsOf(n)[0], "i32"),
  }),
  sample("cast", {
    operands: [f32([batch, 2])],
    shape: [batch, 2],
    note: "to itself",
    build: (b, n) => b.node("cast", n, { to: "f32" }),
  }),
  sample("cast", {
    operands: [integers([batch, 2], [0, 9], "u32")],
    type: "f32",
    shape: [batch, 2],
    build: (b, n) => b.cast(operandsOf(n)[0], "f32"),
  }),
];

const pairs: readonly (readonly [Shape, Shape, Shape])[] = [
  [[], [], []],
  [[7], [7], [7]],
  [[batch, 5], [5], [batch, 5]],
  [
    [3, 1],
    [1, 5],
    [3, 5],
  ],
  [[], [2, 3], [2, 3]],
  [[1], [batch, 2], [batch, 2]],
];

const arithmeticRanges: Readonly<
  Partial<Record<BinaryName, readonly [readonly [number, number], readonly [number, number]]>>
> = {
  divide: [
    [-2, 2],
    [0.5, 2],
  ],
  modulo: [
    [0.1, 5],
    [1.3, 1.9],
  ],
  power: [
    [0.3, 2],
    [-2, 3],
  ],
};

function binary(op: BinaryName) {
  return (b: GraphBuilder, nodes: readonly Node[]): Node => {
    const [x, y] = operandsOf(nodes);
    return b[op](x, y);
  };
}

export const binarySamples: OpSample[] = [
  ...arithmeticNames.flatMap((op) =>
    pairs.map(([left, right, shape]) =>
      sample(op, {
        operands: [f32(left, arithmeticRanges[op]?.[0]), f32(right, arithmeticRanges[op]?.[1])],
        shape,
        build: binary(op),
      }),
    ),
  ),
  ...comparisonNames.flatMap((op) => [
    sample(op, {
      operands: [f32([batch, 3]), f32([3])],
      type: "bool",
      shape: [batch, 3],
      build: binary(op),
    }),
    sample(op, {
      operands: [integers([7], [0, 3]), integers([7], [0, 3])],
      type: "bool",
      shape: [7],
      build: binary(op),
    }),
  ]),
  ...(["and", "or"] as const).map((op) =>
    sample(op, { operands: [bool([5, 1]), bool([2])], shape: [5, 2], build: binary(op) }),
  ),
  sample("modulo", {
    operands: [integers([7], [-9, 9]), integers([7], [2, 4])],
    shape: [7],
    build: binary("modulo"),
  }),
  ...pairs.map(([left, right, shape]) =>
    sample("select", {
      operands: [bool(shape), f32(left), f32(right)],
      type: "f32",
      shape,
      build: (b, nodes) => b.select(...operandsOf(nodes)),
    }),
  ),
];
