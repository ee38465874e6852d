// A tensor and integer indices come in; gathered entries, scattered sums, one-hot rows and sorted axes go out.

import { type Tensor, at, axisOf, filled, offsetOf, positionsOf, size, valueAt } from "./tensor.js";

/**
 * x at integer indices along an axis: the result has the shape of `indices` where x has that axis. The leading
 * `batchAxes` are shared by both. Indices outside are clamped.
 */
export function take(x: Tensor, indices: Tensor, along: number, batchAxes = 0): Tensor {
  const axis = axisOf(along, x.shape.length);
  const inner = indices.shape.slice(batchAxes);
  const shape = [...x.shape.slice(0, axis), ...inner, ...x.shape.slice(axis + 1)];
  return filled(shape, (position) => {
    const asked = [...position.slice(0, batchAxes), ...position.slice(axis, axis + inner.length)];
    const index = Math.min(Math.max(valueAt(indices, asked), 0), at(x.shape, axis) - 1);
    return valueAt(x, [...position.slice(0, axis), index, ...position.slice(axis + inner.length)]);
  });
}

/** The adjoint of take: each update is added where take would have read it. */
export function scatterAdd(
  updates: Tensor,
  indices: Tensor,
  along: number,
  extent: number,
  batchAxes = 0,
): Tensor {
  const width = indices.shape.length - batchAxes;
  const rank = updates.shape.length - width + 1;
  const axis = axisOf(along, rank);
  const shape = [...updates.shape.slice(0, axis), extent, ...updates.shape.slice(axis + width)];
  const data = new Array<number>(size(shape)).fill(0);
  for (const position of positionsOf(updates.shape)) {
    const asked = [...position.slice(0, batchAxes), ...position.slice(axis, axis + width)];
    const index = Math.min(Math.max(valueAt(indices, asked), 0), extent - 1);
    const target = [...position.slice(0, axis), index, ...position.slice(axis + width)];
    const offset = offsetOf(target, shape);
    data[offset] = at(data, offset) + valueAt(updates, position);
  }
  return { data, shape };
}

/** x along an axis at a place for each element; all other axes broadcast. Places outside are clamped. */
export function takeAlong(x: Tensor, places: Tensor, along: number): Tensor {
  const axis = axisOf(along, x.shape.length);
  const shape = x.shape.map((extent, n) =>
    n === axis ? at(places.shape, n) : Math.max(extent, at(places.shape, n)),
  );
  const inside = (position: readonly number[], of: readonly number[]) =>
    position.map((own, n) => (of[n] === 1 ? 0 : own));
  return filled(shape, (position) => {
    const index = valueAt(places, inside(position, places.shape));
    const clamped = Math.min(Math.max(index, 0), at(x.shape, axis) - 1);
    return valueAt(x, inside(position, x.shape).with(axis, clamped));
  });
}

/** How an entry of `otherwise`, or of what came before, meets one update more; undefined before the first. */
type Meet = (sofar: number | undefined, update: number) => number;

export const meets = {
  add: (sofar, update) => (sofar ?? 0) + update,
  set: (_, update) => update,
  min: (sofar, update) => Math.min(sofar ?? Infinity, update),
  max: (sofar, update) => Math.max(sofar ?? -Infinity, update),
} as const satisfies Readonly<Record<string, Meet>>;

/** `count` entries along an axis; `target` says where along it an update at a position goes. */
function scattered(
  shape: readonly number[],
  meet: Meet,
  otherwise: number,
  given: readonly (readonly [target: readonly number[], update: number])[],
): Tensor {
  const found = new Map<number, number>();
  for (const [target, update] of given) {
    const offset = offsetOf(target, shape);
    found.set(offset, meet(found.get(offset), update));
  }
  return { shape, data: Array.from({ length: size(shape) }, (_, n) => found.get(n) ?? otherwise) };
}

