// Two tensors in; their matrix product as one contraction out: batch axes broadcast, vectors as in NumPy.

import { dimEqual, dimText, shapeText, type Dim } from "../../types/dimension.js";
import type { ContractAttributes, Node, QuasiAffine, Shape } from "../../types/graph.js";
import { at, broadcastShapes, extentAt, indices } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { axisEntry, onlyEntry } from "../contraction.js";
import { isProblem } from "../problem.js";
import { factorsAt } from "./arguments.js";
import { define, fail, parameter } from "./primitive.js";
import type { Primitive } from "./primitive.js";

export function matmul(name: string): Primitive {
  return define(name, {
    doc: "The matrix product: contracts the last axis of the left side with the last but one of the right.",
    parameters: [parameter("a", "tensor"), parameter("b", "tensor")],
    expand: (call) => matrixProduct(call.b, ...factorsAt(call, 0, 1)),
  });
}

/** A vector on the left is a row, one on the right a column; its axis of 1 does not appear in the result. */
function matrixProduct(b: GraphBuilder, left: Node, right: Node): Node {
  wantFactor(left, 0);
  wantFactor(right, 1);
  const contracted = extentAt(left.shape, left.shape.length - 1);
  const opposite = extentAt(right.shape, Math.max(right.shape.length - 2, 0));
  if (!dimEqual(contracted, opposite)) disagree(left.shape, right.shape);
  return b.contract(left, right, productMaps(left.shape, right.shape));
}

function wantFactor(factor: Node, position: number): void {
  if (factor.shape.length > 0) return;
  fail("shape", "a matrix product takes vectors and matrices; for a number use *", {
    expected: "one axis at least",
    found: "[]",
    operands: [position],
  });
}

function disagree(left: Shape, right: Shape): never {
  const [last, opposite] = [left.at(-1) ?? 1, right.at(-2) ?? right.at(-1) ?? 1];
  const which = right.length === 1 ? "the only one" : "the last but one";
  const hint = agreeing(left, right);
  return fail(
    "shape",
    `these shapes do not agree: the last axis of the left side is ${dimText(last)}, ${which} of the right is ${dimText(opposite)}`,
    { operands: [0, 1], ...(hint === undefined ? {} : { hint }) },
  );
}

/** How the same matrices would agree. */
function agreeing(left: Shape, right: Shape): string | undefined {
  if (left.length < 2 || right.length < 2) return undefined;
  const same = (one: Dim | undefined, other: Dim | undefined): boolean =>
    one !== undefined && other !== undefined && dimEqual(one, other);
  if (same(right.at(-1), left.at(-2))) {
    return "the other way round they agree: what is multiplied stands left of its weights, `x @ W`";
  }
  const matrix = right.length === 2 && same(left.at(-1), right.at(-1));
  return matrix ? "its transpose agrees: `x @ transpose(W, [1, 0])`" : undefined;
}

function productMaps(left: Shape, right: Shape): ContractAttributes {
  const leftBatch = left.slice(0, -2);
  const rightBatch = right.slice(0, -2);
  const batch = broadcastShapes([leftBatch, rightBatch]);
  if (isProblem(batch)) {
    const [own, other] = [shapeText(leftBatch), shapeText(rightBatch)];
    return fail(
      "shape",
      `these shapes do not agree: the axes before the last two are ${own} on the left, ${other} on the right`,
      { operands: [0, 1] },
    );
  }
  const rows = left.length > 1 ? [extentAt(left, left.length - 2)] : [];
  const columns = right.length > 1 ? [extentAt(right, right.length - 1)] : [];
  const output = [...batch, ...rows, ...columns];
  const inner = axisEntry(output.length);
  return {
    extents: [...output, extentAt(left, left.length - 1)],
    outputRank: output.length,
    left: [...batchMap(leftBatch, batch), ...rows.map(() => axisEntry(batch.length)), inner],
    right: [
      ...batchMap(rightBatch, batch),
      inner,
      ...columns.map(() => axisEntry(batch.length + rows.length)),
    ],
  };
}

/** Batch axes align at the last; one that is 1 and repeats stays at its only index. */
function batchMap(own: Shape, batch: Shape): QuasiAffine[] {
  const missing = batch.length - own.length;
  return indices(own.length).map((axis) =>
    at(own, axis) === 1 && at(batch, axis + missing) !== 1 ? onlyEntry : axisEntry(axis + missing),
  );
}
