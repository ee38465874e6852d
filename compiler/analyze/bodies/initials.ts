// The parameters of a model come in; those that start from others have, in place of these, their initial values.
import { substitute } from "../../graph/substitute.js";
import { topologicalOrder } from "../../graph/walk.js";
import type { Node } from "../../types/graph.js";
import type { ModelState, ParameterRecord, Run } from "../context.js";
import { fileFrame } from "../frames.js";
import { report } from "../report.js";

/**
 * Draws have their names from the parameter that they are made for, so that one that starts from another has its very
 * numbers. What starts from itself, by way of others or not, is told and has none.
 */
export function closeInitials(run: Run, { parameters }: ModelState): void {
  const closed = new Map<string, Node | undefined>();
  const under: string[] = [];
  const close = (record: ParameterRecord): Node | undefined => {
    const { name, initial } = record.declaration;
    if (closed.has(name)) return closed.get(name);
    if (under.includes(name)) {
      reportCircle(run, record, [...under.slice(under.indexOf(name)), name]);
      return undefined;
    }
    under.push(name);
    const value = initial === undefined ? undefined : closeOne(initial);
    under.pop();
    closed.set(name, value);
    return value;
  };
  const closeOne = (initial: Node): Node | undefined => {
    const replacements = new Map<Node, Node>();
    for (const node of topologicalOrder([initial])) {
      const other = node.op === "stored" ? parameters.get(node.attributes.name) : undefined;
      if (other === undefined) continue;
      const value = close(other);
      if (value === undefined) return undefined;
      replacements.set(node, run.builder.broadcast(value, node.shape));
    }
    return substitute(run.builder, [initial], replacements)[0];
  };
  for (const [name, record] of parameters) {
    const initial = close(record);
    const { declaration } = record;
    if (initial !== declaration.initial)
      parameters.set(name, { ...record, declaration: { ...declaration, initial } });
  }
}

function reportCircle(
  run: Run,
  { declaration, place }: ParameterRecord,
  circle: readonly string[],
): void {
  report(fileFrame(run, place.unit), "NN0603", place.span, {
    message: `\`${declaration.name}\` starts from itself`,
    notes: [`the circle: ${circle.join(" → ")}`],
    hint: "give one of them a value of its own to start from: `= 0`, `~ normal(0, 0.1)`",
  });
}
