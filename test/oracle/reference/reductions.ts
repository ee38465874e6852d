// A tensor and axes come in; sums, products, extremes, their indices and running sums go out.

import { type Tensor, at, axisOf, filled, positionsOf, valueAt } from "./tensor.js";

export interface Reduced {
  /** All axes where none are named; negative ones count from behind. */
  readonly axes?: readonly number[];
  readonly keep?: boolean;
}

const folds = {
  sum: (values: readonly number[]) => values.reduce((a, b) => a + b, 0),
  prod: (values: readonly number[]) => values.reduce((a, b) => a * b, 1),
  mean: (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length,
  max: (values: readonly number[]) => Math.max(...values),
  min: (values: readonly number[]) => Math.min(...values),
  any: (values: readonly number[]) => (values.some((value) => value !== 0) ? 1 : 0),
  all: (values: readonly number[]) => (values.every((value) => value !== 0) ? 1 : 0),
};

export type ReductionName = keyof typeof folds;

export function reduce(name: ReductionName, x: Tensor, { axes, keep = false }: Reduced): Tensor {
  const rank = x.shape.length;
  const reduced = new Set(
    (axes ?? x.shape.map((_, axis) => axis)).map((axis) => axisOf(axis, rank)),
  );
  const kept = x.shape.map((extent, axis) => (reduced.has(axis) ? 1 : extent));
  const inner = positionsOf(x.shape.map((extent, axis) => (reduced.has(axis) ? extent : 1)));
  const result = filled(kept, (position) =>
    folds[name](
      inner.map((shift) =>
        valueAt(
          x,
          position.map((p, axis) => p + at(shift, axis)),
        ),
      ),
    ),
  );
  const shape = keep ? kept : x.shape.filter((_, axis) => !reduced.has(axis));
  return { data: result.data, shape };
}

/** The position of the largest or smallest along an axis; the first wins a tie. */
export function argExtreme(
  x: Tensor,
  along: number,
  better: (a: number, b: number) => boolean,
): Tensor {
  const axis = axisOf(along, x.shape.length);
  const shape = x.shape.filter((_, other) => other !== axis);
  return filled(shape, (position) => {
    let best = 0;
    for (let i = 1; i < at(x.shape, axis); i += 1) {
      const here = valueAt(x, position.toSpliced(axis, 0, i));
      if (better(here, valueAt(x, position.toSpliced(axis, 0, best)))) best = i;
    }
    return best;
  });
}

/** How many hold before the first that does not. */
export function leading(x: Tensor, along: number): Tensor {
  const axis = axisOf(along, x.shape.length);
  const shape = x.shape.filter((_, other) => other !== axis);
  return filled(shape, (position) => {
    let count = 0;
    while (count < at(x.shape, axis) && valueAt(x, position.toSpliced(axis, 0, count)) !== 0)
      count += 1;
    return count;
  });
}

/** Sums up to and with each position along an axis, from the end where `reverse` is set. */
export function cumsum(x: Tensor, along: number, reverse: boolean): Tensor {
  const axis = axisOf(along, x.shape.length);
  return filled(x.shape, (position) => {
    const here = at(position, axis);
    const from = reverse ? here : 0;
    const to = reverse ? at(x.shape, axis) - 1 : here;
    let total = 0;
    for (let i = from; i <= to; i += 1) total += valueAt(x, position.with(axis, i));
    return total;
  });
}

const runs = {
  cummax: (values: readonly number[]) => Math.max(...values),
  cummin: (values: readonly number[]) => Math.min(...values),
  cumprod: folds.prod,
  cumlogsumexp: (values: readonly number[]) => {
    const most = Math.max(...values);
    return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
  },
};

export interface Running {
  readonly name: keyof typeof runs;
  readonly axis: number;
  readonly reverse: boolean;
}

/** Of all up to and with each position along an axis, from the end where `reverse` is set. */
export function running(x: Tensor, { name, axis, reverse }: Running): Tensor {
  const extent = at(x.shape, axis);
  return filled(x.shape, (position) => {
    const here = at(position, axis);
    const own = Array.from({ length: reverse ? extent - here : here + 1 }, (_, n) =>
      reverse ? here + n : n,
    );
    return runs[name](own.map((other) => valueAt(x, position.with(axis, other))));
  });
}
