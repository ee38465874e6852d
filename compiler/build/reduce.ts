// Takes a tensor of a loss or metric, gives the mean over all its entries as a scalar of f32; a scalar is itself.
import type { GraphBuilder } from "../ops/builder.js";
import { elementCount } from "../types/dimension.js";
import type { Node } from "../types/graph.js";

export function meanOfAll(b: GraphBuilder, value: Node): Node {
  // The largest of integers is one of them: f32 would round it.
  if (value.shape.length === 0) return value;
  const real = b.cast(value, "f32");
  const axes = real.shape.map((_, axis) => axis);
  const count = b.cast(b.dimension(elementCount(real.shape)), "f32");
  return b.divide(b.sum(real, axes), count);
}
