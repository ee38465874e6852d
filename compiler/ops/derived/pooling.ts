// A channels-last tensor and a window in; the largest and the mean of each window over one to three axes out.

import { shapeText } from "../../types/dimension.js";
import type { Node, WindowAttributes } from "../../types/graph.js";
import { indices } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { integersAt, realAt } from "./arguments.js";
import { sliding } from "./geometry.js";
import type { Sliding } from "./geometry.js";
import { define, fail, optional, parameter } from "./primitive.js";
import type { Argument, Call, Parameter, Primitive } from "./primitive.js";

const parameters: readonly Parameter[] = [
  parameter("x", "tensor"),
  parameter("window", "integers"),
  optional("stride", "integers"),
  parameter("padding", "padding", "valid"),
];

export const pooling: Readonly<Record<string, Primitive>> = {
  window_max: define("window_max", {
    doc:
      "The largest of each window, channels last: x [..., spatial…, channels]. Windows do not overlap unless a stride is " +
      "given; padding never wins (it is −∞); the derivative goes to the first that is largest.",
    parameters,
    expand: (call) => {
      const request = readCall(call);
      return call.b.max(windowsOf(call.b, request, -Infinity), appended(request));
    },
  }),
  window_mean: define("window_mean", {
    doc:
      'The mean of each window, channels last. With padding given as a number its zeros count (as in PyTorch); with "same" ' +
      "only the elements of the tensor do (as in TensorFlow).",
    parameters,
    expand: (call) => windowMean(call.b, readCall(call)),
  }),
};

interface Pooling {
  readonly x: Node;
  /** The first spatial axis. */
  readonly first: number;
  readonly lie: readonly Sliding[];
  readonly padding: Argument | undefined;
}

function readCall(call: Call): Pooling {
  const x = realAt(call, 0);
  const { values } = call;
  const window = values[1];
  const rank = Array.isArray(window) ? window.length : x.shape.length - 2;
  const first = x.shape.length - rank - 1;
  if (rank < 1 || rank > 3 || first < 0) {
    fail("shape", "windows slide over 1 to 3 axes before the channels", {
      expected: "[batch, spatial…, channels]",
      found: shapeText(x.shape),
      operands: [0],
    });
  }
  const list = (position: number, name: string): number[] =>
    integersAt(call, position, { name, count: rank, least: 1 });
  const sizes = list(1, "window");
  const strides = values[2] === undefined ? sizes : list(2, "stride");
  const padding = values[3];
  const lie = sliding({
    ...{ sizes, strides, padding },
    extents: x.shape.slice(first, first + rank),
    dilations: sizes.map(() => 1),
    what: "window",
    paddingPosition: 3,
  });
  return { x, first, lie, padding };
}

/** The axes that a window op appends. */
function appended({ x, lie }: Pooling): number[] {
  return indices(lie.length).map((n) => x.shape.length + n);
}

function windowsOf(b: GraphBuilder, { x, first, lie }: Pooling, fill: number): Node {
  const margin = (side: "before" | "after") =>
    x.shape.map((_, axis) => lie[axis - first]?.[side] ?? 0);
  const padded = b.pad(x, margin("before"), margin("after"), { value: fill });
  const attributes: WindowAttributes = {
    axes: lie.map((_, n) => first + n),
    sizes: lie.map(({ size }) => size),
    strides: lie.map(({ stride }) => stride),
    dilations: lie.map(({ dilation }) => dilation),
  };
  return b.window(padded, attributes);
}

function windowMean(b: GraphBuilder, request: Pooling): Node {
  const total = b.sum(windowsOf(b, request, 0), appended(request));
  const size = request.lie.reduce((product, own) => product * own.size, 1);
  const margins = request.lie.flatMap(({ before, after }) => [before, after]);
  const whole = request.padding !== "same" || margins.every((margin) => margin === 0);
  if (whole) return b.divide(total, size);
  return request.lie.reduce((mean, own, n) => {
    const behind = request.lie.length - n;
    return b.divide(mean, b.reshape(counts(b, own), [own.count, ...indices(behind).map(() => 1)]));
  }, total);
}

/** How many elements of the tensor each window holds along one axis: min(end, extent) − max(start, 0). */
function counts(b: GraphBuilder, { extent, size, stride, before, count }: Sliding): Node {
  const start = b.subtract(b.multiply(b.iota([count], 0), stride), b.dimension(before));
  const end = b.minimum(b.add(start, size), b.dimension(extent));
  return b.cast(b.subtract(end, b.maximum(start, 0)), "f32");
}
