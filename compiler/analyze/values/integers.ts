// A tensor of integers comes in; the inputs whose values it holds unchanged, and the range of everything else in it, go out.
import { topologicalOrder } from "../../graph/walk.js";
import type { Node } from "../../types/graph.js";

/** What of a tensor's entries comes from where. */
export interface Flow {
  /** Given inputs whose values arrive as they are. */
  readonly inputs: ReadonlySet<string>;
  /** The least and the largest of all other entries; the least is above the largest where there are none. */
  readonly low: number;
  readonly high: number;
}

/** What is known of an input: how many classes it has, and whether its values are given. */
interface Source {
  readonly categories: number | undefined;
  readonly source: { readonly kind: "given" | "drawn" | "computed" };
}

const nothing: Flow = { inputs: new Set(), low: Infinity, high: -Infinity };
const anything: Flow = { inputs: new Set(), low: -Infinity, high: Infinity };
const between = (low: number, high: number): Flow => ({ inputs: new Set(), low, high });

/** Entries of integers, followed back through what leaves them as they are: views, gathers, casts between integers. */
export function flowOf(root: Node, sourceOf: (name: string) => Source | undefined): Flow {
  const flows = new Map<Node, Flow>();
  for (const node of topologicalOrder([root], followed)) {
    const parts = followed(node).map((operand) => flows.get(operand) ?? anything);
    const flow = flowThrough(node, parts, sourceOf);
    flows.set(node, node.type === "u32" ? { ...flow, low: Math.max(0, flow.low) } : flow);
  }
  return flows.get(root) ?? anything;
}

/** The operands whose entries a node's own come from. */
function followed(node: Node): readonly Node[] {
  switch (node.op) {
    case "cast":
      return node.inputs.filter(({ type }) => type !== "f32");
    case "take":
      return node.inputs.slice(0, 1);
    case "select":
      return node.inputs.slice(1);
    case "reshape":
    case "transpose":
    case "broadcast":
    case "slice":
    case "flip":
    case "window":
    case "concat":
    case "pad":
    case "minimum":
    case "maximum":
    case "modulo":
    case "stopGradient":
      return node.type === "f32" ? [] : node.inputs;
    default:
      return [];
  }
}

function flowThrough(
  node: Node,
  parts: readonly Flow[],
  sourceOf: (name: string) => Source | undefined,
): Flow {
  if (node.type === "bool") return between(0, 1);
  const [first = anything, second = anything] = parts.map(closed);
  switch (node.op) {
    case "constant":
      return hull(node.attributes.values.map((value) => between(value, value)));
    case "iota":
      return below(node.shape[node.attributes.axis]);
    case "argmax":
    case "argmin":
      return below(node.inputs[0]?.shape[node.attributes.axis]);
    case "input":
      return ofInput(node.attributes.name, sourceOf(node.attributes.name));
    case "cast":
    case "take":
    case "reshape":
    case "transpose":
    case "broadcast":
    case "slice":
    case "flip":
    case "window":
    case "concat":
    case "stopGradient":
      return parts.length === 0 ? anything : hull(parts);
    case "pad":
      return hull([...parts, between(node.attributes.value, node.attributes.value)]);
    case "select":
      return hull([first, second]);
    case "minimum":
      return between(Math.min(first.low, second.low), Math.min(first.high, second.high));
    case "maximum":
      return between(Math.max(first.low, second.low), Math.max(first.high, second.high));
    case "modulo":
      return second.low > 0 ? between(0, second.high - 1) : anything;
    default:
      return anything;
  }
}

/** An input of classes is checked by them; what a model computes or draws is nothing that a host could check. */
function ofInput(name: string, source: Source | undefined): Flow {
  const given = { ...nothing, inputs: new Set([name]) };
  if (source === undefined || source.categories !== undefined) return given;
  return source.source.kind === "given" ? given : { ...anything, inputs: given.inputs };
}

/** Behind arithmetic and choices an input's values are no longer its own: a guard may have changed them. */
function closed(flow: Flow): Flow {
  return flow.inputs.size === 0 ? flow : anything;
}

function below(extent: Node["shape"][number] | undefined): Flow {
  return between(0, typeof extent === "number" ? extent - 1 : Infinity);
}

function hull(parts: readonly Flow[]): Flow {
  return {
    inputs: new Set(parts.flatMap(({ inputs }) => [...inputs])),
    low: Math.min(...parts.map(({ low }) => low)),
    high: Math.max(...parts.map(({ high }) => high)),
  };
}
