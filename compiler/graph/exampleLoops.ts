// Takes a loop over a body and how examples flow into its operands, gives how they flow into each of its outcomes.
import { topologicalOrder } from "./walk.js";
import { dimEqual } from "../types/dimension.js";
import type { Node, ScanAttributes } from "../types/graph.js";
import { countsExamples } from "./exampleIndex.js";
import type { ExampleFlow, ExampleFlows } from "./exampleIndex.js";

const mix: ExampleFlow = { kind: "mixed" };

/** The flows into the nodes that lead to `roots`, those of `given` nodes being known. */
type FlowsOf = (roots: readonly Node[], given: ReadonlyMap<Node, ExampleFlow>) => ExampleFlows;

/**
 * Examples stay apart where each turn keeps them apart and leaves them in the carries along the axis where it finds them. A number
 * about the set within a turn would have to be known before the next: all is mixed then.
 */
export function loopFlows(
  { length, carries, slices, bound, nextCarries, yields }: ScanAttributes,
  operands: readonly ExampleFlow[],
  flowsOf: FlowsOf,
): readonly ExampleFlow[] {
  const outcomes = [...nextCarries, ...yields];
  const mixed = outcomes.map(() => mix);
  if (countsExamples(length)) return mixed;
  const given = new Map<Node, ExampleFlow>();
  bound.forEach((leaf, at) => {
    const flow = operands[at] ?? { kind: "free" };
    given.set(leaf, at >= carries && at < carries + slices ? ofSlice(flow) : flow);
  });
  const flows = flowsOf(outcomes, given);
  const inside = topologicalOrder(outcomes).map((node) => flows.get(node) ?? mix);
  if (inside.some(({ kind }) => kind === "mixed" || kind === "combined")) return mixed;
  const kept = bound.slice(0, carries).every((leaf, at) => {
    const [before, next] = [given.get(leaf), nextCarries[at]];
    return before && next && areSame(before, flows.get(next) ?? mix);
  });
  if (!kept) return mixed;
  return outcomes.map((node, at) => {
    const flow = flows.get(node) ?? mix;
    return at < carries ? flow : stacked(flow);
  });
}

/** Of what is sliced along its first axis. */
function ofSlice(flow: ExampleFlow): ExampleFlow {
  if (flow.kind !== "each") return flow;
  return flow.axis === 0 ? mix : { ...flow, axis: flow.axis - 1 };
}

function stacked(flow: ExampleFlow): ExampleFlow {
  return flow.kind === "each" ? { ...flow, axis: flow.axis + 1 } : flow;
}

function areSame(one: ExampleFlow, other: ExampleFlow): boolean {
  if (one.kind !== "each" || other.kind !== "each") return one.kind === other.kind;
  return one.axis === other.axis && dimEqual(one.entries, other.entries);
}
