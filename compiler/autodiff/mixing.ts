// A value and the variable that its jacobian is taken by in; the node at which examples of the variable meet out, if one does.

import { topologicalOrder } from "../graph/walk.js";
import { examplesOf } from "../graph/examples.js";
import type { ExampleFlow } from "../graph/examples.js";
import { countsExamples } from "../graph/exampleIndex.js";
import { ruleOf } from "../ops/table.js";
import type { Node } from "../types/graph.js";

/**
 * The first node on a way from `x` to `h`, along which derivatives pass, that brings examples together: a reduction over the
 * batch, a sort or a shift along it. What does not depend on `x` may be anything.
 */
export function whereExamplesMeet(h: Node, x: Node): Node | undefined {
  const order = topologicalOrder([h]);
  const active = new Set<Node>([x]);
  for (const node of order) {
    const passes = node.type === "f32" && ruleOf(node.op).vjp.kind !== "none";
    if (passes && node.inputs.some((input) => active.has(input))) active.add(node);
  }
  const given = new Map<Node, ExampleFlow>();
  for (const node of order) if (node === x || !active.has(node)) given.set(node, standing(node));
  const flows = examplesOf([h], given);
  const onTheWay = topologicalOrder([h], (node) =>
    node === x ? [] : node.inputs.filter((input) => active.has(input)),
  );
  return onTheWay.find((node) => {
    const kind = flows.get(node)?.kind;
    return active.has(node) && (kind === "mixed" || kind === "combined");
  });
}

/** As data that comes with its examples along one axis. */
function standing({ shape }: Node): ExampleFlow {
  const axis = shape.findIndex(countsExamples);
  return axis < 0 ? { kind: "free" } : { kind: "each", axis, entries: 1 };
}
