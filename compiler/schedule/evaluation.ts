// Takes no input, gives what the evaluation of nodes rests on: where they stand in memory, and the positions of their elements there.
import { multiplyDims, shapeText } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { ElementType, Node, Shape } from "../types/graph.js";
import type { Axis, Recurrence, Scalar } from "../types/nest.js";
import type { ScalarBuilder } from "./scalars.js";

/** Where elements of a node stand in memory, in row-major order. */
export interface BufferPlace {
  readonly buffer: number;
  /** The position of the first; absent: 0. */
  readonly start?: Scalar;
}

/** What evaluation needs to know of the program around a kernel. */
export interface EvaluationContext {
  readonly k: ScalarBuilder;
  /** Where a node stands that has a buffer, unless it is computed in this very kernel. */
  readonly placeOf: (node: Node, index: readonly Scalar[]) => BufferPlace | undefined;
  readonly hostIndex: (node: Node) => Scalar | undefined;
  readonly newAxis: (extent: Dim) => Axis;
  /** As of LevelOutside. */
  readonly turnOf: (node: Node) => Recurrence | undefined;
  readonly drawnIn: (node: Node) => readonly Recurrence[];
  readonly memo: Map<Node, Map<string, Scalar>>;
  /** Row-major positions that indices were computed from, so that none is taken apart and put together again. */
  readonly positions: Map<string, Scalar>;
}

/** Along each axis. */
export type Index = readonly Scalar[];

/** The element at a position of what stands at a place. */
export function loadFrom(
  k: ScalarBuilder,
  { buffer, start }: BufferPlace,
  position: Scalar,
  type: ElementType,
): Scalar {
  return k.load(buffer, start ? k.add(start, position) : position, type);
}

/** By which `positions` knows an index of a tensor. */
export function positionKey(k: ScalarBuilder, shape: Shape, index: Index): string {
  return `${shapeText(shape)} at ${index.map(k.id).join(",")}`;
}

/** Row-major position: the one that the index was computed from, where there is one. */
export function positionOf(context: EvaluationContext, shape: Shape, index: Index): Scalar {
  const { k, positions } = context;
  return positions.get(positionKey(k, shape, index)) ?? linearIndex(k, shape, index);
}

export function linearIndex(k: ScalarBuilder, shape: Shape, index: Index): Scalar {
  const strides: Dim[] = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = multiplyDims(strides[axis + 1] ?? 1, shape[axis + 1] ?? 1);
  return shape.reduce<Scalar>((position, extent, axis) => {
    if (extent === 1) return position;
    const along = index[axis] ?? k.index(0);
    return k.add(position, k.multiply(along, k.dim(strides[axis] ?? 1)));
  }, k.index(0));
}