/** Updates whose axes from `axis` on are those of the places, one after the other in row-major order. */
export function scatter(
  updates: Tensor,
  places: Tensor,
  { axis, count, meet, otherwise }: ScatterAttributes,
): Tensor {
  const width = places.shape.length;
  const shape = [...updates.shape.slice(0, axis), count, ...updates.shape.slice(axis + width)];
  const given = positionsOf(updates.shape).map((position) => {
    const own = valueAt(places, position.slice(axis, axis + width));
    const index = Math.min(Math.max(own, 0), count - 1);
    const target = [...position.slice(0, axis), index, ...position.slice(axis + width)];
    return [target, valueAt(updates, position)] as const;
  });
  return scattered(shape, meets[meet], otherwise, given);
}

export interface ScatterAttributes {
  readonly axis: number;
  readonly count: number;
  readonly meet: keyof typeof meets;
  readonly otherwise: number;
}

/** Updates with a place for each; places broadcast to the updates' shape. */
export function scatterAlong(
  updates: Tensor,
  places: Tensor,
  { axis: along, count, meet, otherwise }: ScatterAttributes,
): Tensor {
  const axis = axisOf(along, updates.shape.length);
  const given = positionsOf(updates.shape).map((position) => {
    const asked = position.map((own, n) => (places.shape[n] === 1 ? 0 : own));
    const index = Math.min(Math.max(valueAt(places, asked), 0), count - 1);
    return [position.with(axis, index), valueAt(updates, position)] as const;
  });
  return scattered(updates.shape.with(axis, count), meets[meet], otherwise, given);
}

/** Entry p along the axis: the sum of the updates at order[k] for starts[p] ≤ k < starts[p + 1]; both by the leading batch axes. */
export function segmentSum(
  [updates, order, starts]: readonly [Tensor, Tensor, Tensor],
  axis: number,
  extent: number,
  batchAxes: number,
): Tensor {
  const shape = [...updates.shape.slice(0, axis), extent, ...updates.shape.slice(axis + 1)];
  return filled(shape, (index) => {
    const batch = index.slice(0, batchAxes);
    const owner = at(index, axis);
    let sum = 0;
    const below = valueAt(starts, [...batch, owner + 1]);
    for (let k = valueAt(starts, [...batch, owner]); k < below; k++) {
      const update = valueAt(order, [...batch, k]);
      sum += valueAt(updates, [...index.slice(0, axis), update, ...index.slice(axis + 1)]);
    }
    return sum;
  });
}

/** A last axis of `count` with a 1 at the position that the integer names; all 0 where it names none. */
export function oneHot(indices: Tensor, count: number): Tensor {
  return filled([...indices.shape, count], (position) =>
    valueAt(indices, position.slice(0, -1)) === position.at(-1) ? 1 : 0,
  );
}

/** For each position off the axis, the order of the entries along it. */
function ordered(x: Tensor, along: number, before: (a: number, b: number) => number): Tensor {
  const axis = axisOf(along, x.shape.length);
  const extent = at(x.shape, axis);
  const orders = new Map<string, number[]>();
  return filled(x.shape, (position) => {
    const key = position.toSpliced(axis, 1).join();
    let order = orders.get(key);
    if (order === undefined) {
      order = Array.from({ length: extent }, (_, i) => i).sort((i, j) => {
        const by = before(valueAt(x, position.with(axis, i)), valueAt(x, position.with(axis, j)));
        return by === 0 ? i - j : by;
      });
      orders.set(key, order);
    }
    return at(order, at(position, axis));
  });
}

export interface Sorted {
  readonly values: Tensor;
  readonly indices: Tensor;
}

function picked(x: Tensor, indices: Tensor, along: number): Tensor {
  const axis = axisOf(along, x.shape.length);
  return filled(indices.shape, (position) =>
    valueAt(x, position.with(axis, valueAt(indices, position))),
  );
}

/** Ascending along an axis; equal entries keep their order. */
export function sort(x: Tensor, along = -1): Sorted {
  const indices = ordered(x, along, (a, b) => a - b);
  return { values: picked(x, indices, along), indices };
}

/** The k largest of the last axis, descending; the first of equal ones comes first. */
export function topK(x: Tensor, k: number): Sorted {
  const order = ordered(x, -1, (a, b) => b - a);
  const indices = filled(x.shape.with(-1, k), (position) => valueAt(order, position));
  return { values: picked(x, indices, -1), indices };
}
