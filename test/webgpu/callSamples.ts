// Takes no input, gives samples of the language's primitives and operators, each with its value by the independent reference.

import type { Argument, Primitive } from "../../compiler/ops/primitives.js";
import { multiplyDims } from "../../compiler/types/dimension.js";
import type { ElementType, Shape } from "../../compiler/types/graph.js";
import { realFunctionNames } from "../../compiler/ops/derived/elementwise.js";
import { operators, primitives } from "../../compiler/ops/primitives.js";
import { scalarOps } from "../../compiler/scalars/table.js";
import { reference, smoothDomains } from "../oracle/reference.js";
import type { Tensor } from "../oracle/reference.js";
import { batch, bool, f32, integers, time } from "../support/samples/sample.js";
import type { SampleOperand } from "../support/samples/sample.js";
import { transposedConvolution } from "./transposedConvolution.js";

export interface CallSample {
  readonly primitive: Primitive;
  readonly name: string;
  readonly operands: readonly SampleOperand[];
  /** The arguments in the parameters' order; undefined where one is left out. */
  readonly values: (x: readonly Argument[]) => readonly (Argument | undefined)[];
  readonly expected: (x: readonly Tensor[]) => readonly Tensor[];
}

type Expected = (...x: Tensor[]) => Tensor | readonly Tensor[];

function call(
  name: string,
  operands: readonly SampleOperand[],
  rest: readonly (Argument | undefined)[],
  expected: Expected,
): CallSample {
  const values = (x: readonly Argument[]) => [...x, ...rest];
  return callOf(name, operands, values, expected, rest.length > 0 ? JSON.stringify(rest) : "");
}

function callOf(
  name: string,
  operands: readonly SampleOperand[],
  values: CallSample["values"],
  expected: Expected,
  note = "",
): CallSample {
  const primitive = primitives[name] ?? operators[name];
  if (primitive === undefined) throw new Error(`no primitive ${name}`);
  const shapes = operands.map(({ type, shape }) => `${type} of ${shape.length} axes`);
  return {
    primitive,
    name: [name, ...shapes, note].join(" ").trim(),
    operands,
    values,
    expected: (x) => {
      const value = expected(...x);
      return "data" in value ? [value] : value;
    },
  };
}

const image: Shape = [batch, 7, 5, 2];

const functions: readonly CallSample[] = [
  ...realFunctionNames.map((name) => {
    const operand = f32([batch, 3], smoothDomains[name]);
    const operands = Array.from({ length: scalarOps[name].arity }, () => operand);
    return call(name, operands, [], (...x) => reference[name](x));
  }),
  ...(["abs", "sign", "floor", "round"] as const).map((name) =>
    call(name, [f32([batch, 3])], [], (x) => reference[name]([x])),
  ),
  call("exp", [integers([5], [-3, 3])], [], (x) => reference.exp([x])),
  call("floor", [integers([5], [-3, 3])], [], (x) => x),
  call("f16", [integers([7], [-9, 9])], [], (x) => reference.cast([x], { to: "f32" })),
  call("f32", [integers([7], [-9, 9])], [], (x) => reference.cast([x], { to: "f32" })),
  call("i32", [f32([7], [-9, 9])], [], (x) => reference.cast([x], { to: "i32" })),
  call("u32", [f32([7], [-9, 9])], [], (x) => reference.cast([x], { to: "u32" })),
  call("bool", [integers([7], [-1, 1])], [], (x) => reference.cast([x], { to: "bool" })),
  call("stop_gradient", [f32([batch])], [], (x) => x),
];

const cube = f32([batch, 3, 5]);
const reductions: readonly CallSample[] = [
  ...(["sum", "mean", "prod"] as const).flatMap((name) => [
    call(name, [cube], [], (x) => reference[name]([x], {})),
    call(name, [cube], [[0, 2], undefined, true], (x) =>
      reference[name]([x], { axes: [0, 2], keep: true }),
    ),
    call(name, [cube], [undefined, -1], (x) => reference[name]([x], { axes: [0, 1] })),
  ]),
  call("sum", [bool([batch, 3])], [0], (x) => reference.sum([x], { axes: [0] })),
  ...(["max", "min"] as const).flatMap((name) => [
    call(name, [cube], [undefined, 1], (x) => reference[name]([x], { axes: [1] })),
    call(name, [cube, f32([5])], [], (x, y) =>
      reference[name === "max" ? "maximum" : "minimum"]([x, y]),
    ),
  ]),
  ...(["any", "all"] as const).map((name) =>
    call(name, [bool([batch, 3])], [0], (x) => reference[name]([x], { axes: [0] })),
  ),
  ...(["argmax", "argmin"] as const).flatMap((name) => [
    call(name, [cube], [], (x) => reference[name]([x], { axis: 2 })),
    call(name, [integers([batch, 7], [0, 2])], [0], (x) => reference[name]([x], { axis: 0 })),
  ]),
  ...(["cummax", "cummin", "cumprod", "cumlogsumexp"] as const).map((name) =>
    call(name, [f32([batch, 7])], [], (x) =>
      reference.running([x], { name, axis: 1, reverse: false }),
    ),
  ),
  ...[false, true].map((reverse) =>
    call("cumsum", [cube], [0, reverse], (x) => reference.cumsum([x], { axis: 0, reverse })),
  ),
];

