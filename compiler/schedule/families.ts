// Takes a node, gives what the op table says of its lowering, so that scheduling knows families and no op by name.
import { ruleOf } from "../ops/table.js";
import { searches } from "../scalars/reductions.js";
import { elementCount } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type { ScalarOp } from "../types/nest.js";

/** Nodes that loop over more than their own elements. */
export function isReducing(node: Node): boolean {
  const { lowering } = ruleOf(node.op);
  switch (lowering.kind) {
    case "reduce":
    case "contract":
    case "scatter":
    case "segment":
      return true;
    case "gather":
      return summedExtents(node).some((extent) => extent !== 1);
    default:
      return false;
  }
}

/** Nodes that read where another tensor says, whose elements stand where theirs do. */
export function isTake(node: Node): boolean {
  return ruleOf(node.op).lowering.kind === "take";
}

/** Nodes that look at a few elements of the axis that they count along. */
export function isSearch(node: Node): boolean {
  const { lowering } = ruleOf(node.op);
  return lowering.kind === "reduce" && searches(lowering.combine);
}

/** How many terms one element of a node has; those of a sum by loaded bounds on average. */
export function termsOf(node: Node): Dim {
  const { lowering } = ruleOf(node.op);
  return lowering.kind === "segment" ? lowering.terms(node) : elementCount(summedExtents(node));
}

/** Extents of the axes that one element of a node is a sum (or other reduction) over. */
export function summedExtents(node: Node): readonly Dim[] {
  const { lowering } = ruleOf(node.op);
  switch (lowering.kind) {
    case "reduce":
      return lowering.axes(node).map((axis) => node.inputs[0]?.shape[axis] ?? 1);
    case "gather":
    case "scatter":
      return lowering.summed(node);
    case "segment":
      return [lowering.extent(node)];
    case "contract":
      return node.op === "contract"
        ? node.attributes.extents.slice(node.attributes.outputRank)
        : [];
    default:
      return [];
  }
}

/** Elementwise: one element in, one element out, at the same index. */
export function isPointwise(node: Node): boolean {
  const { kind } = ruleOf(node.op).lowering;
  return kind === "pointwise" || kind === "identity";
}

/** Every element is one element of the operand, or a fill value. */
export function isView(node: Node): boolean {
  const { kind } = ruleOf(node.op).lowering;
  return kind === "gather" && !isReducing(node);
}

export function isLeaf(node: Node): boolean {
  return ruleOf(node.op).lowering.kind === "leaf";
}

/** A leaf that has a buffer already or costs nothing: every one but a draw. */
export function isGivenLeaf(node: Node): boolean {
  return isLeaf(node) && node.op !== "random";
}

export function scalarOpOf(node: Node): ScalarOp {
  const { lowering } = ruleOf(node.op);
  if (lowering.kind !== "pointwise") throw new Error(`${node.op} is not elementwise`);
  return lowering.op;
}
