// A node over single constants in; the constant that it is out.

import { shapeEqual } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { splatValue } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { largestReal } from "../ops/leaves.js";
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
  const values = node.inputs.map(splatValue);
  if (!values.every((value) => value !== undefined)) return undefined;
  if (lowering.kind === "identity" || isView(node)) return splat(b, node, values[0]);
  if (lowering.kind !== "pointwise") return undefined;
  const types = { operands: node.inputs.at(-1)?.type ?? node.type, result: node.type };
  return splat(b, node, evaluateScalar(lowering.op, types, values));
}

function isView(node: Node): boolean {
  switch (node.op) {
    case "reshape":
    case "transpose":
    case "broadcast":
    case "slice":
    case "flip":
    case "window":
      return true;
    case "concat":
      return node.inputs.every(
        (input) => splatValue(input) === splatValue(node.inputs[0] ?? input),
      );
    default:
      return false;
  }
}

function splat(b: GraphBuilder, node: Node, value: number | undefined): Node | undefined {
  if (value === undefined || !Number.isFinite(value) || Math.abs(value) > largestReal)
    return undefined;
  const constant = b.constant(value, node.shape, node.type);
  return shapeEqual(constant.shape, node.shape) ? constant : undefined;
}
