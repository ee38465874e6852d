// A scan's operands and body in; the records of the scan and of its results out.

import { dimEqual, dimText, shapeEqual, shapeText } from "../types/dimension.js";
import type { Node, NodeOf, ScanAttributes, TensorType } from "../types/graph.js";
import { at, indices, inputAt, wantOperands } from "./broadcast.js";
import { problem } from "./problem.js";
import type { ShapeProblem } from "./problem.js";
import { recurrent } from "./rule.js";
import type { OpTable } from "./rule.js";

/** The type of a `bound` leaf that stands for input `position` of a scan within its body. */
function boundType(
  input: TensorType,
  position: number,
  { carries, slices }: Pick<ScanAttributes, "carries" | "slices">,
): TensorType {
  const sliced = position >= carries && position < carries + slices;
  return sliced ? { type: input.type, shape: input.shape.slice(1) } : input;
}

function wantMatch(
  have: TensorType,
  want: TensorType,
  message: string,
  operands: readonly number[] = [],
): ShapeProblem | undefined {
  if (have.type === want.type && shapeEqual(have.shape, want.shape)) return undefined;
  return problem("shape", message, {
    expected: `${want.type}${shapeText(want.shape)}`,
    found: `${have.type}${shapeText(have.shape)}`,
    operands,
  });
}

function scanProblem(
  inputs: readonly Node[],
  attributes: ScanAttributes,
): ShapeProblem | undefined {
  const { carries, slices, constants, bound, nextCarries } = attributes;
  const count = carries + slices + constants;
  const wrong = wantOperands(inputs, count, "scan");
  if (wrong !== undefined) return wrong;
  if (bound.length !== count + 1 || nextCarries.length !== carries) {
    return problem(
      "argument",
      "a scan's body has a leaf for each operand and the step, and a next value for each carry",
    );
  }
  for (const position of indices(count)) {
    const mismatch = operandProblem(inputAt(inputs, position), position, attributes);
    if (mismatch !== undefined) return mismatch;
  }
  const step = { type: "i32", shape: [] } as const;
  return wantMatch(at(bound, count), step, "the step of a scan is an i32 scalar");
}

function operandProblem(
  input: Node,
  position: number,
  attributes: ScanAttributes,
): ShapeProblem | undefined {
  const { length, carries, slices, bound, nextCarries } = attributes;
  const sliced = position >= carries && position < carries + slices;
  const extent = input.shape[0];
  if (sliced && (extent === undefined || !dimEqual(extent, length))) {
    return problem("shape", "the tensors of a scan are equally long along the scanned axis", {
      expected: dimText(length),
      found: extent === undefined ? "a scalar" : dimText(extent),
      operands: [position],
    });
  }
  const leaf = boundType(input, position, attributes);
  const wrong = "a leaf of a scan's body has its operand's type";
  const mismatch = wantMatch(at(bound, position), leaf, wrong, [position]);
  if (mismatch !== undefined || position >= carries) return mismatch;
  const kept = "a carry keeps its shape and type from step to step";
  return wantMatch(at(nextCarries, position), input, kept, [position]);
}

/** A scan's result by index: last carries first, then stacked yields. */
function resultType(scan: NodeOf<"scan">, index: number): TensorType | ShapeProblem {
  const { nextCarries, yields, length } = scan.attributes;
  const carry = nextCarries[index];
  if (carry !== undefined) return { type: carry.type, shape: carry.shape };
  const stacked = yields[index - nextCarries.length];
  if (stacked !== undefined) return { type: stacked.type, shape: [length, ...stacked.shape] };
  return problem("argument", `a scan has no result ${index}`);
}

/** A body is a graph: compiler/autodiff/lift.ts lifts it as it lifts any other. */
function byDriver(): never {
  throw new Error("a scan is lifted with its body, by the driver");
}

export const recurrence: Pick<OpTable, "scan" | "result"> = {
  scan: {
    family: "recurrence",
    doc: "A body graph run for each slice; its results are read by `result`. The node itself is an f32 scalar without a value.",
    shape: ({ inputs, attributes }) =>
      scanProblem(inputs, attributes) ?? { type: "f32", shape: [] },
    vjp: recurrent(),
    lift: byDriver,
    lowering: { kind: "recurrence", loop: ({ attributes }) => attributes },
  },
  result: {
    family: "recurrence",
    doc: "One of a scan's results: the last carries, then the yields stacked along axis 0.",
    shape: ({ inputs, attributes }) => {
      const wrong = wantOperands(inputs, 1, "result");
      if (wrong !== undefined) return wrong;
      const scan = inputAt(inputs, 0);
      if (scan.op !== "scan") return problem("argument", "only a scan has results");
      return resultType(scan, attributes.index);
    },
    vjp: recurrent(),
    lift: byDriver,
    lowering: { kind: "outcome", place: ({ attributes }) => attributes.index },
  },
};
