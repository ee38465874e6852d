// Tensors and written types come in; whether they are of half precision, and the same tensors as what meets them reads them, go out.
import type * as ast from "../../../grammar/ast.js";
import type { GraphBuilder } from "../../ops/builder.js";
import { holdsHalves } from "../../ops/halves.js";
import type { ElementType, Node } from "../../types/graph.js";
import type { Frame } from "../context.js";
import { tensor, type Value } from "./values.js";

/** The types in which values meet: half precision is f32 whose values were rounded. */
export type MeetingType = ElementType | "f16";

/** The place of a scan's slices and carries among its leaves is not known before the body is closed; carries are kept, as states are. */
export const sliceLeaf = { index: -1 } as const;
export const carryLeaf = { index: -2 } as const;

/** A tensor of f32 insists on single precision where it was computed from data; parameters, states, carries and draws follow what they meet. */
export function insists(node: Node): boolean {
  return node.type === "f32" && !holdsHalves(node) && dependsOnData(node);
}

const known = new WeakMap<Node, boolean>();

function dependsOnData(node: Node): boolean {
  const before = known.get(node);
  if (before !== undefined) return before;
  const found = computed(node);
  known.set(node, found);
  return found;
}

function computed(node: Node): boolean {
  switch (node.op) {
    case "input":
    case "widen":
    case "half":
      return true;
    case "bound":
      return node.attributes.index !== carryLeaf.index;
    default: {
      // What is taken, or chosen, tells the digits, and not the integers that say which.
      const real = node.inputs.filter(({ type }) => type === "f32");
      const decisive = node.type === "f32" && real.length > 0 ? real : node.inputs;
      return decisive.some(dependsOnData);
    }
  }
}

/** A tensor in the type in which it meets others. Constants have all their digits: what they meet is rounded behind it. */
export function inType(builder: GraphBuilder, node: Node, type: MeetingType): Node {
  if (type === "f16") {
    if (node.op === "constant" && node.type === "f32") return node;
    return rounded(builder, builder.cast(node, "f32"));
  }
  if (type === "f32" && holdsHalves(node)) return builder.widen(node);
  return builder.cast(node, type);
}

/** To half precision. */
export function rounded(builder: GraphBuilder, node: Node): Node {
  return holdsHalves(node) ? node : builder.half(node);
}

/** In the precision of what it was made of. */
export function asOperands(builder: GraphBuilder, node: Node, operands: readonly Node[]): Node {
  if (node.type !== "f32" || !operands.some(holdsHalves) || operands.some(insists)) return node;
  return rounded(builder, node);
}

/** A tensor as a written type has it: `f16[…]` rounds, `f32[…]` widens, and `[…]` leaves what is f16 as it is. */
export function asWritten(frame: Frame, type: ast.TensorType, node: Node): Node {
  const { builder } = frame.run;
  if (type.element === "f16") return rounded(builder, node);
  const isWritten = type.element === "f32" && type.elementSpan !== undefined;
  return isWritten && holdsHalves(node) ? builder.widen(node) : node;
}

/** A value of a leaf that was declared: what is declared f16 is read so. */
export function leafValue(
  frame: Frame,
  element: ast.WrittenElementType | undefined,
  leaf: Node,
): Value {
  return tensor(element === "f16" ? rounded(frame.run.builder, leaf) : leaf);
}

/** The type to keep a value in: what is of half precision stays so in what is kept in single precision. */
export function keptType(value: Value, declared: ElementType): MeetingType {
  const isHalf = value.kind === "tensor" && holdsHalves(value.node);
  return declared === "f32" && isHalf ? "f16" : declared;
}
