// Two tensors come in; their matrix product, convolution or general contraction goes out.

import { type Tensor, at, broadcastShape, filled, positionsOf, valueAt } from "./tensor.js";

/** The last axis of a with the last but one of b, batch axes broadcast, vectors as in NumPy. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const left = a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a;
  const right = b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b;
  const [rows, inner] = [
    at(left.shape, left.shape.length - 2),
    at(left.shape, left.shape.length - 1),
  ];
  const columns = at(right.shape, right.shape.length - 1);
  const batch = broadcastShape([left.shape.slice(0, -2), right.shape.slice(0, -2)]);
  const result = filled([...batch, rows, columns], (position) => {
    const outer = position.slice(0, -2);
    const [row, column] = [at(position, position.length - 2), at(position, position.length - 1)];
    let total = 0;
    for (let i = 0; i < inner; i += 1) {
      total +=
        valueAt(left, [...own(outer, left.shape.slice(0, -2)), row, i]) *
        valueAt(right, [...own(outer, right.shape.slice(0, -2)), i, column]);
    }
    return total;
  });
  const shape = [...batch];
  if (a.shape.length > 1) shape.push(rows);
  if (b.shape.length > 1) shape.push(columns);
  return { data: result.data, shape };
}

/** The position of a broadcast operand's batch axes. */
function own(position: readonly number[], shape: readonly number[]): number[] {
  const skipped = position.length - shape.length;
  return shape.map((extent, axis) => (extent === 1 ? 0 : at(position, axis + skipped)));
}

export type SpatialPadding = "same" | "valid" | number | readonly number[];

/** [before, after] of one spatial axis; "same" is TensorFlow's, the odd one behind. */
export function edgesOf(
  padding: SpatialPadding,
  axis: number,
  length: number,
  reach: number,
  stride: number,
): [number, number] {
  if (padding === "valid") return [0, 0];
  if (padding === "same") {
    const total = Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  }
  const amount = typeof padding === "number" ? padding : at(padding, axis);
  return [amount, amount];
}

export interface Convolution {
  readonly stride?: readonly number[];
  readonly dilation?: readonly number[];
  readonly groups?: number;
  readonly padding?: SpatialPadding;
}

/** x: [batch, ...space, n], kernel: [...k, n / groups, out] to [batch, ...slid, out] */
export function conv(x: Tensor, kernel: Tensor, how: Convolution): Tensor {
  const space = x.shape.slice(1, -1);
  const taps = kernel.shape.slice(0, space.length);
  const stride = how.stride ?? space.map(() => 1);
  const dilation = how.dilation ?? space.map(() => 1);
  const groups = how.groups ?? 1;
  const [bundle, out] = [at(kernel.shape, space.length), at(kernel.shape, space.length + 1)];
  const reach = taps.map((k, axis) => (k - 1) * at(dilation, axis) + 1);
  const edges = space.map((length, axis) =>
    edgesOf(how.padding ?? "valid", axis, length, at(reach, axis), at(stride, axis)),
  );
  const slid = space.map((length, axis) => {
    const [before, after] = edges[axis] ?? [0, 0];
    return Math.floor((length + before + after - at(reach, axis)) / at(stride, axis)) + 1;
  });
  return filled([at(x.shape, 0), ...slid, out], (position) => {
    const channel = at(position, position.length - 1);
    const group = Math.floor(channel / (out / groups));
    let total = 0;
    for (const tap of positionsOf(taps)) {
      const source = tap.map((t, axis) => {
        const start = at(position, axis + 1) * at(stride, axis) - (edges[axis]?.[0] ?? 0);
        return start + t * at(dilation, axis);
      });
      for (let i = 0; i < bundle; i += 1) {
        total +=
          valueAt(x, [at(position, 0), ...source, group * bundle + i]) *
          valueAt(kernel, [...tap, i, channel]);
      }
    }
    return total;
  });
}

export interface IndexMap {
  readonly terms: readonly { readonly axis: number; readonly coefficient: number }[];
  readonly offset: number;
  readonly divisor: number;
}

/** The operand's entry that a position of the iteration reads: 0 outside, and where a divisor leaves a remainder. */
function mapped(x: Tensor, maps: readonly IndexMap[], position: readonly number[]): number {
  let flat = 0;
  for (let axis = 0; axis < maps.length; axis += 1) {
    const map = maps[axis];
    const extent = at(x.shape, axis);
    if (map === undefined) return 0;
    let index = map.offset;
    for (const term of map.terms) index += term.coefficient * at(position, term.axis);
    index /= map.divisor;
    if (index < 0 || index >= extent || !Number.isInteger(index)) return 0;
    flat = flat * extent + index;
  }
  return at(x.data, flat);
}

export interface Contraction {
  readonly extents: readonly number[];
  /** The first so many extents are the result's; the others are summed. */
  readonly outputRank: number;
  readonly left: readonly IndexMap[];
  readonly right: readonly IndexMap[];
}

export function contract(a: Tensor, b: Tensor, how: Contraction): Tensor {
  const summed = positionsOf(how.extents.slice(how.outputRank));
  return filled(how.extents.slice(0, how.outputRank), (position) => {
    let total = 0;
    const whole = [...position, ...how.extents.slice(how.outputRank)];
    for (const inner of summed) {
      for (let i = 0; i < inner.length; i += 1) whole[position.length + i] = at(inner, i);
      total += mapped(a, how.left, whole) * mapped(b, how.right, whole);
    }
    return total;
  });
}
