// A tensor and windows come in; their maxima, means, entries, or sums back from the entries go out.

import { type SpatialPadding, edgesOf } from "./products.js";
import { type Tensor, at, filled, offsetOf, positionsOf, size, valueAt } from "./tensor.js";

export interface Pooling {
  /** One for each axis but the first and the last. */
  readonly window: readonly number[];
  readonly stride: readonly number[];
  readonly padding?: SpatialPadding;
}

/** x: [batch, ...space, n] to the values of each window, in row-major order; NaN stands outside. */
function pool(x: Tensor, how: Pooling, combine: (values: readonly number[]) => number): Tensor {
  const space = x.shape.slice(1, -1);
  const edges = space.map((length, axis) =>
    edgesOf(how.padding ?? "valid", axis, length, at(how.window, axis), at(how.stride, axis)),
  );
  const outer = space.map((length, axis) => {
    const [before, after] = edges[axis] ?? [0, 0];
    return Math.floor((length + before + after - at(how.window, axis)) / at(how.stride, axis)) + 1;
  });
  const taps = positionsOf(how.window);
  return filled([at(x.shape, 0), ...outer, at(x.shape, x.shape.length - 1)], (position) =>
    combine(
      taps.map((tap) => {
        const source = tap.map(
          (t, axis) => at(position, axis + 1) * at(how.stride, axis) + t - (edges[axis]?.[0] ?? 0),
        );
        return valueAt(x, [at(position, 0), ...source, at(position, position.length - 1)], NaN);
      }),
    ),
  );
}

/** Padding never wins. */
export function windowMax(x: Tensor, how: Pooling): Tensor {
  return pool(x, how, (values) => Math.max(...values.filter((value) => !Number.isNaN(value))));
}

/** Zeros of an integer padding count, those of "same" do not. */
export function windowMean(x: Tensor, how: Pooling): Tensor {
  return pool(x, how, (values) => {
    const inside = values.filter((value) => !Number.isNaN(value));
    const count = how.padding === "same" ? inside.length : values.length;
    return inside.reduce((a, b) => a + b, 0) / count;
  });
}

export interface Windows {
  readonly axes: readonly number[];
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** Slid axes become counts of windows; the position within a window is appended behind, one axis for each. */
export function window(x: Tensor, how: Windows): Tensor {
  const shape = x.shape.map((extent, axis) => {
    const i = how.axes.indexOf(axis);
    if (i < 0) return extent;
    const reach = (at(how.sizes, i) - 1) * at(how.dilations, i) + 1;
    return Math.floor((extent - reach) / at(how.strides, i)) + 1;
  });
  return filled([...shape, ...how.sizes], (position) =>
    valueAt(x, sourceOf(position, x.shape.length, how)),
  );
}

function sourceOf(position: readonly number[], rank: number, how: Windows): number[] {
  const source = position.slice(0, rank);
  how.axes.forEach((axis, i) => {
    source[axis] =
      at(position, axis) * at(how.strides, i) + at(position, rank + i) * at(how.dilations, i);
  });
  return source;
}

/** The adjoint of window: every entry is added where it was read; `extents` are those of the slid axes. */
export function fold(y: Tensor, how: Windows & { readonly extents: readonly number[] }): Tensor {
  const rank = y.shape.length - how.axes.length;
  const shape = y.shape.slice(0, rank);
  how.axes.forEach((axis, i) => {
    shape[axis] = at(how.extents, i);
  });
  const data = new Array<number>(size(shape)).fill(0);
  for (const position of positionsOf(y.shape)) {
    const offset = offsetOf(sourceOf(position, rank, how), shape);
    data[offset] = at(data, offset) + valueAt(y, position);
  }
  return { data, shape };
}
