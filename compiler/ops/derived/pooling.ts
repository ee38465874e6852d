// A channels-last tensor and a window in; the largest and the mean of each window over one to three axes out.

import { addDims, multiplyDims, shapeText } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node, WindowAttributes } from "../../types/graph.js";
import { indices } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { booleanAt, integersAt, realAt } from "./arguments.js";
import { sliding } from "./geometry.js";
import type { Sliding } from "./geometry.js";
import { define, fail, optional, parameter } from "./primitive.js";
import type { Call, Parameter, Primitive } from "./primitive.js";

const parameters: readonly Parameter[] = [
  parameter("x", "tensor"),
  parameter("window", "integers"),
  optional("stride", "integers"),
  parameter("padding", "padding", "valid"),
  parameter("dilation", "integers", 1),
  parameter("ceil", "boolean", false),
];

export const pooling: Readonly<Record<string, Primitive>> = {
  window_max: define("window_max", {
    doc:
      "The largest of each window, channels last: x [..., spatial…, channels]. Windows do not overlap unless a stride is " +
      "given; padding never wins (it is −∞); the derivative goes to the first that is largest. `ceil` rounds the number of " +
      "windows up: the last one may reach beyond the padding.",
    parameters,
    expand: (call) => {
      const request = readCall(call);
      return call.b.max(windowsOf(call.b, request, -Infinity), appended(request));
    },
  }),
  window_mean: define("window_mean", {
    doc:
      'The mean of each window, channels last. With padding given as a number its zeros count (as in PyTorch); with "same" ' +
      "only the elements of the tensor do (as in TensorFlow), unless `count_padding` says otherwise. What lies beyond the padding " +
      "never counts.",
    parameters: [...parameters, optional("count_padding", "boolean")],
    expand: (call) => {
      const counts =
        call.values[6] === undefined
          ? call.values[3] !== "same"
          : booleanAt(call, 6, "count_padding");
      return windowMean(call.b, readCall(call), counts);
    },
  }),
};

interface Pooling {
  readonly x: Node;
  /** The first spatial axis. */
  readonly first: number;
  readonly lie: readonly Sliding[];
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
  const lie = sliding({
    ...{ sizes, strides, padding: values[3] },
    extents: x.shape.slice(first, first + rank),
    dilations: list(4, "dilation"),
    ceil: booleanAt(call, 5, "ceil"),
    what: "window",
    paddingPosition: 3,
  });
  return { x, first, lie };
}

/** The axes that a window op appends. */
function appended({ x, lie }: Pooling): number[] {
  return indices(lie.length).map((n) => x.shape.length + n);
}

function windowsOf(b: GraphBuilder, { x, first, lie }: Pooling, fill: number): Node {
  const before = x.shape.map((_, axis) => lie[axis - first]?.before ?? 0);
  const after = x.shape.map((_, axis) => {
    const own = lie[axis - first];
    return own === undefined ? 0 : addDims(own.after, own.beyond);
  });
  const padded = b.pad(x, before, after, { value: fill });
  const attributes: WindowAttributes = {
    axes: lie.map((_, n) => first + n),
    sizes: lie.map(({ size }) => size),
    strides: lie.map(({ stride }) => stride),
    dilations: lie.map(({ dilation }) => dilation),
  };
  return b.window(padded, attributes);
}

function windowMean(b: GraphBuilder, request: Pooling, countsPadding: boolean): Node {
  const { lie } = request;
  const total = b.sum(windowsOf(b, request, 0), appended(request));
  const isWhole = ({ before, after, beyond }: Sliding): boolean =>
    beyond === 0 && (countsPadding || (before === 0 && after === 0));
  const size = lie.filter(isWhole).reduce((product, own) => product * own.size, 1);
  return lie.reduce(
    (mean, own, n) => {
      if (isWhole(own)) return mean;
      const behind = lie.length - n;
      const counts = countsOf(b, own, countsPadding);
      return b.divide(mean, b.reshape(counts, [own.count, ...indices(behind).map(() => 1)]));
    },
    size === 1 ? total : b.divide(total, size),
  );
}

/** How many elements that count each window holds along one axis: of those before their end less those before their start. */
function countsOf(b: GraphBuilder, own: Sliding, countsPadding: boolean): Node {
  const { extent, size, stride, dilation, before, after, count } = own;
  const start = b.subtract(b.multiply(b.iota([count], 0), stride), b.dimension(before));
  // In steps of the dilation: an element at `start + k · dilation` is below the limit where k is below the quotient, rounded up.
  const below = (limit: Dim): Node => {
    const room = b.subtract(b.dimension(limit), start);
    const whole = dilation === 1 ? room : b.add(room, b.modulo(b.negate(room), dilation));
    return b.minimum(b.maximum(whole, 0), size * dilation);
  };
  const [first, last] = countsPadding
    ? [multiplyDims(-1, before), addDims(extent, after)]
    : [0, extent];
  const held = b.cast(b.subtract(below(last), below(first)), "f32");
  // Of a free axis that is shorter than the dilation a window may hold nothing.
  return dilation === 1 ? held : b.maximum(b.divide(held, dilation), 1);
}
