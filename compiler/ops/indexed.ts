// A tensor and integer indices in; the records of gathering by them and of its adjoint out.

import {
  addDims,
  ceilDivideDims,
  dimEqual,
  shapeEqual,
  shapeText,
  subtractDims,
} from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Node, NodeOf, Shape } from "../types/graph.js";
import { at, extentAt, indices, inputAt, wantAxis, wantOperands, wantType } from "./broadcast.js";
import { anyType, numbers } from "./pointwise.js";
import { problem } from "./problem.js";
import type { ShapeProblem } from "./problem.js";
import { notDifferentiable, vjp } from "./rule.js";
import type { GatherRequest, LiftRequest, OpTable } from "./rule.js";

type IndexedName = "take" | "scatterAdd" | "segmentSum";

/** Axes of a take: batch…, before…, the taken axis, after…; indices: batch…, then axes that stand where the taken one was. */
interface IndexLayout {
  readonly axis: number;
  readonly batchAxes: number;
  readonly indexAxes: number;
}

function layoutOf(node: NodeOf<"take" | "scatterAdd">): IndexLayout {
  const { axis, batchAxes } = node.attributes;
  return { axis, batchAxes, indexAxes: inputAt(node.inputs, 1).shape.length - batchAxes };
}

/** A problem unless the indices are integers that share the leading `batchAxes` with `x`. */
function wantIndices(
  inputs: readonly Node[],
  attributes: { readonly axis: number; readonly batchAxes: number },
  what: string,
): ShapeProblem | undefined {
  const wrong =
    wantOperands(inputs, 2, what) ?? wantType(inputs, 1, ["i32", "u32"], `${what}: a place`);
  if (wrong !== undefined) return wrong;
  const [x, index] = [inputAt(inputs, 0).shape, inputAt(inputs, 1).shape];
  const { axis, batchAxes } = attributes;
  if (!Number.isInteger(batchAxes) || batchAxes < 0 || batchAxes > axis) {
    return problem("axis", `${what}: the batch axes stand before the axis`, { operands: [0] });
  }
  const agrees = indices(batchAxes).every((n) => {
    const [own, other] = [x[n], index[n]];
    return own !== undefined && other !== undefined && dimEqual(own, other);
  });
  if (agrees) return undefined;
  return problem("shape", `${what}: tensor and places share their first ${batchAxes} axes`, {
    expected: shapeText(x.slice(0, batchAxes)),
    found: shapeText(index.slice(0, batchAxes)),
    operands: [0, 1],
  });
}

/** The shape with the taken axis replaced by the axes of the indices. */
function takenShape(x: Shape, index: Shape, axis: number, batchAxes: number): Shape {
  return [...x.slice(0, axis), ...index.slice(batchAxes), ...x.slice(axis + 1)];
}

/** Moves the leading axis of the indices behind the other leading axes that precede the index axes. */
function moveToFront(b: LiftRequest<"take">["b"], y: Node, from: number): Node {
  const others = indices(y.shape.length).filter((axis) => axis !== from);
  return b.transpose(y, [from, ...others]);
}

function liftTake(request: LiftRequest<"take">): Node {
  const { b, node, inputs, lifted, extent } = request;
  const { axis, batchAxes } = node.attributes;
  const [x, index] = [inputAt(inputs, 0), inputAt(inputs, 1)];
  if (batchAxes === 0 && lifted[1] !== true) return b.take(x, index, axis + 1);
  if (batchAxes === 0 && lifted[0] !== true) return moveToFront(b, b.take(x, index, axis), axis);
  const all = broadcastMembers(request.b, inputs, lifted, extent);
  return b.node("take", all, { axis: axis + 1, batchAxes: batchAxes + 1 });
}

function broadcastMembers(
  b: LiftRequest<"take">["b"],
  inputs: readonly Node[],
  lifted: readonly boolean[],
  extent: Dim,
): Node[] {
  return inputs.map((input, position) =>
    lifted[position] === true ? input : b.broadcast(input, [extent, ...input.shape]),
  );
}