const shapes: readonly CallSample[] = [
  call("reshape", [cube], [[batch, -1]], (x) => reference.reshape([x], { shape: [3, 15] })),
  call("flatten", [f32([batch, 2, 1, 3])], [], (x) => reference.reshape([x], { shape: [3, 6] })),
  call("transpose", [cube], [], (x) => reference.transpose([x], { permutation: [2, 1, 0] })),
  call("transpose", [cube], [[1, 0, 2]], (x) =>
    reference.transpose([x], { permutation: [1, 0, 2] }),
  ),
  call("broadcast", [f32([3, 1])], [[batch, 3, 5]], (x) =>
    reference.broadcast([x], { shape: [3, 3, 5] }),
  ),
  callOf(
    "concat",
    [f32([batch, 2]), f32([batch, 1]), f32([batch, 3])],
    (x) => [x, 1],
    (...x) => reference.concat(x, { axis: 1 }),
  ),
  callOf(
    "stack",
    [cube, cube],
    (x) => [x, -1],
    (...x) => reference.stack(x, { axis: -1 }),
  ),
  call("split", [f32([batch, 6])], [3], (x) =>
    [0, 1, 2].map((index) => reference.split([x], { count: 3, axis: 1, index })),
  ),
  call(
    "pad",
    [f32([batch, 2])],
    [
      [
        [0, 0],
        [2, 1],
      ],
      -1.5,
    ],
    (x) => reference.pad([x], { before: [0, 2], after: [0, 1], value: -1.5 }),
  ),
  call("flip", [cube], [[0, 2]], (x) => reference.flip([x], { axes: [0, 2] })),
  call("slice", [f32([batch, 11])], [2, -1, 1, 3], (x) =>
    reference.slice([x], { starts: [0, 2], counts: [3, 3], steps: [1, 3] }),
  ),
  call("zeros", [], [[2, batch]], () => ({ shape: [2, 3], data: [0, 0, 0, 0, 0, 0] })),
  call("ones", [], [[time]], () => ({ shape: [5], data: [1, 1, 1, 1, 1] })),
  callOf(
    "full",
    [f32([])],
    (x) => [[batch, 2], x[0]],
    (x) => reference.broadcast([x], { shape: [3, 2] }),
  ),
  call("range", [], [2, 11, 3], () => ({ shape: [3], data: [2, 5, 8] })),
  call("range", [], [multiplyDims(2, batch)], () => ({ shape: [6], data: [0, 1, 2, 3, 4, 5] })),
];

const placed: readonly CallSample[] = [
  call("take", [f32([5, 3]), integers([batch, 2], [-1, 6])], [], (x, indices) =>
    reference.take([x, indices], { axis: 0 }),
  ),
  call("scatter_add", [f32([batch, 3]), integers([batch], [0, 4], "u32")], [5], (x, indices) =>
    reference.scatterAdd([x, indices], { axis: 0, extent: 5 }),
  ),
  call("take_along", [f32([batch, 5]), integers([batch, 2], [-1, 6])], [], (x, places) =>
    reference.takeAlong([x, places], { axis: 1 }),
  ),
  call("scatter_add_along", [f32([7, batch]), integers([7, batch], [0, 4])], [5, 0], (x, places) =>
    reference.scatterAlong([x, places], { axis: 0, count: 5, meet: "add", otherwise: 0 }),
  ),
  ...(["set", "min", "max"] as const).flatMap((meet) => [
    call(`scatter_${meet}`, [f32([2, 6, 3]), integers([6], [0, 4], "u32")], [5, 1], (x, places) =>
      reference.scatter([x, places], { axis: 1, count: 5, meet, otherwise: 0 }),
    ),
    call(
      `scatter_${meet}_along`,
      [f32([4, batch]), integers([4, batch], [-1, 3])],
      [3, 0, 0.5],
      (x, places) =>
        reference.scatterAlong([x, places], { axis: 0, count: 3, meet, otherwise: 0.5 }),
    ),
  ]),
  call("one_hot", [integers([batch, 2], [0, 4], "u32")], [5], (x) =>
    reference.oneHot([x], { count: 5 }),
  ),
  call("sort", [f32([batch, 7])], [], (x) => reference.sort([x], {})),
  call("sort", [integers([7, batch], [0, 3])], [0], (x) => reference.sort([x], { axis: 0 })),
  call("argsort", [integers([batch, 7], [0, 3])], [], (x) =>
    reference.sort([x], { part: "indices" }),
  ),
  call("top_k", [integers([batch, 7], [0, 3])], [3], (x) => [
    reference.topK([x], { k: 3 }),
    reference.topK([x], { k: 3, part: "indices" }),
  ]),
];

