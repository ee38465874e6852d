// A node in; whether all its values are numbers of half precision, out: read from the nodes that round, and the ops that pass on what they are given.

import { scalarOps } from "../scalars/table.js";
import type { Node } from "../types/graph.js";
import { movementOf } from "./movement.js";

/** `neutral` are constants that half precision holds: they go with either. */
type Digits = "half" | "neutral" | "other";

const known = new WeakMap<Node, Digits>();

/** Whether every value was rounded to half precision: such a tensor of f32 is what the language calls f16. */
export function holdsHalves(node: Node): boolean {
  return digitsOf(node) === "half";
}

/** Whether half precision has this very number. */
export function isHalfNumber(value: number): boolean {
  return scalarOps.half.value(value, 0, 0) === value;
}

function digitsOf(node: Node): Digits {
  const before = known.get(node);
  if (before !== undefined) return before;
  const digits = node.type === "f32" ? computed(node) : "other";
  known.set(node, digits);
  return digits;
}

function computed(node: Node): Digits {
  switch (node.op) {
    case "half":
      return "half";
    case "constant":
      return node.attributes.values.every(isHalfNumber) ? "neutral" : "other";
    // What follows is of single precision, whatever its values.
    case "widen":
      return "other";
    case "select":
      return together(node.inputs.slice(1));
    case "negate":
    case "abs":
    case "minimum":
    case "maximum":
    case "min":
    case "max":
      return together(node.inputs);
    default:
      return moved(node);
  }
}

function moved(node: Node): Digits {
  const movement = movementOf(node);
  if (movement === undefined || !isHalfNumber(movement.fill ?? 0)) return "other";
  return together(movement.operands);
}

function together(operands: readonly Node[]): Digits {
  const all = new Set(operands.map(digitsOf));
  if (all.has("other")) return "other";
  return all.has("half") ? "half" : "neutral";
}
