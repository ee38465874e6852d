// What differs between elementwise ops in; their records out: broadcasting, lift and lowering are the family's.

import type { ElementType, Node, OpName, TensorType } from "../types/graph.js";
import type { ScalarOperation } from "../scalars/record.js";
import { scalarOps } from "../scalars/table.js";
import type { ScalarOp } from "../types/nest.js";
import { broadcastShapes, wantOperands, wantSameType, wantType } from "./broadcast.js";
import { isProblem } from "./problem.js";
import type { ShapeProblem } from "./problem.js";
import type { LiftRequest, OpRule, VjpRule } from "./rule.js";

export const numbers: readonly ElementType[] = ["f32", "i32", "u32"];
export const signed: readonly ElementType[] = ["f32", "i32"];
export const real: readonly ElementType[] = ["f32"];
export const truth: readonly ElementType[] = ["bool"];
export const anyType: readonly ElementType[] = ["f32", "i32", "u32", "bool"];

export interface PointwiseSpecification<K extends OpName> {
  readonly name: string;
  readonly doc: string;
  readonly op: ScalarOp;
  readonly vjp: VjpRule<K>;
}

export function pointwise<K extends OpName>(specification: PointwiseSpecification<K>): OpRule<K> {
  const { name, doc, op } = specification;
  const { arity, takes, gives }: ScalarOperation = scalarOps[op];
  return {
    family: "pointwise",
    doc,
    shape: ({ inputs }) =>
      wantOperands(inputs, arity, name) ??
      wantType(inputs, 0, takes, name) ??
      wantSameType(inputs, name) ??
      pointwiseType(inputs, gives === "bool" ? "bool" : (inputs[0]?.type ?? "f32")),
    vjp: specification.vjp,
    lift: liftPointwise,
    lowering: { kind: "pointwise", op },
  };
}

export function pointwiseType(
  inputs: readonly Node[],
  type: ElementType,
): TensorType | ShapeProblem {
  const shape = broadcastShapes(inputs.map((input) => input.shape));
  return isProblem(shape) ? shape : { type, shape };
}

/** Lifted operands get axes of 1 behind the new axis, so that it stays in front of the broadcast shape. */
export function liftPointwise<K extends OpName>(request: LiftRequest<K>): Node {
  const { b, node, inputs, lifted, extent } = request;
  const rank = node.shape.length;
  const aligned = inputs.map((input, position) => {
    if (lifted[position] !== true) return input;
    const missing = rank - (input.shape.length - 1);
    const ones = Array.from({ length: missing }, () => 1);
    return b.reshape(input, [extent, ...ones, ...input.shape.slice(1)]);
  });
  return b.node(node.op, aligned, node.attributes);
}
