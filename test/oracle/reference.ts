// Tensors and the attributes of an op come in; its value goes out, in double precision, by plain nested loops
// written from the language's definitions and from nothing of the compiler's.

import {
  type ScatterAttributes,
  oneHot,
  scatter,
  scatterAdd,
  scatterAlong,
  segmentSum,
  sort,
  take,
  takeAlong,
  topK,
} from "./reference/indexed.js";
import { cast, pointwise, scalarFunctions } from "./reference/pointwise.js";
import {
  type Contraction,
  type Convolution,
  contract,
  conv,
  matmul,
} from "./reference/products.js";
import {
  type Reduced,
  type Running,
  argExtreme,
  cumsum,
  leading,
  reduce,
  running,
} from "./reference/reductions.js";
import { type Tensor, operand } from "./reference/tensor.js";
import {
  type Padding,
  broadcast,
  concat,
  flip,
  iota,
  pad,
  reshape,
  slice,
  split,
  stack,
  transpose,
} from "./reference/views.js";
import {
  type Pooling,
  type Windows,
  fold,
  window,
  windowMax,
  windowMean,
} from "./reference/windows.js";

export { erf, erfinv } from "./reference/special.js";
export { inKernels, scalarFunctions, smoothDomains } from "./reference/pointwise.js";
export type { Tensor } from "./reference/tensor.js";

/** What each op wants to know beside its operands; ops that are not named here want nothing. */
export interface ReferenceAttributes {
  readonly cast: { readonly to: "f32" | "i32" | "u32" | "bool" };
  readonly sum: Reduced;
  readonly prod: Reduced;
  readonly mean: Reduced;
  readonly max: Reduced;
  readonly min: Reduced;
  readonly any: Reduced;
  readonly all: Reduced;
  readonly argmax: { readonly axis: number };
  readonly argmin: { readonly axis: number };
  readonly leading: { readonly axis: number };
  readonly cumsum: { readonly axis: number; readonly reverse?: boolean };
  readonly running: Running;
  readonly reshape: { readonly shape: readonly number[] };
  readonly transpose: { readonly permutation: readonly number[] };
  readonly broadcast: { readonly shape: readonly number[] };
  readonly slice: {
    readonly starts: readonly number[];
    readonly counts: readonly number[];
    readonly steps: readonly number[];
  };
  readonly pad: Padding;
  readonly flip: { readonly axes: readonly number[] };
  readonly concat: { readonly axis: number };
  readonly stack: { readonly axis: number };
  readonly split: { readonly count: number; readonly axis: number; readonly index: number };
  readonly iota: { readonly shape: readonly number[]; readonly axis: number };
  readonly take: { readonly axis: number; readonly batchAxes?: number };
  readonly scatterAdd: {
    readonly axis: number;
    readonly extent: number;
    readonly batchAxes?: number;
  };
  readonly segmentSum: {
    readonly axis: number;
    readonly extent: number;
    readonly batchAxes?: number;
  };
  readonly takeAlong: { readonly axis: number };
  readonly scatter: ScatterAttributes;
  readonly scatterAlong: ScatterAttributes;
  readonly oneHot: { readonly count: number };
  readonly sort: { readonly axis?: number; readonly part?: "values" | "indices" };
  readonly topK: { readonly k: number; readonly part?: "values" | "indices" };
  readonly matmul: object;
  readonly conv: Convolution;
  readonly contract: Contraction;
  readonly windowMax: Pooling;
  readonly windowMean: Pooling;
  readonly window: Windows;
  readonly fold: Windows & { readonly extents: readonly number[] };
}

type Reference = {
  readonly [K in keyof ReferenceAttributes]: (
    inputs: readonly Tensor[],
    attributes: ReferenceAttributes[K],
  ) => Tensor;
};

type ScalarReference = Readonly<
  Record<keyof typeof scalarFunctions, (inputs: readonly Tensor[]) => Tensor>
>;

function scalarReference(): ScalarReference {
  const entries = Object.entries(scalarFunctions).map(([name, compute]) => [
    name,
    (inputs: readonly Tensor[]) => pointwise(compute, inputs),
  ]);
  return Object.fromEntries(entries) as ScalarReference;
}

/** op name → (inputs, attributes) → value. Names and attributes are those of the graph where both have the op. */
export const reference: Reference & ScalarReference = {
  ...scalarReference(),
  // Double precision, in which all of this is, has no halves: what rounds has a derivative there.
  half: (x) => operand(x, 0),
  cast: (x, { to }) => cast(operand(x, 0), to),
  sum: (x, how) => reduce("sum", operand(x, 0), how),
  prod: (x, how) => reduce("prod", operand(x, 0), how),
  mean: (x, how) => reduce("mean", operand(x, 0), how),
  max: (x, how) => reduce("max", operand(x, 0), how),
  min: (x, how) => reduce("min", operand(x, 0), how),
  any: (x, how) => reduce("any", operand(x, 0), how),
  all: (x, how) => reduce("all", operand(x, 0), how),
  argmax: (x, { axis }) => argExtreme(operand(x, 0), axis, (a, b) => a > b),
  argmin: (x, { axis }) => argExtreme(operand(x, 0), axis, (a, b) => a < b),
  leading: (x, { axis }) => leading(operand(x, 0), axis),
  cumsum: (x, { axis, reverse = false }) => cumsum(operand(x, 0), axis, reverse),
  running: (x, how) => running(operand(x, 0), how),
  reshape: (x, { shape }) => reshape(operand(x, 0), shape),
  transpose: (x, { permutation }) => transpose(operand(x, 0), permutation),
  broadcast: (x, { shape }) => broadcast(operand(x, 0), shape),
  slice: (x, { starts, counts, steps }) => slice(operand(x, 0), starts, counts, steps),
  pad: (x, how) => pad(operand(x, 0), how),
  flip: (x, { axes }) => flip(operand(x, 0), axes),
  concat: (x, { axis }) => concat(x, axis),
  stack: (x, { axis }) => stack(x, axis),
  split: (x, { count, axis, index }) => split(operand(x, 0), count, axis, index),
  iota: (_, { shape, axis }) => iota(shape, axis),
  take: (x, { axis, batchAxes = 0 }) => take(operand(x, 0), operand(x, 1), axis, batchAxes),
  segmentSum: (x, { axis, extent, batchAxes = 0 }) =>
    segmentSum([operand(x, 0), operand(x, 1), operand(x, 2)], axis, extent, batchAxes),
  scatterAdd: (x, { axis, extent, batchAxes = 0 }) =>
    scatterAdd(operand(x, 0), operand(x, 1), axis, extent, batchAxes),
  takeAlong: (x, { axis }) => takeAlong(operand(x, 0), operand(x, 1), axis),
  scatter: (x, how) => scatter(operand(x, 0), operand(x, 1), how),
  scatterAlong: (x, how) => scatterAlong(operand(x, 0), operand(x, 1), how),
  oneHot: (x, { count }) => oneHot(operand(x, 0), count),
  sort: (x, { axis = -1, part = "values" }) => sort(operand(x, 0), axis)[part],
  topK: (x, { k, part = "values" }) => topK(operand(x, 0), k)[part],
  matmul: (x) => matmul(operand(x, 0), operand(x, 1)),
  conv: (x, how) => conv(operand(x, 0), operand(x, 1), how),
  contract: (x, how) => contract(operand(x, 0), operand(x, 1), how),
  windowMax: (x, how) => windowMax(operand(x, 0), how),
  windowMean: (x, how) => windowMean(operand(x, 0), how),
  window: (x, how) => window(operand(x, 0), how),
  fold: (x, how) => fold(operand(x, 0), how),
};
