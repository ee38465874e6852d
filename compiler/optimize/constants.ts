// A node in; what is known of its values while compiling out.

import type { Node } from "../types/graph.js";
import { splatValue } from "../ops/broadcast.js";
import { scalarOperation } from "../scalars/table.js";

/** Whether `node` is this number everywhere. */
export function isSplat(node: Node, value: number): boolean {
  return splatValue(node) === value;
}

/**
 * Whether no element can be infinite or NaN, so that 0 times it is 0: integers, constants, indices, draws, and functions
 * whose range is bounded.
 */
export function alwaysFinite(node: Node): boolean {
  if (node.type !== "f32") return true;
  switch (node.op) {
    case "constant":
    case "random":
      return true;
    case "cast":
      return node.inputs.every((input) => input.type !== "f32");
    default:
      return scalarOperation(node.op)?.finite === "always";
  }
}
