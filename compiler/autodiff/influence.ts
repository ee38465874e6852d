// Outputs of a graph come in; the nodes by which their derivative may differ from zero go out.
import type { Node } from "../types/graph.js";
import { ruleOf } from "../ops/table.js";

/** Numbers alone have derivatives, and some operations pass none: `stop_gradient`, `round`, comparisons. */
export function derivativeReaches(outputs: readonly Node[]): ReadonlySet<Node> {
  const reached = new Set(outputs.filter(({ type }) => type === "f32"));
  for (const node of reached) {
    if (!passes(node)) continue;
    for (const input of node.inputs) if (input.type === "f32") reached.add(input);
  }
  return reached;
}

/** Of recurrences the body is differentiated, not the node. */
function passes({ op }: Node): boolean {
  return op === "scan" || op === "result" || ruleOf(op).vjp.kind === "rule";
}
