// Takes no input, gives the one list of samples of core ops that every test of ops iterates: shapes of 1 and primes, broadcasting, free dimensions.

import { onlyEntry, axisEntry } from "../../compiler/ops/contraction.js";
import type {
  BinaryName,
  GraphBuilder,
  ReductionName,
  UnaryName,
} from "../../compiler/ops/builder.js";
import { freeDim, multiplyDims, subtractDims, addDims } from "../../compiler/types/dimension.js";
import type { ElementType, Node, OpName, QuasiAffine, Shape } from "../../compiler/types/graph.js";

/** One operand: its type, and the range its values are drawn from (integers between, both included, for integer types). */
export interface SampleOperand {
  readonly type: ElementType;
  readonly shape: Shape;
  readonly range: readonly [number, number];
}

export interface OpSample {
  readonly op: OpName;
  readonly name: string;
  readonly operands: readonly SampleOperand[];
  /** Values of the free dimensions that occur. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** What the shape rule must give. */
  readonly type: ElementType;
  readonly shape: Shape;
  readonly build: (b: GraphBuilder, operands: readonly Node[]) => Node;
}

export const batch = freeDim("batch");
const time = freeDim("time");

/** Live values of the free dimensions in all samples. */
export const sampleDimensions = { batch: 3, time: 5 } as const;

function f32(shape: Shape, range: readonly [number, number] = [-2, 2]): SampleOperand {
  return { type: "f32", shape, range };
}

function integers(
  shape: Shape,
  range: readonly [number, number],
  type: ElementType = "i32",
): SampleOperand {
  return { type, shape, range };
}

function bool(shape: Shape): SampleOperand {
  return { type: "bool", shape, range: [0, 1] };
}

interface Sample extends Pick<OpSample, "operands" | "shape" | "build"> {
  readonly type?: ElementType;
  readonly note?: string;
}

function sample(op: OpName, { note, type, ...own }: Sample): OpSample {
  const shapes = own.operands.map(({ type: t, shape }) => `${t}[${shape.map(text).join(",")}]`);
  return {
    op,
    ...own,
    name: `${op} ${shapes.join(" ")}${note === undefined ? "" : ` ${note}`}`,
    type: type ?? own.operands[0]?.type ?? "f32",
    dimensions: sampleDimensions,
  };
}

function text(dim: Shape[number]): string {
  return typeof dim === "number" ? String(dim) : "free";
}

function operandsOf(nodes: readonly Node[]): readonly [Node, Node, Node] {
  const [x, y, z] = nodes;
  if (x === undefined) throw new Error("a sample has an operand");
  return [x, y ?? x, z ?? y ?? x];
}

const shapes: readonly Shape[] = [[], [1], [7], [batch, 5], [2, 1, 3]];

const unaryRanges: Readonly<Partial<Record<UnaryName, readonly [number, number]>>> = {
  log: [0.2, 3],
  sqrt: [0.2, 3],
  erfinv: [-0.9, 0.9],
};

const realFunctions: readonly UnaryName[] = [
  "negate",
  "exp",
  "log",
  "sqrt",
  "sin",
  "cos",
  "tanh",
  "abs",
  "sign",
  "floor",
  "round",
  "erf",
  "erfinv",
  "stopGradient",
];

const unarySamples: OpSample[] = realFunctions.flatMap((op) =>
  shapes.map((shape) =>
    sample(op, {
      operands: [f32(shape, unaryRanges[op])],
      shape,
      build: (b, nodes) => b[op](operandsOf(nodes)[0]),
    }),
  ),
);

const otherUnary: OpSample[] = [
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

const arithmetic: readonly BinaryName[] = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "modulo",
  "power",
  "minimum",
  "maximum",
];

const comparisons: readonly BinaryName[] = [
  "equal",
  "notEqual",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
];

function binary(op: BinaryName) {
  return (b: GraphBuilder, nodes: readonly Node[]): Node => {
    const [x, y] = operandsOf(nodes);
    return b[op](x, y);
  };
}

