// A node over single constants in; the constant that it is out.

import { shapeEqual } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { splatValue } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { fitsReal } from "../ops/leaves.js";
import { movementOf } from "../ops/movement.js";
import { ruleOf } from "../ops/table.js";
import { evaluateScalar } from "../scalars/evaluate.js";

/**
 * Elementwise ops of numbers that fill their shapes. Reals are computed in double precision and rounded once, when they
 * are printed; a result that no f32 holds is left for the device. Only such splats are made: a constant of several values
 * would need memory.
 */
export function fold(b: GraphBuilder, node: Node): Node | undefined {
  const { lowering } = ruleOf(node.op);
  if (node.inputs.length === 0) return undefined;
  const moved = movementOf(node);
  if (moved !== undefined) {
    const [value, ...others] = moved.operands.map(splatValue);
    const alike = [...others, moved.fill ?? value].every((other) => other === value);
    return alike ? splat(b, node, value) : undefined;
  }
  const values = node.inputs.map(splatValue);
  if (lowering.kind !== "pointwise" || !values.every((value) => value !== undefined)) {
    return undefined;
  }
  const types = { operands: node.inputs.at(-1)?.type ?? node.type, result: node.type };
  return splat(b, node, evaluateScalar(lowering.op, types, values));
}

function splat(b: GraphBuilder, node: Node, value: number | undefined): Node | undefined {
  if (value === undefined || !fitsReal(value)) return undefined;
  const constant = b.constant(value, node.shape, node.type);
  return shapeEqual(constant.shape, node.shape) ? constant : undefined;
}
