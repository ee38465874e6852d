// Values over a free dimension in; how its entries flow into each of their nodes, as examples do along the batch, out.
import type { Dim } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { batchName, type ExampleFlow, type ExampleFlows } from "./exampleIndex.js";
import { examplesOf } from "./examples.js";
import { topologicalOrder } from "./walk.js";

/**
 * The flows of the same graph, in which the dimension is called as the one that counts examples, and that by another name. Of
 * `given` nodes the flow is taken as it is.
 */
export function flowsAlong(
  dimension: string,
  roots: readonly Node[],
  given: ReadonlyMap<Node, ExampleFlow>,
): ExampleFlows {
  const rename = renamer(dimension);
  const flows = examplesOf(
    roots.map(rename),
    new Map([...given].map(([node, flow]) => [rename(node), flow])),
  );
  const found = new Map<Node, ExampleFlow>();
  for (const node of topologicalOrder(roots)) {
    const flow = flows.get(rename(node));
    if (flow !== undefined) found.set(node, flow);
  }
  return found;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Copies nodes, those of bodies too, with free dimensions renamed in shapes and attributes; for reading, not to be compiled. */
function renamer(dimension: string): (node: Node) => Node {
  const made = new Map<Node, Node>();
  const nameOf = (name: string): string =>
    name === dimension ? batchName : name === batchName ? `${batchName} of before` : name;
  const data = (value: unknown): unknown => {
    if (!isObject(value)) return value;
    if (Array.isArray(value)) return value.map(data);
    if ("op" in value) return rename(value as Node);
    const entries = Object.entries(value).map(([key, part]) => [key, data(part)]);
    const copy = Object.fromEntries(entries) as { kind?: unknown; name?: unknown };
    return copy.kind === "free" && typeof copy.name === "string"
      ? { ...copy, name: nameOf(copy.name) }
      : copy;
  };
  const rename = (root: Node): Node => {
    for (const node of topologicalOrder([root], (one) => (made.has(one) ? [] : one.inputs))) {
      if (made.has(node)) continue;
      const inputs = node.inputs.map((input) => made.get(input) ?? input);
      const shape = data(node.shape) as readonly Dim[];
      made.set(node, { ...node, inputs, shape, attributes: data(node.attributes) } as Node);
    }
    return made.get(root) ?? root;
  };
  return rename;
}