/** The position in the indices for an output of take, or an update of scatterAdd: batch axes, then index axes. */
function positionOfIndex<E>(whole: readonly E[], { axis, batchAxes, indexAxes }: IndexLayout): E[] {
  return [...whole.slice(0, batchAxes), ...whole.slice(axis, axis + indexAxes)];
}

/** The index into the updates: the owner's axes with the index axes in the owner's place. */
function updateIndex<E>({ out, summed, node }: GatherRequest<E, "scatterAdd">): E[] {
  const { axis } = node.attributes;
  return [...out.slice(0, axis), ...summed, ...out.slice(axis + 1)];
}

export const indexed: Pick<OpTable, IndexedName> = {
  take: {
    family: "indexed",
    doc: "Elements along an axis by integer places; a place outside counts as the nearest inside.",
    shape: ({ inputs, attributes }) => {
      const wrong =
        wantOperands(inputs, 2, "take") ??
        wantType(inputs, 0, anyType, "take") ??
        wantAxis(attributes.axis, inputAt(inputs, 0).shape, "take") ??
        wantIndices(inputs, attributes, "take");
      if (wrong !== undefined) return wrong;
      const [x, index] = [inputAt(inputs, 0), inputAt(inputs, 1)];
      const { axis, batchAxes } = attributes;
      return { type: x.type, shape: takenShape(x.shape, index.shape, axis, batchAxes) };
    },
    vjp: vjp("many", ({ b, node, g }) => {
      const { axis, batchAxes } = node.attributes;
      const [x, index] = [inputAt(node.inputs, 0), inputAt(node.inputs, 1)];
      return [b.scatterAdd(g, index, axis, extentAt(x.shape, axis), batchAxes), undefined];
    }),
    lift: liftTake,
    lowering: {
      kind: "take",
      extent: (node) => extentAt(inputAt(node.inputs, 0).shape, node.attributes.axis),
      indexAt: ({ node, out }) => positionOfIndex(out, layoutOf(node)),
      source: ({ node, out }, index) => {
        const { axis, indexAxes } = layoutOf(node);
        return [...out.slice(0, axis), index, ...out.slice(axis + indexAxes)];
      },
    },
    bounds: ({ inputs, attributes: { axis } }, knownRanges) => {
      const last = subtractDims(extentAt(inputAt(inputs, 0).shape, axis), 1);
      const known = knownRanges(inputAt(inputs, 1)) ?? [];
      return known.flatMap(({ low, high }) => [low, subtractDims(last, high)]);
    },
  },
  scatterAdd: {
    family: "indexed",
    doc: "The adjoint of take: each place is the sum of the updates that name it.",
    shape: ({ inputs, attributes }) => {
      const { axis, batchAxes, extent } = attributes;
      const wrong =
        wantOperands(inputs, 2, "scatter_add") ??
        wantType(inputs, 0, numbers, "scatter_add") ??
        wantIndices(inputs, attributes, "scatter_add");
      if (wrong !== undefined) return wrong;
      const [updates, index] = [inputAt(inputs, 0).shape, inputAt(inputs, 1).shape];
      const own = index.slice(batchAxes);
      const fits = own.every((dim, n) => {
        const other = updates[axis + n];
        return other !== undefined && dimEqual(dim, other);
      });
      if (!fits) {
        return problem(
          "shape",
          `scatter_add: updates have the axes of the places at axis ${axis}`,
          {
            expected: shapeText(own),
            found: shapeText(updates.slice(axis, axis + own.length)),
            operands: [0, 1],
          },
        );
      }
      const shape = [...updates.slice(0, axis), extent, ...updates.slice(axis + own.length)];
      return { type: inputAt(inputs, 0).type, shape };
    },
    vjp: vjp("many", ({ b, node, g }) => {
      const { axis, batchAxes } = node.attributes;
      return [b.take(g, inputAt(node.inputs, 1), axis, batchAxes), undefined];
    }),
    lift: ({ b, node, inputs, lifted, extent }) => {
      const { axis, batchAxes, extent: count } = node.attributes;
      const attributes = { axis: axis + 1, extent: count };
      if (batchAxes === 0 && lifted[1] !== true) {
        return b.node("scatterAdd", inputs, { ...attributes, batchAxes: 0 });
      }
      const all = broadcastMembers(b, inputs, lifted, extent);
      return b.node("scatterAdd", all, { ...attributes, batchAxes: batchAxes + 1 });
    },
    lowering: {
      kind: "scatter",
      extent: (node) => node.attributes.extent,
      summed: (node) => inputAt(node.inputs, 1).shape.slice(node.attributes.batchAxes),
      indexAt: ({ node, out, summed }) => [...out.slice(0, node.attributes.batchAxes), ...summed],
      owner: ({ node, out }) => at(out, node.attributes.axis),
      update: updateIndex,
    },
  },
  segmentSum: {
    family: "indexed",
    doc: "Sums of updates that are in the order of what they are added to: scatterAdd where each element reads its own updates.",
    shape: ({ inputs, attributes }) => {
      const { axis, batchAxes, extent } = attributes;
      const wrong =
        wantOperands(inputs, 3, "segment_sum") ??
        wantType(inputs, 0, numbers, "segment_sum") ??
        wantType(inputs, 1, ["i32"], "segment_sum: an order") ??
        wantType(inputs, 2, ["i32"], "segment_sum: a start") ??
        wantAxis(axis, inputAt(inputs, 0).shape, "segment_sum");
      if (wrong !== undefined) return wrong;
      const { type, shape } = inputAt(inputs, 0);
      const [order, starts] = [inputAt(inputs, 1), inputAt(inputs, 2)];
      const batch = shape.slice(0, batchAxes);
      const expected = [
        [...batch, extentAt(shape, axis)],
        [...batch, addDims(extent, 1)],
      ];
      const position = [order, starts].findIndex(
        ({ shape: found }, n) => !shapeEqual(found, expected[n] ?? []),
      );
      if (position < 0) {
        return { type, shape: [...shape.slice(0, axis), extent, ...shape.slice(axis + 1)] };
      }
      return problem(
        "shape",
        "segment_sum: an order of all updates, and a start for each sum and one more",
        {
          expected: shapeText(expected[position] ?? []),
          found: shapeText(inputAt(inputs, position + 1).shape),
          operands: [position + 1],
        },
      );
    },
    vjp: notDifferentiable("it stands for a scatterAdd after derivatives were taken"),
    lift: ({ b, node, inputs, lifted, extent }) => {
      const { axis, batchAxes, extent: sums } = node.attributes;
      const whole = { axis: axis + 1, extent: sums };
      if (batchAxes === 0 && lifted[1] !== true && lifted[2] !== true) {
        return b.node("segmentSum", inputs, { ...whole, batchAxes: 0 });
      }
      const all = broadcastMembers(b, inputs, lifted, extent);
      return b.node("segmentSum", all, { ...whole, batchAxes: batchAxes + 1 });
    },
    lowering: {
      kind: "segment",
      extent: (node) => extentAt(inputAt(node.inputs, 0).shape, node.attributes.axis),
      terms: ({ inputs, attributes }) =>
        ceilDivideDims(extentAt(inputAt(inputs, 0).shape, attributes.axis), attributes.extent),
      table: ({ node, out }, along) => [...out.slice(0, node.attributes.batchAxes), along],
      owner: ({ node, out }) => at(out, node.attributes.axis),
      update: ({ node, out }, position) => {
        const { axis } = node.attributes;
        return [...out.slice(0, axis), position, ...out.slice(axis + 1)];
      },
    },
  },
};
