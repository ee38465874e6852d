// Values over a whole set, and how examples flow in them, in; what can be computed when out: sweep 0, whole set 0, sweep 1, ….
import { topologicalOrder } from "../graph/walk.js";
import { movementOf } from "../ops/movement.js";
import { elementCount, expectedSize } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { bringsExamples, countsExamplesIn, examplesOf } from "../graph/examples.js";
import type { ExampleFlows } from "../graph/examples.js";

/** Where a value is computed: in each batch, or once, with the set as the batch. */
export type Context = "batch" | "set";

/**
 * What one program hands to a later one: `combined` from the batches' results, `kept` for every example, or computed from
 * these for the `whole` set at once.
 */
export type HeldKind = "combined" | "kept" | "whole";

export interface Levels {
  readonly flows: ExampleFlows;
  /** Whether a node's value comes from another program where this context reads it. */
  readonly heldKind: (node: Node, context: Context) => HeldKind | undefined;
  /** The level at which a node can be computed in this context. */
  readonly levelOf: (node: Node, context: Context) => number;
}

export function levelsOf(roots: readonly Node[]): Levels {
  const flows = examplesOf(roots);
  const { bringing, derived } = dependents(roots, flows);
  const heldKind = (node: Node, context: Context): HeldKind | undefined => {
    const flow = flows.get(node);
    if (flow?.kind === "combined") return "combined";
    const holds = (one: Node): HeldKind | undefined => {
      if (countsExamplesIn(one)) {
        const own = context === "set" && flows.get(one)?.kind === "each" && bringing.has(one);
        return own ? "kept" : undefined;
      }
      const met = flows.get(one)?.kind === "mixed";
      return met || (context === "batch" && derived.has(one)) ? "whole" : undefined;
    };
    const kind = holds(node);
    return kind !== undefined && narrowerView(node, (one) => holds(one) ?? undefined, flows)
      ? undefined
      : kind;
  };
  const known = { batch: new Map<Node, number>(), set: new Map<Node, number>() };
  const levelOf = (node: Node, context: Context): number => {
    const before = known[context].get(node);
    if (before !== undefined) return before;
    const level = Math.max(
      0,
      ...heldBelow(node, (one) => heldKind(one, context)).map(({ node: one, kind }) => {
        const own = levelOf(one, kind === "whole" ? "set" : "batch");
        return context === "batch" ? own + 1 : own;
      }),
    );
    known[context].set(node, level);
    return level;
  };
  return { flows, heldKind, levelOf };
}

/** The held values nearest below a node. */
function heldBelow(
  node: Node,
  heldKind: (node: Node) => HeldKind | undefined,
): { readonly node: Node; readonly kind: HeldKind }[] {
  const order = topologicalOrder([node], (one) =>
    one !== node && heldKind(one) !== undefined ? [] : one.inputs,
  );
  return order.flatMap((one) => {
    const kind = one === node ? undefined : heldKind(one);
    return kind === undefined ? [] : [{ node: one, kind }];
  });
}

interface Dependents {
  /** What depends on examples. */
  readonly bringing: ReadonlySet<Node>;
  /**
   * Free of examples, but computed from a number about the set, or drawn: once for the set, not in each batch, where it might
   * cost as much as the batch or be drawn anew.
   */
  readonly derived: ReadonlySet<Node>;
}

function dependents(roots: readonly Node[], flows: ExampleFlows): Dependents {
  const bringing = new Set<Node>();
  const derived = new Set<Node>();
  for (const node of topologicalOrder(roots)) {
    const kind = flows.get(node)?.kind;
    if (bringsExamples(node) || node.inputs.some((one) => bringing.has(one))) bringing.add(node);
    const ofSet = (one: Node): boolean =>
      derived.has(one) || (!countsExamplesIn(one) && flows.get(one)?.kind !== "free");
    if (kind === "free" && (node.op === "random" || node.inputs.some(ofSet))) derived.add(node);
  }
  return { bringing, derived };
}

/** Whether a node only shows again what a smaller operand holds, so that holding the operand is enough. */
function narrowerView(
  node: Node,
  holds: (node: Node) => HeldKind | undefined,
  flows: ExampleFlows,
): boolean {
  const [operand, more] = node.inputs;
  if (operand === undefined || more !== undefined || movementOf(node) === undefined) return false;
  const held = flows.get(operand)?.kind === "combined" || holds(operand) !== undefined;
  return held && sizeOf(operand) <= sizeOf(node);
}

const sizeOf = ({ shape }: Node): number => expectedSize(elementCount(shape), {});
