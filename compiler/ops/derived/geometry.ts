// Spatial extents, windows, strides and a padding in; how windows lie along each spatial axis out.

import {
  addDims,
  ceilDivideDims,
  dimText,
  multiplyDims,
  subtractDims,
} from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import type { Shape } from "../../types/graph.js";
import { at } from "../broadcast.js";
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
  readonly count: Dim;
}

export interface SlidingRequest {
  readonly extents: Shape;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: Argument | undefined;
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
    const padded = addDims(extent, before, after);
    const count = windowCount(padded, size, stride, dilation);
    if (typeof count === "number" && count < 1) tooLarge(request.what, axis, reach, padded);
    return { extent, size, stride, dilation, before, after, count };
  });
}

function tooLarge(what: string, axis: number, reach: number, padded: Dim): never {
  return fail("shape", `the ${what} is larger than its input along spatial axis ${axis}`, {
    expected: `at most ${dimText(padded)}`,
    found: String(reach),
    operands: [0],
  });
}

function marginsOf(request: SlidingRequest, axis: number, extent: Dim, reach: number): Margins {
  const { padding, extents, strides } = request;
  if (padding === "valid") return { before: 0, after: 0 };
  if (padding === "same") return sameMargins(extent, at(strides, axis), reach);
  const list = Array.isArray(padding) ? (padding as readonly Argument[]) : undefined;
  if (list !== undefined && list.length !== extents.length) return wrongPadding(request);
  const own = list === undefined ? padding : list[axis];
  if (Array.isArray(own)) {
    const [before, after, ...more] = own as readonly Argument[];
    if (!isCount(before) || !isCount(after) || more.length > 0) return wrongPadding(request);
    return { before, after };
  }
  return isCount(own) ? { before: own, after: own } : wrongPadding(request);
}

function isCount(value: Argument | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function wrongPadding({ padding, extents, paddingPosition }: SlidingRequest): never {
  return fail(
    "argument",
    `"padding" is "same", "valid", a whole number, or a list of ${extents.length}`,
    {
      expected: '"same", "valid" or a whole number',
      found: describe(padding),
      operands: [paddingPosition],
    },
  );
}

/**
 * TensorFlow's "same": ⌈extent / stride⌉ windows, the odd element of padding behind. For a free extent the total
 * (count − 1) · stride + reach − extent must not be cut off at 0, which holds where the window reaches the next one.
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
  if (reach < stride) {
    return fail(
      "shape",
      '"same" padding of a free dimension wants a window of at least the stride',
      {
        expected: `a reach of at least ${stride}`,
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
