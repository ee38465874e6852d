// A channels-last tensor and a kernel in; convolution and transposed convolution over one to three axes, as contractions, out.

import { addDims, dimEqual, dimText, multiplyDims, shapeText } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Node, QuasiAffine, Shape } from "../../types/graph.js";
import { at, extentAt, indices } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { axisEntry } from "../contraction.js";
import { factorsAt, integerAt, integersAt } from "./arguments.js";
import { givenMargins, sliding } from "./geometry.js";
import { define, fail, parameter } from "./primitive.js";
import type { Argument, Call, Parameter, Primitive } from "./primitive.js";

const parameters: readonly Parameter[] = [
  parameter("x", "tensor"),
  parameter("kernel", "tensor"),
  parameter("stride", "integers", 1),
  parameter("padding", "padding", "valid"),
  parameter("dilation", "integers", 1),
  parameter("groups", "integer", 1),
];

const paddingPosition = 3;

export const convolutions: Readonly<Record<string, Primitive>> = {
  conv: define("conv", {
    doc:
      "Cross-correlation over 1, 2 or 3 axes, channels last: x [..., spatial…, in], kernel [spatial…, in / groups, out]. " +
      'padding "same" is TensorFlow\'s.',
    parameters,
    expand: (call) => convolution(readCall(call)),
  }),
  conv_transpose: define("conv_transpose", {
    doc:
      "The adjoint of conv in its input: x [..., spatial…, in], kernel [spatial…, in / groups, out]. " +
      'padding "valid" gives (in − 1) · stride + reach, "same" in · stride; `output_padding` adds so many behind.',
    parameters: [...parameters, parameter("output_padding", "integers", 0)],
    expand: (call) => {
      const request = readCall(call);
      return transposedConvolution(request, moreBehind(call, request));
    },
  }),
};

interface Convolution {
  readonly b: GraphBuilder;
  readonly x: Node;
  readonly kernel: Node;
  /** Axes before the spatial ones, the spatial ones, and the channels within a group. */
  readonly batch: Shape;
  readonly spatial: Shape;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly groups: number;
  readonly inChannels: Dim;
  readonly outChannels: number;
  readonly padding: Argument | undefined;
}

function readCall(call: Call): Convolution {
  const [x, kernel] = factorsAt(call, 0, 1);
  const rank = kernel.shape.length - 2;
  if (rank < 1 || rank > 3) {
    fail("shape", "a kernel has 1 to 3 spatial axes, then input and output channels", {
      expected: "[spatial…, in / groups, out]",
      found: shapeText(kernel.shape),
      operands: [1],
    });
  }
  const outer = x.shape.length - rank - 1;
  if (outer < 0) {
    fail("shape", `a convolution over ${rank} axes takes a tensor of ${rank + 1} axes at least`, {
      expected: "[..., spatial…, channels]",
      found: shapeText(x.shape),
      operands: [0],
    });
  }
  const list = (position: number, name: string): number[] =>
    integersAt(call, position, { name, count: rank, least: 1 });
  const groups = integerAt(call, 5, "groups");
  const [strides, dilations] = [list(2, "stride"), list(4, "dilation")];
  const sizes = kernel.shape.slice(0, rank).map((extent) => fixed(extent, kernel.shape));
  const outChannels = fixed(extentAt(kernel.shape, rank + 1), kernel.shape);
  const inChannels = extentAt(kernel.shape, rank);
  wantChannels(x.shape, kernel.shape, groups, outChannels);
  return {
    ...{ b: call.b, x, kernel, sizes, strides, dilations, groups, inChannels, outChannels },
    batch: x.shape.slice(0, outer),
    spatial: x.shape.slice(outer, outer + rank),
    padding: call.values[paddingPosition],
  };
}

function fixed(extent: Dim, kernel: Shape): number {
  if (typeof extent === "number") return extent;
  return fail("shape", "a kernel's shape does not depend on a free dimension", {
    found: shapeText(kernel),
    operands: [1],
  });
}

function wantChannels(x: Shape, kernel: Shape, groups: number, outChannels: number): void {
  if (groups < 1 || outChannels % groups !== 0) {
    fail("argument", "the output channels divide evenly into the groups", {
      expected: `groups that divide ${outChannels}`,
      found: String(groups),
      operands: [5],
    });
  }
  const wanted = multiplyDims(groups, extentAt(kernel, kernel.length - 2));
  const channels = extentAt(x, x.length - 1);
  if (dimEqual(wanted, channels)) return;
  fail("shape", "the kernel's input channels times the groups are the channels of the tensor", {
    expected: `${dimText(wanted)} channels`,
    found: `${dimText(channels)} channels`,
    operands: [0, 1],
  });
}

/**
 * Iteration axes: batch…, positions…, [group,] output channel | taps…, input channel. Channels are split by group first,
 * so that every group is a batch index and all derivatives stay exact.
 */
