// A tensor of integers comes in; the inputs whose values it holds unchanged, and the range of everything else in it, go out.
import { topologicalOrder } from "../../graph/walk.js";
import { movementOf } from "../../ops/movement.js";
import type { Node, OpName } from "../../types/graph.js";
import { limitsOf } from "./guards.js";

/** What of a tensor's entries comes from where. */
export interface Flow {
  /** Given inputs whose values arrive as they are. */
  readonly inputs: ReadonlySet<string>;
  /** The least and the largest of all other entries; the least is above the largest where there are none. */
  readonly low: number;
  readonly high: number;
}

/** What is known of an input: how many classes it has, and whether its values are given. */
export interface Source {
  readonly categories: number | undefined;
  readonly source: { readonly kind: "given" | "drawn" | "computed" };
}

const nothing: Flow = { inputs: new Set(), low: Infinity, high: -Infinity };
const anything: Flow = { inputs: new Set(), low: -Infinity, high: Infinity };
const between = (low: number, high: number): Flow => ({ inputs: new Set(), low, high });

type SourceOf = (name: string) => Source | undefined;

/** Entries of integers, followed back through what moves them as they are, and through what is known to bound them. */
export function flowOf(root: Node, sourceOf: SourceOf): Flow {
  const steps = new Map<Node, Step>();
  const stepOf = (node: Node): Step => {
    const step = steps.get(node) ?? stepAt(node, sourceOf);
    steps.set(node, step);
    return step;
  };
  const flows = new Map<Node, Flow>();
  for (const node of topologicalOrder([root], (one) => stepOf(one).operands)) {
    const { operands, flow } = stepOf(node);
    const own = flow(operands.map((operand) => flows.get(operand) ?? anything));
    flows.set(node, node.type === "u32" ? { ...own, low: Math.max(0, own.low) } : own);
  }
  return flows.get(root) ?? anything;
}

/** The operands that a node's entries depend on, and what theirs make of its own. */
interface Step {
  readonly operands: readonly Node[];
  readonly flow: (parts: readonly Flow[]) => Flow;
}

function stepAt(node: Node, sourceOf: SourceOf): Step {
  if (node.type === "bool") return known(between(0, 1));
  if (node.type === "f32") return known(anything);
  const moved = movementOf(node);
  if (moved !== undefined) {
    const fill = moved.fill === undefined ? [] : [between(moved.fill, moved.fill)];
    return { operands: moved.operands, flow: (parts) => hull([...parts, ...fill]) };
  }
  switch (node.op) {
    case "constant":
      return known(hull(node.attributes.values.map((value) => between(value, value))));
    case "iota":
      return known(below(node.shape[node.attributes.axis]));
    case "argmax":
    case "argmin":
      return known(below(node.inputs[0]?.shape[node.attributes.axis]));
    case "input":
      return known(ofInput(node.attributes.name, sourceOf(node.attributes.name)));
    case "cast":
      return node.inputs[0]?.type === "f32"
        ? known(anything)
        : { operands: node.inputs, flow: hull };
    case "select":
      return chosen(node);
    default:
      return computed(node);
  }
}

const known = (flow: Flow): Step => ({ operands: [], flow: () => flow });

/** Each of the two under what the condition says of it: `if t < n then t else 0`. */
function chosen({ inputs: [condition, ...choices] }: Node): Step {
  return {
    operands: choices,
    flow: (parts) =>
      hull(
        choices.map((choice, at) => {
          const { low, high } = closed(parts[at] ?? anything);
          if (condition === undefined) return between(low, high);
          const limits = limitsOf(condition, choice, at === 0);
          const least = choice.type === "u32" ? Math.max(0, low) : low;
          return between(Math.max(least, limits.low), Math.min(high, limits.high));
        }),
      ),
  };
}

/** Arithmetic of two integers that bounds its result. */
function computed(node: Node): Step {
  const bounds = boundsOf(node.op);
  if (bounds === undefined) return known(anything);
  return {
    operands: node.inputs,
    flow: ([left = anything, right = anything]) => bounds(closed(left), closed(right)),
  };
}

function boundsOf(op: OpName): ((left: Flow, right: Flow) => Flow) | undefined {
  switch (op) {
    case "minimum":
      return (left, right) =>
        between(Math.min(left.low, right.low), Math.min(left.high, right.high));
    case "maximum":
      return (left, right) =>
        between(Math.max(left.low, right.low), Math.max(left.high, right.high));
    case "modulo":
      return (_, right) => (right.low > 0 ? between(0, right.high - 1) : anything);
    default:
      return undefined;
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