function product(left: Shape, right: Shape): readonly CallSample[] {
  const operands = [f32(left), f32(right)];
  return ["matmul", "@"].map((name) =>
    call(name, operands, [], (x, y) => reference.matmul([x, y], {})),
  );
}

const products: readonly CallSample[] = [
  ...product([7], [7]),
  ...product([batch, 5], [5, 3]),
  ...product([batch, 1, 2, 5], [3, 5, 2]),
  call("matmul", [f32([17, 13]), f32([13, 19])], [], (x, y) => reference.matmul([x, y], {})),
  call("conv", [f32([batch, 11, 2]), f32([3, 2, 5])], [2, 1, 2], (x, y) =>
    reference.conv([x, y], { stride: [2], padding: 1, dilation: [2] }),
  ),
  call("conv", [f32([batch, time, 4]), f32([3, 2, 6])], [1, "same", 1, 2], (x, y) =>
    reference.conv([x, y], { padding: "same", groups: 2 }),
  ),
  call("conv", [f32(image), f32([3, 2, 2, 3])], [[2, 1], "same"], (x, y) =>
    reference.conv([x, y], { stride: [2, 1], padding: "same" }),
  ),
  call("conv", [f32([batch, 3, 5, 3, 1]), f32([2, 3, 2, 1, 2])], [], (x, y) =>
    reference.conv([x, y], {}),
  ),
  call("conv_transpose", [f32([batch, 3, 2, 2]), f32([3, 2, 2, 5])], [[2, 1]], (x, y) =>
    transposedConvolution(x, y, [2, 1]),
  ),
];

const pools: readonly CallSample[] = [
  call("window_max", [f32(image)], [[2, 2]], (x) =>
    reference.windowMax([x], { window: [2, 2], stride: [2, 2] }),
  ),
  call("window_max", [f32([batch, 11, 2])], [3, 2, "same"], (x) =>
    reference.windowMax([x], { window: [3], stride: [2], padding: "same" }),
  ),
  call("window_max", [f32([batch, time, 2])], [2, 2, "same"], (x) =>
    reference.windowMax([x], { window: [2], stride: [2], padding: "same" }),
  ),
  call("window_mean", [f32([batch, time, 2])], [3, 2, 1], (x) =>
    reference.windowMean([x], { window: [3], stride: [2], padding: 1 }),
  ),
  call("window_mean", [f32(image)], [[3, 2], [2, 1], 1], (x) =>
    reference.windowMean([x], { window: [3, 2], stride: [2, 1], padding: 1 }),
  ),
  call("window_mean", [f32([batch, 3, 5, 3, 1])], [2, 1, "same"], (x) =>
    reference.windowMean([x], { window: [2, 2, 2], stride: [1, 1, 1], padding: "same" }),
  ),
];

const arithmetic = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "modulo",
  "^": "power",
  "==": "equal",
  "!=": "notEqual",
  "<": "less",
  "<=": "lessEqual",
  ">": "greater",
  ">=": "greaterEqual",
} as const;

const ranges: Readonly<Partial<Record<string, readonly (readonly [number, number])[]>>> = {
  "/": [
    [-2, 2],
    [0.5, 2],
  ],
  "%": [
    [0.1, 5],
    [1.3, 1.9],
  ],
  "^": [
    [0.3, 2],
    [-2, 3],
  ],
};

function operand(type: ElementType, shape: Shape, symbol: string, position: number): SampleOperand {
  if (type === "f32") return f32(shape, ranges[symbol]?.[position]);
  const low = position === 1 && "/%^".includes(symbol) ? 1 : 0;
  return integers(shape, [low, 4], type);
}

const operations: readonly CallSample[] = [
  ...Object.entries(arithmetic).flatMap(([symbol, name]) =>
    (["f32", "i32", "u32"] as const).map((type) =>
      call(
        symbol,
        [operand(type, [batch, 5], symbol, 0), operand(type, [5], symbol, 1)],
        [],
        // What is below 0 has no place in u32: it wraps.
        (x, y) => wrapped(reference[name]([x, y]), type),
      ),
    ),
  ),
  ...[2, 3, -1, 0.5].map((exponent) =>
    call("^", [f32([batch, 3], [0.2, 3])], [exponent], (x) =>
      reference.power([x, { shape: [], data: [exponent] }]),
    ),
  ),
  ...(["and", "or"] as const).map((name) =>
    call(name, [bool([5, 1]), bool([2])], [], (x, y) => reference[name]([x, y])),
  ),
  call("not", [bool([batch])], [], (x) => reference.not([x])),
  call("negate", [f32([7])], [], (x) => reference.negate([x])),
  call("if", [bool([batch, 1]), f32([3]), integers([], [2, 9])], [], (...x) => reference.select(x)),
];

function wrapped(value: Tensor, type: ElementType): Tensor {
  if (type !== "u32") return value;
  return { shape: value.shape, data: Array.from(value.data, (x) => (x < 0 ? x + 2 ** 32 : x)) };
}

export const callSamples: readonly CallSample[] = [
  ...functions,
  ...reductions,
  ...shapes,
  ...placed,
  ...products,
  ...pools,
  ...operations,
];