function convolution(request: Convolution): Node {
  const { b, batch, spatial, sizes, strides, dilations, padding } = request;
  const lie = sliding({
    ...{ extents: spatial, sizes, strides, dilations, padding, paddingPosition },
    what: "kernel",
  });
  const counts = lie.map(({ count }) => count);
  const maps = iteration(request, counts);
  const positions = lie.map(({ stride, dilation, before }, n): QuasiAffine => ({
    terms: [
      { axis: batch.length + n, coefficient: stride },
      { axis: maps.firstTap + n, coefficient: dilation },
    ],
    offset: multiplyDims(-1, before),
    divisor: 1,
  }));
  return contractGroups(b, request, { ...maps, positions, counts });
}

/** Output position i takes from input position (i + before − dilation · k) / stride, where that is a whole one. */
function transposedConvolution(request: Convolution, more: readonly number[]): Node {
  const { b, batch, spatial, sizes, strides, dilations } = request;
  const lie = spatial.map((extent, n) => {
    const [size, stride, dilation] = [at(sizes, n), at(strides, n), at(dilations, n)];
    const whole = transposedExtent(request, n, extent, { size, stride, dilation });
    return { stride, dilation, ...whole, count: addDims(whole.count, at(more, n)) };
  });
  const counts = lie.map(({ count }) => count);
  const maps = iteration(request, counts);
  const positions = lie.map(({ stride, dilation, before }, n): QuasiAffine => ({
    terms: [
      { axis: batch.length + n, coefficient: 1 },
      { axis: maps.firstTap + n, coefficient: -dilation },
    ],
    offset: before,
    divisor: stride,
  }));
  return contractGroups(b, request, { ...maps, positions, counts });
}

const morePosition = 6;

/**
 * How many positions stand behind those that the smallest input of such an output has: a convolution that strides leaves up to
 * `stride − 1` unread, so that several outputs have one input.
 */
function moreBehind(call: Call, { padding, strides, dilations }: Convolution): number[] {
  const name = "output_padding";
  const more = integersAt(call, morePosition, { name, count: strides.length, least: 0 });
  more.forEach((own, n) => {
    const most = Math.max(at(strides, n), at(dilations, n)) - 1;
    if (own === 0 || (padding !== "same" && own <= most)) return;
    const same = 'with padding "same" the output is as long as the input times the stride';
    fail(
      "argument",
      padding === "same" ? same : `"${name}" is less than the stride or the dilation`,
      {
        expected: padding === "same" ? "0" : `at most ${most} along spatial axis ${n}`,
        found: String(own),
        operands: [morePosition],
      },
    );
  });
  return more;
}

function transposedExtent(
  { padding, spatial }: Convolution,
  axis: number,
  extent: Dim,
  window: { readonly size: number; readonly stride: number; readonly dilation: number },
): { readonly count: Dim; readonly before: number } {
  const { size, stride, dilation } = window;
  const reach = dilation * (size - 1) + 1;
  if (padding === "same") {
    const total = Math.max(reach - stride, 0);
    return { count: multiplyDims(stride, extent), before: Math.floor(total / 2) };
  }
  // Margins that a convolution from the output to the input would have.
  const rank = spatial.length;
  const { before, after } = givenMargins({ padding, paddingPosition, rank }, axis);
  const whole = addDims(multiplyDims(stride, addDims(extent, -1)), reach);
  if (typeof whole === "number" && before + after >= whole) {
    fail("argument", "this padding leaves nothing of the transposed convolution", {
      expected: `less than ${whole} before and behind spatial axis ${axis} together`,
      found: String(before + after),
      operands: [paddingPosition],
    });
  }
  return { count: addDims(whole, -before - after), before };
}

interface Iteration {
  readonly extents: Shape;
  readonly outputRank: number;
  readonly firstTap: number;
}

function iteration(request: Convolution, counts: Shape): Iteration {
  const { batch, groups, outChannels, sizes, inChannels } = request;
  const output = [...batch, ...counts, ...(groups > 1 ? [groups] : []), outChannels / groups];
  return {
    extents: [...output, ...sizes, inChannels],
    outputRank: output.length,
    firstTap: output.length,
  };
}

function contractGroups(
  b: GraphBuilder,
  { x, kernel, batch, sizes, groups, inChannels, outChannels }: Convolution,
  maps: Iteration & { readonly positions: readonly QuasiAffine[]; readonly counts: Shape },
): Node {
  const { extents, outputRank, firstTap, positions, counts } = maps;
  const taps = indices(sizes.length).map((n) => axisEntry(firstTap + n));
  const inner = axisEntry(firstTap + sizes.length);
  const outer = indices(batch.length).map(axisEntry);
  const filter = axisEntry(outputRank - 1);
  const group = groups > 1 ? [axisEntry(outputRank - 2)] : [];
  const left = groups > 1 ? b.reshape(x, [...x.shape.slice(0, -1), groups, inChannels]) : x;
  const right =
    groups > 1 ? b.reshape(kernel, [...sizes, inChannels, groups, outChannels / groups]) : kernel;
  const result = b.contract(left, right, {
    extents,
    outputRank,
    left: [...outer, ...positions, ...group, inner],
    right: [...taps, inner, ...group, filter],
  });
  return b.reshape(result, [...batch, ...counts, outChannels]);
}
