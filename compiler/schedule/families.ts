// Takes a node, gives what the op table says of its lowering, so that scheduling knows families and no op by name.
import type { ElementRun, LeafSource } from "../ops/rule.js";
import { ruleOf } from "../ops/table.js";
import { searches } from "../scalars/reductions.js";
import { elementCount } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { ContractAttributes, Node, NodeOf, OpName, ScanAttributes } from "../types/graph.js";
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

/** A reduction of whole axes, of which each element of the operand takes part in one. */
export function isPlainReduction(node: Node): boolean {
  return ruleOf(node.op).lowering.kind === "reduce" && !isSearch(node);
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
      return reducedExtents(lowering.maps(node));
    default:
      return [];
  }
}

function reducedExtents({ extents, outputRank }: ContractAttributes): readonly Dim[] {
  return extents.slice(outputRank);
}

/** Elementwise: one element in, one element out, at the same index. */
export function isPointwise(node: Node): boolean {
  const { kind } = ruleOf(node.op).lowering;
  return kind === "pointwise" || kind === "identity";
}

/** The loop that a node is, if it is one. */
export function loopOf<K extends OpName>(node: NodeOf<K>): ScanAttributes | undefined {
  const { lowering } = ruleOf<K>(node.op);
  return lowering.kind === "recurrence" ? lowering.loop(node) : undefined;
}

/** Of what a loop leaves behind: the loop, and which of its results. */
export function outcomeOf<K extends OpName>(
  node: NodeOf<K>,
): { readonly loop: Node; readonly place: number } | undefined {
  const { lowering } = ruleOf<K>(node.op);
  const [loop] = node.inputs;
  return lowering.kind === "outcome" && loop ? { loop, place: lowering.place(node) } : undefined;
}

/** A loop, or what it leaves behind: neither is computed element by element. */
export function isRecurrent(node: Node): boolean {
  const { kind } = ruleOf(node.op).lowering;
  return kind === "recurrence" || kind === "outcome";
}

/** A sum whose terms are those updates alone that name its place. */
export function isScatter(node: Node): boolean {
  return ruleOf(node.op).lowering.kind === "scatter";
}

/** How a gather uses its operands. */
function arrangementOf<K extends OpName>(node: NodeOf<K>): ArrangementFound {
  const { lowering } = ruleOf<K>(node.op);
  if (lowering.kind !== "gather") return { kind: "anyhow" };
  const { arrangement } = lowering;
  switch (arrangement.kind) {
    case "pieces":
      return { kind: "pieces", axis: arrangement.axis(node) };
    case "run":
      return { kind: "run", run: arrangement.of(node) };
    default:
      return { kind: arrangement.kind };
  }
}

type ArrangementFound =
  | { readonly kind: "anyhow" | "once" | "permuted" | "kept" | "repeated" }
  | { readonly kind: "pieces"; readonly axis: number }
  | { readonly kind: "run"; readonly run: ElementRun | undefined };

/** The axis along which the operands stand one behind the other, where the node is such pieces. */
export function piecesAxis(node: Node): number | undefined {
  const found = arrangementOf(node);
  return found.kind === "pieces" ? found.axis : undefined;
}

export function isOfPieces(node: Node): boolean {
  return piecesAxis(node) !== undefined;
}

/** Whether each element of the operands is used once in all. */
export function usesEachOnce(node: Node): boolean {
  const { kind } = arrangementOf(node);
  return kind === "once" || kind === "pieces";
}

/** Whether each element is the operand's at the same row-major position. */
export function keepsPositions(node: Node): boolean {
  return arrangementOf(node).kind === "kept";
}

/** Of a single number, that number. */
export function isSameNumber(node: Node): boolean {
  return ruleOf(node.op).lowering.kind === "identity" || keepsPositions(node);
}

/** Whether each element is one of the operand, and each of these one of its. */
export function isRearrangement(node: Node): boolean {
  const { kind } = arrangementOf(node);
  return kind === "kept" || kind === "permuted";
}

/** The run of its operand that a node is, if it is one. */
export function runOf(node: Node): ElementRun | undefined {
  const found = arrangementOf(node);
  return found.kind === "run" ? found.run : undefined;
}

/** Every element is one element of the operand, or a fill value; where it is, no buffer tells. */
export function isView(node: Node): boolean {
  const { kind } = ruleOf(node.op).lowering;
  if (kind === "take") return node.inputs.slice(1).every(isNumbered);
  return kind === "gather" && !isReducing(node);
}

/** A leaf that is told by where it is read. */
function isNumbered(node: Node): boolean {
  return leafSource(node) === "place";
}

/** Whether some elements are a fill value, so that each has to be asked which. */
export function hasFill(node: Node): boolean {
  return hasFillOf(node);
}

function hasFillOf<K extends OpName>(node: NodeOf<K>): boolean {
  const { lowering } = ruleOf<K>(node.op);
  return lowering.kind === "gather" && lowering.fill(node) !== undefined;
}

export function isLeaf(node: Node): boolean {
  return leafSource(node) !== undefined;
}

export function leafSource({ op }: Node): LeafSource | undefined {
  const { lowering } = ruleOf(op);
  return lowering.kind === "leaf" ? lowering.source : undefined;
}

/** A leaf that has a buffer already or costs nothing: every one but a draw. */
export function isGivenLeaf(node: Node): boolean {
  const source = leafSource(node);
  return source !== undefined && source !== "draw";
}

export function scalarOpOf(node: Node): ScalarOp {
  const { lowering } = ruleOf(node.op);
  if (lowering.kind !== "pointwise") throw new Error(`${node.op} is not elementwise`);
  return lowering.op;
}
