// A tensor and a shape that broadcasts to its own in; the sum over what was repeated out.

import { dimEqual, shapeEqual, shapeText } from "../types/dimension.js";
import type { Node, Shape } from "../types/graph.js";
import { at, indices } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";

/** The adjoint of broadcasting: the sum over axes that were repeated. A smaller tensor is repeated first. */
export function unbroadcast(b: GraphBuilder, y: Node, shape: Shape): Node {
  if (shapeEqual(y.shape, shape)) return y;
  if (y.shape.length < shape.length) return unbroadcast(b, b.broadcast(y, shape), shape);
  const extra = y.shape.length - shape.length;
  const repeated = indices(y.shape.length).filter(
    (axis) => axis < extra || (at(shape, axis - extra) === 1 && at(y.shape, axis) !== 1),
  );
  const summed = repeated.length === 0 ? y : b.sum(y, repeated);
  const result = b.reshape(summed, shape);
  const agrees = result.shape.every((extent, axis) => dimEqual(extent, at(shape, axis)));
  if (!agrees) throw new Error(`a cotangent of ${shapeText(y.shape)} for ${shapeText(shape)}`);
  return result;
}
