// A condition and an integer comes in; what the condition says of the integer where it holds, or where it does not, goes out.
import { splatValue } from "../../ops/broadcast.js";
import { anything, common, exactly, type Interval } from "../../scalars/intervals.js";
import { shapeEqual } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";

/** `x < 5`, `0 <= x and x < n`, `not (x < 0)` and their likes, of the very node. */
export function limitsOf(condition: Node, value: Node, holds: boolean): Interval {
  const [left, right] = condition.inputs;
  if (left === undefined) return anything;
  if (condition.op === "not") return limitsOf(left, value, !holds);
  if (right === undefined) return anything;
  if (condition.op === (holds ? "and" : "or")) {
    return common(limitsOf(left, value, holds), limitsOf(right, value, holds));
  }
  const comparison = holds ? condition.op : negated[condition.op];
  if (comparison === undefined) return anything;
  if (isValue(left, value)) return compared(comparison, numberOf(right));
  if (isValue(right, value)) return compared(mirrored[comparison] ?? comparison, numberOf(left));
  return anything;
}

const negated: Readonly<Record<string, string>> = {
  less: "greaterEqual",
  greaterEqual: "less",
  lessEqual: "greater",
  greater: "lessEqual",
  notEqual: "equal",
};

const mirrored: Readonly<Record<string, string>> = {
  less: "greater",
  greater: "less",
  lessEqual: "greaterEqual",
  greaterEqual: "lessEqual",
};

function compared(comparison: string, number: number | undefined): Interval {
  if (number === undefined) return anything;
  switch (comparison) {
    case "less":
      return { ...anything, high: number - 1 };
    case "lessEqual":
      return { ...anything, high: number };
    case "greater":
      return { ...anything, low: number + 1 };
    case "greaterEqual":
      return { ...anything, low: number };
    case "equal":
      return exactly(number);
    default:
      return anything;
  }
}

/** The same entries in the same places: of `t[:, new]` and `t[new, :]` the condition on one says nothing of the other. */
function isValue(node: Node, value: Node): boolean {
  if (node === value) return true;
  const [own, other] = [node.inputs[0], value.inputs[0]];
  const isView = node.op === "broadcast" || node.op === "reshape";
  if (!isView || node.op !== value.op || own === undefined || other === undefined) return false;
  return shapeEqual(node.shape, value.shape) && isValue(own, other);
}

function numberOf(node: Node): number | undefined {
  const [operand] = node.inputs;
  const isView = node.op === "broadcast" || node.op === "reshape";
  return isView && operand !== undefined ? numberOf(operand) : splatValue(node);
}
