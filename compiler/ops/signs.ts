// A node in; what its op says of the sign of its values, by the rules of the scalar operations that it lowers to, out.

import { scalarOps } from "../scalars/table.js";
import { givesIndex, reductionTable } from "../scalars/reductions.js";
import type { ScalarOperation } from "../scalars/record.js";
import { weakestSign, type Sign, type SignedOperand } from "../scalars/signs.js";
import { leastDim } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type { ScalarOp } from "../types/nest.js";
import { splatValue } from "./broadcast.js";
import { movementOf } from "./movement.js";
import { isAtLeastOne } from "./shifted.js";
import { ruleOf } from "./table.js";

/** How far up a sign is looked for: enough for sums of exponentials and roots of variances. */
const reach = 8;

/** Whether every value is above 0. */
export function isPositive(node: Node): boolean {
  return signOf(node, reach) === "positive";
}

/** Whether no value is below 0. */
export function neverNegative(node: Node): boolean {
  return signOf(node, reach) !== "unknown";
}

export function isNeverZero(node: Node): boolean {
  const known = splatValue(node);
  return (known !== undefined && known !== 0) || isPositive(node);
}

function signOf(node: Node, depth: number): Sign {
  const own = depth === 0 ? "unknown" : known(node, depth);
  const unsigned = node.type === "u32" || node.type === "bool";
  return own === "unknown" && unsigned ? "notNegative" : own;
}

function known(node: Node, depth: number): Sign {
  switch (node.op) {
    case "constant":
      return weakestSign(node.attributes.values.map(signOfNumber));
    case "dimension":
      return signOfNumber(leastDim(node.attributes.dim));
    case "sum":
      return isAtLeastOne(node) ? "positive" : computed(node, depth);
    case "random":
      return node.attributes.source === "uniform" ? "positive" : "unknown";
    default:
      return computed(node, depth);
  }
}

const signOfNumber = (value: number): Sign =>
  value > 0 ? "positive" : value >= 0 ? "notNegative" : "unknown";

function computed(node: Node, depth: number): Sign {
  const signsOf = (operands: readonly Node[]): Sign[] =>
    operands.map((operand) => signOf(operand, depth - 1));
  const moved = movementOf(node);
  if (moved !== undefined) {
    const fill = moved.fill === undefined ? [] : [signOfNumber(moved.fill)];
    return weakestSign([...signsOf(moved.operands), ...fill]);
  }
  const { lowering } = ruleOf(node.op);
  if (lowering.kind !== "pointwise" && lowering.kind !== "reduce") return "unknown";
  const operands = node.inputs.map((input): SignedOperand => ({
    sign: signOf(input, depth - 1),
    value: splatValue(input),
  }));
  if (lowering.kind === "pointwise") {
    const [x, y] = node.inputs;
    return lowered(node, lowering.op, operands, x === y);
  }
  if (givesIndex(lowering.combine)) return "notNegative";
  const [term] = operands;
  const step = reductionTable[lowering.combine].step;
  return term === undefined ? "unknown" : lowered(node, step, [term, term], false);
}

function lowered(
  node: Node,
  op: ScalarOp,
  operands: readonly SignedOperand[],
  isSquare: boolean,
): Sign {
  const { signs, rounds }: ScalarOperation = scalarOps[op];
  const sign = signs(operands, isSquare);
  if (node.type === "f32" || rounds === "passes") return sign;
  // Integers wrap around, and a real number above 0 may become 0.
  const from = node.inputs[0]?.type;
  const isConversion = op === "cast" && (from === "f32" || from === "bool");
  return isConversion && sign !== "unknown" ? "notNegative" : "unknown";
}
