// Two matrices in; their product as a contraction, out.

import { axisEntry } from "../../compiler/ops/contraction.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import type { Node } from "../../compiler/types/graph.js";

export function matrixProduct(b: GraphBuilder, x: Node, w: Node): Node {
  const [rows = 1, inner = 1] = x.shape;
  const [, columns = 1] = w.shape;
  return b.contract(x, w, {
    extents: [rows, columns, inner],
    outputRank: 2,
    left: [axisEntry(0), axisEntry(2)],
    right: [axisEntry(2), axisEntry(1)],
  });
}
