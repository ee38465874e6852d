// Two nodes of a graph in; the node of all derivatives of one by the other, per example, out.

import { dimEqual, elementCount } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { indices } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { countsExamples } from "../graph/exampleIndex.js";
import { differentiate } from "./differentiate.js";
import { liftGraph } from "./lift.js";

/**
 * ∂h/∂x of shape [batch, …h, …x] where both start with the same `batch` axis and examples do not mix. Where `x` has no such
 * axis (a parameter), or `perExample` is false, [all of h…, all of x…]. One backward graph, lifted over the cotangents of all
 * entries of one example's `h`: to be differentiated again like any other node.
 */
export function jacobian(b: GraphBuilder, h: Node, x: Node, perExample = true): Node {
  return perExample && isPerExample(h, x) ? byExample(b, h, x) : whole(b, h, x);
}

/** Whether both have the examples of a batch along their first axis. */
export function isPerExample(h: Node, x: Node): boolean {
  const [batch, own] = [h.shape[0], x.shape[0]];
  return batch !== undefined && own !== undefined && countsExamples(own) && dimEqual(batch, own);
}

/** The derivatives for each of `members` cotangents, stacked in front. */
function derivatives(b: GraphBuilder, h: Node, x: Node, cotangents: Node): Node {
  // The leaf stands for one cotangent until the lift replaces it by all of them.
  const leaf = b.placeholder("cotangent", { type: "f32", shape: h.shape });
  const backward = differentiate(b, h, [x], leaf);
  const members = cotangents.shape[0] ?? 1;
  const [lifted] = liftGraph(
    b,
    backward,
    (node) => (node === leaf ? cotangents : undefined),
    members,
  );
  if (lifted === undefined) throw new Error("one derivative was asked for");
  return lifted;
}

function byExample(b: GraphBuilder, h: Node, x: Node): Node {
  const [batch = 1, ...inner] = h.shape;
  const count = elementCount(inner);
  const unit = b.cast(b.equal(b.iota([count, count], 0), b.iota([count, count], 1)), "f32");
  const spread = b.reshape(unit, [count, 1, ...inner]);
  const all = derivatives(b, h, x, b.broadcast(spread, [count, batch, ...inner]));
  const rest = indices(x.shape.length - 1).map((axis) => axis + 2);
  const front = b.transpose(all, [1, 0, ...rest]);
  return b.reshape(front, [batch, ...inner, ...x.shape.slice(1)]);
}

function whole(b: GraphBuilder, h: Node, x: Node): Node {
  const count = elementCount(h.shape);
  const unit = b.cast(b.equal(b.iota([count, count], 0), b.iota([count, count], 1)), "f32");
  const all = derivatives(b, h, x, b.reshape(unit, [count, ...h.shape]));
  return b.reshape(all, [...h.shape, ...x.shape]);
}
