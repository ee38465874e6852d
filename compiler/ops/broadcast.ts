// Shapes and element types of operands in; the shape they broadcast to, or what keeps them from it, out.

import { dimEqual, dimText, shapeText } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { ElementType, Node, NodeOf, OpName, Shape } from "../types/graph.js";
import { problem } from "./problem.js";
import type { ShapeProblem } from "./problem.js";

/** The extent at `axis`, which the caller knows to exist. */
export function extentAt(shape: Shape, axis: number): Dim {
  const extent = shape[axis];
  if (extent === undefined) throw new Error(`no axis ${axis} in ${shapeText(shape)}`);
  return extent;
}

/** The operand at `position`, which the caller knows to exist. */
export function inputAt(inputs: readonly Node[], position: number): Node {
  const input = inputs[position];
  if (input === undefined) throw new Error(`no operand ${position}`);
  return input;
}

/** A node of some op as a node of any op. */
export function anyNode<K extends OpName>(node: NodeOf<K>): Node {
  return node as Node;
}

/** The entry at `position`, which the caller knows to exist. */
export function at<T>(list: readonly T[], position: number): T {
  const entry = list[position];
  if (entry === undefined) throw new Error(`no entry ${position}`);
  return entry;
}

/** 0, 1, …, count − 1. */
export function indices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** The number that a constant repeats everywhere, if `node` is such a constant. */
export function splatValue(node: Node): number | undefined {
  if (node.op !== "constant") return undefined;
  const { values } = node.attributes;
  return values.length === 1 ? values[0] : undefined;
}

/** The list without the entries at `positions`. */
export function without<T>(list: readonly T[], positions: readonly number[]): T[] {
  return list.filter((_, index) => !positions.includes(index));
}

/** NumPy's rule: aligned at the last axis, axes are equal or one of them is 1. */
export function broadcastShapes(shapes: readonly Shape[]): Shape | ShapeProblem {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    let extent: Dim = 1;
    let from = 0;
    for (const [position, shape] of shapes.entries()) {
      const own = shape[shape.length - rank + axis];
      if (own === undefined || own === 1 || dimEqual(own, extent)) continue;
      if (extent !== 1) return disagreement(shapes, from, position, extent, own);
      extent = own;
      from = position;
    }
    result.push(extent);
  }
  return result;
}

function disagreement(
  shapes: readonly Shape[],
  first: number,
  second: number,
  left: Dim,
  right: Dim,
): ShapeProblem {
  const other = shapes[first] ?? [];
  return problem(
    "shape",
    `these shapes do not agree: an axis is ${dimText(left)} on one side and ${dimText(right)} on the other`,
    {
      expected: `a shape that fits ${shapeText(other)} (equal axes, or 1)`,
      found: shapeText(shapes[second] ?? []),
      operands: [first, second],
    },
  );
}

/** A problem unless `x` has one of `types`. */
export function wantType(
  inputs: readonly Node[],
  position: number,
  types: readonly ElementType[],
  what: string,
): ShapeProblem | undefined {
  const { type } = inputAt(inputs, position);
  if (types.includes(type)) return undefined;
  return problem("type", `${what} takes ${types.join(" or ")}, and this is ${type}`, {
    expected: types.join(" or "),
    found: type,
    operands: [position],
  });
}

/** A problem unless all operands from `first` on have one element type. */
export function wantSameType(
  inputs: readonly Node[],
  what: string,
  first = 0,
): ShapeProblem | undefined {
  const { type } = inputAt(inputs, first);
  for (let position = first + 1; position < inputs.length; position++) {
    const other = inputAt(inputs, position).type;
    if (other === type) continue;
    return problem("type", `${what} takes operands of one element type`, {
      expected: type,
      found: other,
      operands: [first, position],
    });
  }
  return undefined;
}

/** A problem unless `axis` is one of a tensor of this rank. */
export function wantAxis(
  axis: number,
  shape: Shape,
  what: string,
  operand = 0,
): ShapeProblem | undefined {
  if (Number.isInteger(axis) && axis >= 0 && axis < shape.length) return undefined;
  return problem("axis", `${what}: there is no axis ${axis} in ${shapeText(shape)}`, {
    expected: shape.length === 0 ? "a tensor with axes" : `an axis from 0 to ${shape.length - 1}`,
    found: String(axis),
    operands: [operand],
  });
}

/** A problem unless each of `axes` exists and none stands twice. */
export function wantAxes(
  axes: readonly number[],
  shape: Shape,
  what: string,
): ShapeProblem | undefined {
  for (const axis of axes) {
    const wrong = wantAxis(axis, shape, what);
    if (wrong !== undefined) return wrong;
  }
  if (new Set(axes).size === axes.length) return undefined;
  return problem("axis", `${what}: an axis stands twice in [${axes.join(", ")}]`, {
    operands: [0],
  });
}

/** A problem unless there are `count` operands. */
export function wantOperands(
  inputs: readonly Node[],
  count: number,
  what: string,
): ShapeProblem | undefined {
  if (inputs.length === count) return undefined;
  return problem("argument", `${what} takes ${count} operands, and was given ${inputs.length}`);
}
