// A node over views in; one view for several, or none where the op broadcasts by itself, out.

import { addDims, dimEqual, multiplyDims, shapeEqual } from "../types/dimension.js";
import type { Node, NodeOf } from "../types/graph.js";
import { at, broadcastShapes, indices, inputAt, splatValue } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { isProblem } from "../ops/problem.js";
import { ruleOf } from "../ops/table.js";

export function mergeViews(b: GraphBuilder, node: Node): Node | undefined {
  const [x] = node.inputs;
  if (x === undefined) return undefined;
  switch (node.op) {
    case "reshape":
      return mergeReshape(b, node, x);
    case "transpose":
      return mergeTranspose(b, node, x);
    case "broadcast":
      return mergeBroadcast(b, node, x);
    case "slice":
      return mergeSlice(b, node, x);
    case "flip":
      return x.op === "flip" ? flips(b, node, x) : undefined;
    default:
      if (ruleOf(node.op).lowering.kind !== "pointwise") return undefined;
      return node.inputs.length === 1 ? beforeBroadcast(b, node, x) : dropBroadcasts(b, node);
  }
}

function mergeReshape(b: GraphBuilder, node: NodeOf<"reshape">, x: Node): Node | undefined {
  if (shapeEqual(x.shape, node.shape)) return x;
  return x.op === "reshape" ? b.reshape(inputAt(x.inputs, 0), node.shape) : undefined;
}

function mergeTranspose(b: GraphBuilder, node: NodeOf<"transpose">, x: Node): Node | undefined {
  const { permutation } = node.attributes;
  if (permutation.every((axis, position) => axis === position)) return x;
  if (x.op === "transpose") {
    const inner = x.attributes.permutation;
    return b.transpose(
      inputAt(x.inputs, 0),
      permutation.map((axis) => at(inner, axis)),
    );
  }
  // Axes of 1 move freely: if the others keep their order, elements do too.
  const moved = permutation.filter((axis) => at(x.shape, axis) !== 1);
  const ordered = moved.every((axis, position) => position === 0 || at(moved, position - 1) < axis);
  return ordered ? b.reshape(x, node.shape) : undefined;
}

function mergeBroadcast(b: GraphBuilder, node: NodeOf<"broadcast">, x: Node): Node | undefined {
  if (shapeEqual(x.shape, node.shape)) return x;
  if (x.op === "broadcast") return b.broadcast(inputAt(x.inputs, 0), node.shape);
  if (x.op !== "reshape") return undefined;
  // Leading axes of 1 come by themselves.
  const source = inputAt(x.inputs, 0);
  const ones = x.shape.length - source.shape.length;
  const leading = ones > 0 && x.shape.slice(0, ones).every((extent) => extent === 1);
  const same = leading && shapeEqual(x.shape.slice(ones), source.shape);
  return same ? b.broadcast(source, node.shape) : undefined;
}

/** An op of one operand is computed before the operand is repeated. */
function beforeBroadcast(b: GraphBuilder, node: Node, x: Node): Node | undefined {
  if (x.op !== "broadcast") return undefined;
  return b.broadcast(b.node(node.op, [inputAt(x.inputs, 0)], node.attributes), node.shape);
}

function mergeSlice(b: GraphBuilder, node: NodeOf<"slice">, x: Node): Node | undefined {
  const { starts, counts, steps } = node.attributes;
  const whole = counts.every((count, axis) => dimEqual(count, at(x.shape, axis)));
  if (whole && starts.every((start) => start === 0)) return x;
  if (x.op !== "slice") return undefined;
  const inner = x.attributes;
  const axes = indices(counts.length);
  return b.slice(
    inputAt(x.inputs, 0),
    axes.map((axis) =>
      addDims(at(inner.starts, axis), multiplyDims(at(inner.steps, axis), at(starts, axis))),
    ),
    counts,
    axes.map((axis) => at(inner.steps, axis) * at(steps, axis)),
  );
}

/** An axis flipped twice is not flipped. */
function flips(b: GraphBuilder, outer: NodeOf<"flip">, inner: NodeOf<"flip">): Node {
  const [left, right] = [outer.attributes.axes, inner.attributes.axes];
  const once = [
    ...left.filter((axis) => !right.includes(axis)),
    ...right.filter((axis) => !left.includes(axis)),
  ];
  return b.flip(inputAt(inner.inputs, 0), once);
}

/** Operands without broadcasting, and constants as scalars, as long as the result keeps its shape. */
function dropBroadcasts(b: GraphBuilder, node: Node): Node | undefined {
  let changed = false;
  const inputs = [...node.inputs];
  for (const [position, input] of node.inputs.entries()) {
    const smaller = smallerOperand(b, input);
    if (smaller === undefined) continue;
    const shapes = inputs.map((other, n) => (n === position ? smaller.shape : other.shape));
    const shape = broadcastShapes(shapes);
    if (isProblem(shape) || !shapeEqual(shape, node.shape)) continue;
    inputs[position] = smaller;
    changed = true;
  }
  return changed ? b.node(node.op, inputs, node.attributes) : undefined;
}

function smallerOperand(b: GraphBuilder, input: Node): Node | undefined {
  if (input.op === "broadcast") return inputAt(input.inputs, 0);
  const value = splatValue(input);
  return value !== undefined && input.shape.length > 0
    ? b.constant(value, [], input.type)
    : undefined;
}
