// Two nodes in; whether both are written alike out.

import { exactText } from "./exactText.js";
import type { Node } from "../types/graph.js";
import { splatValue } from "./broadcast.js";

/** Whether both are written alike: equal operations have not become one node yet. */
export function alike(left: Node, right: Node, depth = 4): boolean {
  if (left === right) return true;
  const value = splatValue(left);
  if (value !== undefined) return value === splatValue(right);
  if (depth === 0 || left.op !== right.op || left.inputs.length === 0) return false;
  if (exactText(left.attributes) !== exactText(right.attributes)) return false;
  return left.inputs.every((input, n) => {
    const other = right.inputs[n];
    return other !== undefined && alike(input, other, depth - 1);
  });
}
