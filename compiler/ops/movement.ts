// A node in; the operands whose entries its own are, unchanged, out: read from what the op table says of its lowering.

import type { Node, NodeOf, OpName } from "../types/graph.js";
import { inputAt } from "./broadcast.js";
import { ruleOf } from "./table.js";

/** Each entry of a node is an entry of one of the operands, or the fill. */
export interface Movement {
  readonly operands: readonly Node[];
  /** Undefined where every entry comes from an operand. */
  readonly fill: number | undefined;
}

/** Where a view, a gather or an op that gives its operand as it is takes its entries; undefined for all that compute. */
export function movementOf<K extends OpName>(node: NodeOf<K>): Movement | undefined {
  const { lowering } = ruleOf<K>(node.op);
  switch (lowering.kind) {
    case "identity":
      return { operands: node.inputs, fill: undefined };
    case "take":
      return { operands: [inputAt(node.inputs, 0)], fill: undefined };
    case "gather":
      if (lowering.summed(node).length > 0) return undefined;
      return { operands: node.inputs, fill: lowering.fill(node) };
    default:
      return undefined;
  }
}
