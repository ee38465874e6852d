// Spatial extents, windows, strides and a padding in; how windows lie along each spatial axis out.

import {
  addDims,
  ceilDivideDims,
  dimText,
  multiplyDims,
  negateDim,
  subtractDims,
} from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import { isNeverNegative } from "../../types/bounds.js";
import type { Shape } from "../../types/graph.js";
import { at, indices } from "../broadcast.js";
import { windowCount } from "../neighbours.js";
import { describe } from "./arguments.js";
import { fail } from "./primitive.js";
import type { Argument } from "./primitive.js";

/** How windows lie along one spatial axis. */
export interface Sliding {
  readonly extent: Dim;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: Dim;
  readonly after: Dim;
  /** What windows may reach beyond the padding, where the count is rounded up. */
  readonly beyond: number;
  readonly count: Dim;
}

export interface SlidingRequest {
  readonly extents: Shape;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: Argument | undefined;
  /** Whether the last window may reach beyond the padding, as long as it begins before the padding behind; of windows. */
  readonly ceil?: boolean;
  /** What slides, for messages: "kernel" or "window"; and the positions of tensor and padding among the arguments. */
  readonly what: string;
  readonly paddingPosition: number;
}

interface Margins {
  readonly before: Dim;
  readonly after: Dim;
}

export function sliding(request: SlidingRequest): Sliding[] {
  const { extents, sizes, strides, dilations } = request;
  return extents.map((extent, axis) => {
    const [size, stride, dilation] = [at(sizes, axis), at(strides, axis), at(dilations, axis)];
    const reach = dilation * (size - 1) + 1;
    const { before, after } = marginsOf(request, axis, extent, reach);
    if (request.what === "window") wantPadding(request, [before, after], reach);
    const beyond = request.ceil === true ? overhang(stride, reach, after) : 0;
    const padded = addDims(extent, before, after, beyond);
    const count = windowCount(padded, size, stride, dilation);
    if (typeof count === "number" && count < 1) tooLarge(request, axis, reach, padded);
    const own = { extent, size, stride, dilation, before, after, beyond, count };
    if (request.what === "window") wantElements(request, own);
    return own;
  });
}

/**
 * How far windows may reach beyond the padding so that as many fit, rounding down, as do without it, rounding up: one more where
 * a stride is not filled, unless it would begin in the padding behind (which PyTorch leaves out).
 */
function overhang(stride: number, reach: number, after: Dim): number {
  return typeof after === "number" ? Math.min(stride, reach - after) - 1 : 0;
}

/** Each window holds an element of the tensor at least: of padding alone there is no largest, and no mean that says anything. */
function wantPadding(request: SlidingRequest, margins: readonly Dim[], reach: number): void {
  const wide = margins.find((margin) => typeof margin === "number" && margin >= reach);
  if (wide === undefined) return;
  fail("argument", "with this padding windows lie in the padding alone", {
    expected: `a padding of less than the window, ${reach}; PyTorch allows half of it`,
    found: dimText(wide),
    operands: [request.paddingPosition],
  });
}

/** Dilated windows may have an element on either side of a short tensor, and none in it. */
function wantElements(
  request: SlidingRequest,
  { extent, size, stride, dilation, before, count }: Sliding,
): void {
  if (dilation === 1 || typeof extent !== "number" || typeof before !== "number") return;
  if (typeof count !== "number") return;
  const isInside = (position: number): boolean => position >= 0 && position < extent;
  const holds = (start: number): boolean =>
    indices(size).some((tap) => isInside(start + tap * dilation));
  if (indices(count).every((window) => holds(window * stride - before))) return;
  fail("argument", "with this padding and dilation a window lies beside the tensor alone", {
    expected: `windows that hold an element of an axis of ${extent}`,
    found: `a dilation of ${dilation} and a padding of ${before}`,
    operands: [request.paddingPosition],
  });
}

function tooLarge(
  { what, extents }: SlidingRequest,
  axis: number,
  reach: number,
  padded: Dim,
): never {
  const others = extents.filter((_, other) => other !== axis);
  const roomy = others.some((extent) => typeof extent === "number" && extent >= reach);
  return fail("shape", `the ${what} is larger than its input along spatial axis ${axis}`, {
    expected: `at most ${dimText(padded)}`,
    found: String(reach),
    operands: [0],
    ...(roomy ? { hint: "channels stand last: `[batch, height, width, channels]`" } : {}),
  });
}

function marginsOf(request: SlidingRequest, axis: number, extent: Dim, reach: number): Margins {
  const { padding, extents, strides } = request;
  if (padding === "same") return sameMargins(extent, at(strides, axis), reach);
  return givenMargins({ ...request, rank: extents.length }, axis);
}

/** Padding that is "valid", a number, or a list with a number or [before, after] for each of `rank` axes. */
export function givenMargins(
  request: Pick<SlidingRequest, "padding" | "paddingPosition"> & { readonly rank: number },
  axis: number,
): { readonly before: number; readonly after: number } {
  const { padding, rank } = request;
  if (padding === "valid") return { before: 0, after: 0 };
  const list = Array.isArray(padding) ? (padding as readonly Argument[]) : undefined;
  if (list !== undefined && list.length !== rank) return wrongPadding(request);
  const own = list === undefined ? padding : list[axis];
  const [before, after, ...more] = Array.isArray(own) ? (own as readonly Argument[]) : [own, own];
  return isCount(before) && isCount(after) && more.length === 0
    ? { before, after }
    : wrongPadding(request);
}

function isCount(value: Argument | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function wrongPadding({
  padding,
  paddingPosition,
  rank,
}: Parameters<typeof givenMargins>[0]): never {
  return fail(
    "argument",
    `"padding" is "same", "valid", a whole number of at least 0, or a list of ${rank}`,
    {
      expected:
        '"same", "valid", a whole number of at least 0, or a list with one or [before, after] for each spatial axis',
      found: describe(padding),
      operands: [paddingPosition],
    },
  );
}

/**
 * TensorFlow's "same": ⌈extent / stride⌉ windows, the odd element of padding behind. For a free extent the total
 * (count − 1) · stride + reach − extent must be known not to be below 0, or never to be above it: where the window reaches
 * the next one, or is one element.
 */
function sameMargins(extent: Dim, stride: number, reach: number): Margins {
  const count = ceilDivideDims(extent, stride);
  const total = addDims(
    multiplyDims(stride, subtractDims(count, 1)),
    reach,
    multiplyDims(-1, extent),
  );
  if (typeof total === "number") {
    const whole = Math.max(total, 0);
    return { before: Math.floor(whole / 2), after: Math.ceil(whole / 2) };
  }
  if (isNeverNegative(negateDim(total))) return { before: 0, after: 0 };
  if (!isNeverNegative(total)) {
    return fail(
      "shape",
      '"same" padding of a free dimension wants a window of at least the stride, or of 1',
      {
        expected: `a reach of 1, or of at least ${stride}`,
        found: String(reach),
        operands: [0],
      },
    );
  }
  const before = halfOf(total);
  return { before, after: subtractDims(total, before) };
}

function halfOf(total: Dim): Dim {
  return subtractDims(total, ceilDivideDims(total, 2));
}
