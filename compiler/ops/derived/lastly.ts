// A tensor and an axis in; the tensor with that axis as the last one out, and the way back.

import type { Node } from "../../types/graph.js";
import { indices } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";

/** The tensor with `axis` as the last one, and the way back. */
export function lastly(
  b: GraphBuilder,
  tensor: Node,
  axis: number,
): { moved: Node; back: (y: Node) => Node } {
  const others = indices(tensor.shape.length).filter((other) => other !== axis);
  const order = [...others, axis];
  const inverse = indices(order.length).map((other) => order.indexOf(other));
  return { moved: b.transpose(tensor, order), back: (y) => b.transpose(y, inverse) };
}
