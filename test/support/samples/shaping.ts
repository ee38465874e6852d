// Takes no input, gives samples of reductions, views, windows, indices and contractions.

import { axisEntry, onlyEntry } from "../../../compiler/ops/contraction.js";
import { addDims, dimText, multiplyDims, subtractDims } from "../../../compiler/types/dimension.js";
import type { QuasiAffine, Shape } from "../../../compiler/types/graph.js";
import type { ReductionName } from "../../../compiler/types/opNames.js";
import { batch, bool, f32, integers, operandsOf, sample, time } from "./sample.js";
import type { OpSample } from "./sample.js";

const axisSets: readonly (readonly [Shape, readonly number[], Shape])[] = [
  [[1], [0], []],
  [[7], [0], []],
  [[batch, 5], [0], [5]],
  [[batch, 5], [1], [batch]],
  [[2, 3, 5], [0, 2], [3]],
  [[2, batch, 3], [0, 1, 2], []],
];

const numberReductions: readonly ReductionName[] = ["sum", "prod", "max", "min"];

export const reductionSamples: OpSample[] = [
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
  ...[1, 2, 7, 8, batch].map((length) =>
    sample("leading", {
      operands: [integers([3, 5], [0, 9])],
      type: "i32",
      shape: [3, 5],
      note: `of ${dimText(length)}`,
      build: (b, nodes) => {
        const counts = b.reshape(operandsOf(nodes)[0], [3, 1, 5]);
        return b.leading(b.less(b.iota([length, 1], 0), counts), 1);
      },
    }),
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

export const viewSamples: OpSample[] = [
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

export const windowSamples: OpSample[] = [
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

export const indexedSamples: OpSample[] = [
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
  sample("segmentSum", {
    operands: [f32([2, batch, 3, 2])],
    shape: [2, batch, 2, 2],
    note: "by batch",
    build: (b, n) => {
      const order = b.constant([1, 2, 0, 0, 2, 1], [2, 3], "i32");
      const starts = b.constant([0, 1, 3, 0, 0, 3], [2, 3], "i32");
      return b.segmentSum(operandsOf(n)[0], order, starts, { axis: 2, batchAxes: 1, extent: 2 });
    },
  }),
  sample("segmentSum", {
    operands: [f32([batch, 6, 2])],
    shape: [batch, 4, 2],
    note: "one index without updates",
    build: (b, n) => {
      const order = b.constant([1, 3, 0, 5, 2, 4], [6], "i32");
      const starts = b.constant([0, 2, 2, 5, 6], [5], "i32");
      return b.segmentSum(operandsOf(n)[0], order, starts, { axis: 1, batchAxes: 0, extent: 4 });
    },
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

export const contractSamples: OpSample[] = [
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
