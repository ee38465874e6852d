// A tensor comes in; one of the same entries in another order, shape or surrounding goes out.

import { type Tensor, at, axisOf, broadcastAt, filled, size, valueAt } from "./tensor.js";

export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  if (size(shape) !== size(x.shape)) throw new Error("reshape keeps the number of entries");
  return { data: [...x.data], shape: [...shape] };
}

/** Axis `permutation[i]` of x becomes axis i. */
export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  const shape = permutation.map((axis) => at(x.shape, axis));
  return filled(shape, (position) => {
    const source = new Array<number>(position.length).fill(0);
    permutation.forEach((axis, i) => {
      source[axis] = at(position, i);
    });
    return valueAt(x, source);
  });
}

export function broadcast(x: Tensor, shape: readonly number[]): Tensor {
  return filled(shape, (position) => broadcastAt(x, position));
}

/** `counts` entries of each axis, from `starts`, every `steps`-th. */
export function slice(
  x: Tensor,
  starts: readonly number[],
  counts: readonly number[],
  steps: readonly number[],
): Tensor {
  return filled(counts, (position) =>
    valueAt(
      x,
      position.map((p, axis) => at(starts, axis) + p * at(steps, axis)),
    ),
  );
}

export interface Padding {
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** How many entries come between neighbours. */
  readonly interior?: readonly number[];
  readonly value?: number;
}

export function pad(x: Tensor, { before, after, interior, value = 0 }: Padding): Tensor {
  const gaps = interior ?? x.shape.map(() => 0);
  const shape = x.shape.map(
    (extent, axis) =>
      at(before, axis) + extent + Math.max(extent - 1, 0) * at(gaps, axis) + at(after, axis),
  );
  return filled(shape, (position) => {
    const source = position.map((p, axis) => (p - at(before, axis)) / (at(gaps, axis) + 1));
    return source.every((index) => Number.isInteger(index)) ? valueAt(x, source, value) : value;
  });
}

export function flip(x: Tensor, axes: readonly number[]): Tensor {
  const turned = new Set(axes.map((axis) => axisOf(axis, x.shape.length)));
  return filled(x.shape, (position) =>
    valueAt(
      x,
      position.map((p, axis) => (turned.has(axis) ? at(x.shape, axis) - 1 - p : p)),
    ),
  );
}

export function concat(parts: readonly Tensor[], along: number): Tensor {
  const [first] = parts;
  if (first === undefined) throw new Error("concat wants at least one tensor");
  const axis = axisOf(along, first.shape.length);
  const total = parts.reduce((sum, part) => sum + at(part.shape, axis), 0);
  return filled(first.shape.with(axis, total), (position) => {
    let index = at(position, axis);
    for (const part of parts) {
      const extent = at(part.shape, axis);
      if (index < extent) return valueAt(part, position.with(axis, index));
      index -= extent;
    }
    throw new Error("concat ran past its parts");
  });
}

/** Joins equal shapes along a new axis. */
export function stack(parts: readonly Tensor[], along: number): Tensor {
  const rank = (parts[0]?.shape.length ?? 0) + 1;
  const axis = axisOf(along, rank);
  const widened = parts.map((part) => ({
    data: part.data,
    shape: part.shape.toSpliced(axis, 0, 1),
  }));
  return concat(widened, axis);
}

/** The part `index` of `count` equal ones along an axis. */
export function split(x: Tensor, count: number, along: number, index: number): Tensor {
  const axis = axisOf(along, x.shape.length);
  const width = at(x.shape, axis) / count;
  const starts = x.shape.map((_, other) => (other === axis ? index * width : 0));
  const steps = x.shape.map(() => 1);
  return slice(x, starts, x.shape.with(axis, width), steps);
}

/** The index along an axis of a shape. */
export function iota(shape: readonly number[], axis: number): Tensor {
  return filled(shape, (position) => at(position, axis));
}
