// A tensor and two numbers come in; what data of the inputs whose values it holds unchanged are held to goes out.
import { movementOf } from "../../ops/movement.js";
import type { Node } from "../../types/graph.js";
import type { ModelState } from "../context.js";

/** Data of inputs that arrive unchanged, or as another type, lie from `low` to `high`; classes and truth values say for themselves. */
export function holdDataWithin(model: ModelState, root: Node, [low, high]: Bounds): void {
  for (const name of inputsBehind(root)) {
    const declaration = model.inputs.get(name)?.declaration;
    if (declaration === undefined || declaration.source.kind !== "given") continue;
    if (declaration.categories !== undefined || declaration.type === "bool") continue;
    const [least, most] = model.bounds.get(name) ?? [low, high];
    model.bounds.set(name, [Math.max(low, least), Math.min(high, most)]);
  }
}

type Bounds = readonly [number, number];

function inputsBehind(root: Node): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set<Node>();
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.op === "input") found.add(node.attributes.name);
    else open.push(...(node.op === "cast" ? node.inputs : (movementOf(node)?.operands ?? [])));
  }
  return found;
}