const binarySamples: OpSample[] = [
  ...arithmetic.flatMap((op) =>
    pairs.map(([left, right, shape]) =>
      sample(op, {
        operands: [f32(left, arithmeticRanges[op]?.[0]), f32(right, arithmeticRanges[op]?.[1])],
        shape,
        build: binary(op),
      }),
    ),
  ),
  ...comparisons.flatMap((op) => [
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

const axisSets: readonly (readonly [Shape, readonly number[], Shape])[] = [
  [[1], [0], []],
  [[7], [0], []],
  [[batch, 5], [0], [5]],
  [[batch, 5], [1], [batch]],
  [[2, 3, 5], [0, 2], [3]],
  [[2, batch, 3], [0, 1, 2], []],
];

const numberReductions: readonly ReductionName[] = ["sum", "prod", "max", "min"];

const reductionSamples: OpSample[] = [
  ...numberReductions.flatMap((op) =>
    axisSets.map(([operand, axes, shape]) =>
      sample(op, {
        operands: [f32(operand)],
        shape,
        note: `over ${axes.join()}`,
        build: (b, nodes) => b[op](operandsOf(nodes)[0], axes),
      }),
    ),
  ),
  ...(["any", "all"] as const).map((op) =>
    sample(op, {
      operands: [bool([batch, 5])],
      shape: [batch],
      build: (b, nodes) => b[op](operandsOf(nodes)[0], [1]),
    }),
  ),
  ...(["argmax", "argmin"] as const).flatMap((op) =>
    [0, 1].map((axis) =>
      sample(op, {
        operands: [integers([5, 7], [0, 2])],
        type: "i32",
        shape: [axis === 0 ? 7 : 5],
        note: `along ${axis}`,
        build: (b, nodes) => b[op](operandsOf(nodes)[0], axis),
      }),
    ),
  ),
  ...[false, true].map((reverse) =>
    sample("cumsum", {
      operands: [f32([2, batch, 3])],
      shape: [2, batch, 3],
      note: reverse ? "reverse" : "",
      build: (b, nodes) => b.cumsum(operandsOf(nodes)[0], 1, reverse),
    }),
  ),
];

const viewSamples: OpSample[] = [
  sample("reshape", {
    operands: [f32([batch, 2, 3])],
    shape: [batch, 6],
    build: (b, n) => b.node("reshape", n, { shape: [batch, 6] }),
  }),
  sample("reshape", {
    operands: [f32([6, 5])],
    shape: [2, 15],
    note: "across axes",
    build: (b, n) => b.node("reshape", n, { shape: [2, 15] }),
  }),
  sample("reshape", {
    operands: [f32([2, batch, 3])],
    shape: [multiplyDims(6, batch)],
    note: "to one axis",
    build: (b, n) => b.node("reshape", n, { shape: [multiplyDims(6, batch)] }),
  }),
  sample("reshape", {
    operands: [f32([1, 1])],
    shape: [],
    build: (b, n) => b.node("reshape", n, { shape: [] }),
  }),
  sample("transpose", {
    operands: [f32([batch, 2, 3])],
    shape: [3, batch, 2],
    build: (b, n) => b.node("transpose", n, { permutation: [2, 0, 1] }),
  }),
  sample("broadcast", {
    operands: [f32([3, 1])],
    shape: [batch, 3, 5],
    build: (b, n) => b.node("broadcast", n, { shape: [batch, 3, 5] }),
  }),
  sample("broadcast", {
    operands: [f32([])],
    shape: [7],
    build: (b, n) => b.node("broadcast", n, { shape: [7] }),
  }),
  sample("slice", {
    operands: [f32([7, 5])],
    shape: [3, 2],
    build: (b, n) => b.node("slice", n, { starts: [1, 2], counts: [3, 2], steps: [2, 1] }),
  }),
  sample("slice", {
    operands: [f32([batch, time])],
    shape: [batch, subtractDims(time, 2)],
    note: "inner part",
    build: (b, n) =>
      b.node("slice", n, {
        starts: [0, 1],
        counts: [batch, subtractDims(time, 2)],
        steps: [1, 1],
      }),
  }),
  sample("pad", {
    operands: [f32([2, 3])],
    shape: [5, 7],
    build: (b, n) =>
      b.node("pad", n, { before: [1, 0], after: [2, 2], interior: [0, 1], value: 0.5 }),
  }),
  sample("pad", {
    operands: [f32([batch, time])],
    shape: [batch, addDims(time, 3)],
    build: (b, n) =>
      b.node("pad", n, { before: [0, 1], after: [0, 2], interior: [0, 0], value: 0 }),
  }),
  sample("flip", {
    operands: [f32([3, batch, 2])],
    shape: [3, batch, 2],
    build: (b, n) => b.node("flip", n, { axes: [0, 2] }),
  }),
  sample("flip", {
    operands: [f32([time])],
    shape: [time],
    build: (b, n) => b.node("flip", n, { axes: [0] }),
  }),
  sample("concat", {
    operands: [f32([2, 3]), f32([2, 1]), f32([2, 2])],
    shape: [2, 6],
    build: (b, n) => b.node("concat", n, { axis: 1 }),
  }),
  sample("concat", {
    operands: [f32([batch, 2]), f32([1, 2])],
    shape: [addDims(batch, 1), 2],
    build: (b, n) => b.node("concat", n, { axis: 0 }),
  }),
];

const sliding = { axes: [1, 2], sizes: [2, 3], strides: [2, 1], dilations: [1, 2] } as const;
const overlap = { axes: [0], sizes: [3], strides: [1], dilations: [1] } as const;
const extents: readonly number[] = [7, 6];

const windowSamples: OpSample[] = [
  sample("window", {
    operands: [f32([batch, 7, 6, 2])],
    shape: [batch, 3, 2, 2, 2, 3],
    build: (b, n) => b.node("window", n, sliding),
  }),
  sample("window", {
    operands: [f32([time])],
    shape: [subtractDims(time, 2), 3],
    build: (b, n) => b.node("window", n, overlap),
  }),
  sample("fold", {
    operands: [f32([batch, 3, 2, 2, 2, 3])],
    shape: [batch, 7, 6, 2],
    build: (b, n) => b.node("fold", n, { ...sliding, extents }),
  }),
  sample("fold", {
    operands: [f32([5, 3])],
    shape: [7],
    build: (b, n) => b.node("fold", n, { ...overlap, extents: [7] }),
  }),
];

const indexedSamples: OpSample[] = [
  sample("take", {
    operands: [f32([7, 2]), integers([batch, 3], [0, 6])],
    shape: [batch, 3, 2],
    build: (b, n) => b.node("take", n, { axis: 0, batchAxes: 0 }),
  }),
  sample("take", {
    operands: [f32([2, 5, 3]), integers([7], [-2, 9])],
    shape: [2, 7, 3],
    note: "clamped",
    build: (b, n) => b.node("take", n, { axis: 1, batchAxes: 0 }),
  }),
  sample("take", {
    operands: [f32([batch, 2, 5]), integers([batch, 3], [0, 4], "u32")],
    shape: [batch, 2, 3],
    note: "by batch",
    build: (b, n) => b.node("take", n, { axis: 2, batchAxes: 1 }),
  }),
  sample("take", {
    operands: [f32([5]), integers([], [0, 4])],
    shape: [],
    build: (b, n) => b.node("take", n, { axis: 0, batchAxes: 0 }),
  }),
  sample("scatterAdd", {
    operands: [f32([batch, 3, 2]), integers([batch, 3], [0, 4])],
    shape: [5, 2],
    build: (b, n) => b.node("scatterAdd", n, { axis: 0, batchAxes: 0, extent: 5 }),
  }),
  sample("scatterAdd", {
    operands: [f32([batch, 2, 3]), integers([batch, 3], [-1, 5])],
    shape: [batch, 2, 5],
    note: "by batch, clamped",
    build: (b, n) => b.node("scatterAdd", n, { axis: 2, batchAxes: 1, extent: 5 }),
  }),
];

const entry = (
  terms: readonly (readonly [number, number])[],
  offset = 0,
  divisor = 1,
): QuasiAffine => ({
  terms: terms.map(([axis, coefficient]) => ({ axis, coefficient })),
  offset,
  divisor,
});

const contractSamples: OpSample[] = [
  sample("contract", {
    operands: [f32([batch, 5]), f32([5, 3])],
    shape: [batch, 3],
    note: "matrix product",
    build: (b, n) =>
      b.node("contract", n, {
        extents: [batch, 3, 5],
        outputRank: 2,
        left: [axisEntry(0), axisEntry(2)],
        right: [axisEntry(2), axisEntry(1)],
      }),
  }),
  sample("contract", {
    operands: [f32([1, 2, 3]), f32([5, 3])],
    shape: [7, 2, 5],
    note: "repeated batch",
    build: (b, n) =>
      b.node("contract", n, {
        extents: [7, 2, 5, 3],
        outputRank: 3,
        left: [onlyEntry, axisEntry(1), axisEntry(3)],
        right: [axisEntry(2), axisEntry(3)],
      }),
  }),
  sample("contract", {
    operands: [f32([batch, 7, 2]), f32([3, 2, 5])],
    shape: [batch, 4, 5],
    note: "strided convolution",
    build: (b, n) =>
      b.node("contract", n, {
        extents: [batch, 4, 5, 3, 2],
        outputRank: 3,
        left: [
          axisEntry(0),
          entry(
            [
              [1, 2],
              [3, 1],
            ],
            -1,
          ),
          axisEntry(4),
        ],
        right: [axisEntry(3), axisEntry(4), axisEntry(2)],
      }),
  }),
  sample("contract", {
    operands: [f32([time, 1]), f32([3, 1, 2])],
    shape: [time, 2],
    note: "dilated convolution over a free axis",
    build: (b, n) =>
      b.node("contract", n, {
        extents: [time, 2, 3, 1],
        outputRank: 2,
        left: [
          entry(
            [
              [0, 1],
              [2, 2],
            ],
            -2,
          ),
          axisEntry(3),
        ],
        right: [axisEntry(2), axisEntry(3), axisEntry(1)],
      }),
  }),
  sample("contract", {
    operands: [f32([3, 2]), f32([3, 2])],
    shape: [7],
    note: "transposed convolution",
    build: (b, n) =>
      b.node("contract", n, {
        extents: [7, 3, 2],
        outputRank: 1,
        left: [
          entry(
            [
              [0, 1],
              [1, -1],
            ],
            1,
            2,
          ),
          axisEntry(2),
        ],
        right: [axisEntry(1), axisEntry(2)],
      }),
  }),
  sample("contract", {
    operands: [f32([5]), f32([7])],
    shape: [5, 7],
    note: "outer product",
    build: (b, n) =>
      b.node("contract", n, {
        extents: [5, 7],
        outputRank: 2,
        left: [axisEntry(0)],
        right: [axisEntry(1)],
      }),
  }),
];

/** At least one sample for every op that has operands, scans apart. */
export const opSamples: readonly OpSample[] = [
  ...unarySamples,
  ...otherUnary,
  ...binarySamples,
  ...reductionSamples,
  ...viewSamples,
  ...windowSamples,
  ...indexedSamples,
  ...contractSamples,
];
