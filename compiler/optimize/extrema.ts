// Roots in; roots over a graph in which comparisons look at the maximum or minimum that is computed of what they compare, out.

import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { inputAt, splatValue } from "../ops/broadcast.js";
import { shapeEqual } from "../types/dimension.js";
import type { Node, OpName } from "../types/graph.js";
import { rewrite } from "./rewrite.js";

interface Extremum {
  readonly bound: number;
  readonly node: Node;
}

/**
 * Whether x exceeds 0 shows in max(0, x), too: where that is computed, it alone need be kept for the derivative, and x ends in
 * the kernel that computes it.
 */
export function compareExtrema(b: GraphBuilder, roots: readonly Node[]): Node[] {
  const extrema = new Map<Node, Extremum[]>();
  const nodes = topologicalOrder(roots);
  for (const node of nodes) {
    if (node.op !== "maximum" && node.op !== "minimum") continue;
    for (const [own, other] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const x = inputAt(node.inputs, own);
      const bound = splatValue(inputAt(node.inputs, other));
      if (bound === undefined || !shapeEqual(x.shape, node.shape)) continue;
      extrema.set(x, [...(extrema.get(x) ?? []), { bound, node }]);
    }
  }
  const asked = nodes.some(
    ({ op, inputs }) => comparisons.has(op) && inputs.some((input) => extrema.has(input)),
  );
  return !asked ? [...roots] : rewrite(b, roots, (own, node) => compared(own, node, extrema));
}

/** Of a bound c and a value x: comparisons that come out the same for c and max(c, x), or min(c, x). */
const told = {
  maximum: { boundFirst: ["greaterEqual", "less"], valueFirst: ["lessEqual", "greater"] },
  minimum: { boundFirst: ["lessEqual", "greater"], valueFirst: ["greaterEqual", "less"] },
} as const;

const comparisons: ReadonlySet<OpName> = new Set([
  ...told.maximum.boundFirst,
  ...told.maximum.valueFirst,
]);

function compared(
  b: GraphBuilder,
  node: Node,
  extrema: ReadonlyMap<Node, readonly Extremum[]>,
): Node | undefined {
  const [x, y] = node.inputs;
  if (x === undefined || y === undefined || node.inputs.length !== 2) return undefined;
  const found = (value: Node, bound: Node, order: "boundFirst" | "valueFirst"): Node | undefined =>
    (extrema.get(value) ?? []).find(
      (one) =>
        one.bound === splatValue(bound) &&
        (one.node.op === "maximum" || one.node.op === "minimum") &&
        told[one.node.op][order].some((op) => op === node.op),
    )?.node;
  const second = found(y, x, "boundFirst");
  if (second !== undefined) return b.over(node, [x, second]);
  const first = found(x, y, "valueFirst");
  return first === undefined ? undefined : b.over(node, [first, y]);
}
