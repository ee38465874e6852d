// A node and where its cotangent can differ from zero in; where those of its operands can, and parts of them without what branches not taken hold, out.

import type { Node, NodeOf, OpName, QuasiAffine, Shape } from "../types/graph.js";
import { at, indices, inputAt, splatValue, without } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { movementOf } from "../ops/movement.js";
import { isNeverZero } from "../ops/signs.js";
import { ruleOf } from "../ops/table.js";
import type { ScalarOperation } from "../scalars/record.js";
import { scalarOperation, scalarOps } from "../scalars/table.js";
import { literal, mapConditions, maskOf, restrictedTo, within } from "./reach.js";
import type { Reach } from "./reach.js";
import { unbroadcast } from "./unbroadcast.js";

/**
 * Where the operand at `position` is used, given where the node is. A choice uses each branch where it takes it. Every
 * other elementwise op uses its operands where it is used itself, and what else is linear hands truth values down as it
 * does cotangents.
 */
export function reachOfOperand(b: GraphBuilder, node: Node, reach: Reach, position: number): Reach {
  const input = inputAt(node.inputs, position);
  const own = choice(b, node, reach, position);
  if (own === "everywhere" || input.inputs.length === 0) return "everywhere";
  if (ruleOf(node.op).family === "pointwise") return fitted(b, node, own, input.shape);
  return transported(b, node, own, position);
}

function choice<K extends OpName>(
  b: GraphBuilder,
  node: NodeOf<K>,
  reach: Reach,
  position: number,
): Reach {
  const { vjp } = ruleOf<K>(node.op);
  if (vjp.kind !== "rule" || vjp.usage.kind !== "chosen") return reach;
  const { condition, holds } = vjp.usage.taken(b, node, position);
  return within(reach, literal(condition, holds));
}

/**
 * Conditions over fewer elements than the node's: any of those that share one. A condition computed from the node itself cannot
 * have been written to guard what the node was computed from; it is left out, as reducing it would cost for nothing.
 */
function fitted(b: GraphBuilder, node: Node, reach: Reach, shape: Shape): Reach {
  const fits = (condition: Node): boolean => repeatedAxes(condition.shape, shape).length === 0;
  const kept = restrictedTo(b, reach, (one) => fits(one) || !dependsOn(one, node));
  // Leading axes of 1, which the operand lacks, go: what takes the operand's shape on would not fit them.
  const bare = (condition: Node): Node =>
    b.reshape(condition, condition.shape.slice(Math.max(0, condition.shape.length - shape.length)));
  if (kept === "everywhere" || kept.every((term) => term.every((one) => fits(one.condition))))
    return mapConditions(kept, bare);
  const mask = maskOf(b, kept);
  if (mask === undefined) return kept;
  const any = b.any(mask, repeatedAxes(mask.shape, shape), true);
  const extra = Math.max(0, any.shape.length - shape.length);
  return [[literal(b.reshape(any, any.shape.slice(extra)), true)]];
}

/** Axes of `from` along which a tensor of `shape` repeats, aligned at the last axis. */
function repeatedAxes(from: Shape, shape: Shape): number[] {
  const offset = from.length - shape.length;
  return indices(from.length).filter(
    (axis) => at(from, axis) !== 1 && (axis < offset || at(shape, axis - offset) === 1),
  );
}

/** Whether `node` computes from `source`. Breadth first, as conditions mostly stand right behind what they look at. */
function dependsOn(node: Node, source: Node): boolean {
  const met = new Set<Node>([node]);
  for (const one of met) {
    if (one === source) return true;
    for (const input of one.inputs) met.add(input);
  }
  return false;
}

function transported(b: GraphBuilder, node: Node, reach: Reach, position: number): Reach {
  const { vjp } = ruleOf(node.op);
  if (vjp.kind !== "rule") return "everywhere";
  switch (vjp.usage.kind) {
    case "each":
      // Conditions stay apart, so that they may cancel.
      return mapConditions(reach, (condition) => handedDown(b, node, condition, position));
    case "some":
      return asOne(b, node, reach, position);
    case "many": {
      const apart = restrictedTo(b, reach, (condition) => !dependsOn(condition, node));
      return asOne(b, node, apart, position);
    }
    case "elementwise":
    case "chosen":
      return reach;
  }
}

function asOne(b: GraphBuilder, node: Node, reach: Reach, position: number): Reach {
  const mask = maskOf(b, reach);
  if (mask === undefined) return reach;
  return [[literal(handedDown(b, node, mask, position), true)]];
}

/** Whether the condition holds at one of the elements that an element of the operand goes to. */
function handedDown(b: GraphBuilder, node: Node, condition: Node, position: number): Node {
  const mask = b.broadcast(condition, node.shape);
  if (node.op === "contract") return throughContraction(b, node, mask, position);
  if (node.op === "reshape") return b.reshape(mask, inputAt(node.inputs, position).shape);
  const linear = node.op === "prod" ? b.node("sum", node.inputs, node.attributes) : node;
  return b.notEqual(cotangentOf(b, linear, b.cast(mask, "f32"), position), 0);
}

/** The rule's own part for one operand. */
function cotangentOf<K extends OpName>(
  b: GraphBuilder,
  node: NodeOf<K>,
  g: Node,
  position: number,
): Node {
  const { vjp } = ruleOf(node.op);
  if (vjp.kind !== "rule") throw new Error(`${node.op} hands nothing down`);
  const needs = node.inputs.map((_, n) => n === position);
  const part = vjp.build({ b, node, g, needs, isNeverZero })[position] ?? b.constant(0, []);
  return unbroadcast(b, part, inputAt(node.inputs, position).shape);
}

/** Where one of the products that an element of the operand takes part in is used. */
function throughContraction(
  b: GraphBuilder,
  node: NodeOf<"contract">,
  mask: Node,
  position: number,
): Node {
  const { attributes, inputs } = node;
  const { shape } = inputAt(inputs, position);
  const axes = (position === 0 ? attributes.left : attributes.right).map(bareAxis);
  if (axes.every((axis) => axis !== undefined)) {
    const read = axes.filter((axis) => axis >= 0 && axis < attributes.outputRank);
    const own = [...new Set(read)];
    const ascending = [...own].sort((p, q) => p - q);
    const any = b.any(mask, without(indices(attributes.outputRank), own));
    const ordered = b.transpose(
      any,
      own.map((axis) => ascending.indexOf(axis)),
    );
    return b.reshape(
      ordered,
      shape.map((extent, n) => (own.includes(at(axes, n)) ? extent : 1)),
    );
  }
  const ones = inputs.map((input) => b.constant(1, input.shape));
  const counted = { ...node, inputs: ones };
  return b.notEqual(cotangentOf(b, counted, b.cast(mask, "f32"), position), 0);
}

/** The iteration axis that an entry is; −1 for an operand axis of extent 1. */
function bareAxis({ terms, offset, divisor }: QuasiAffine): number | undefined {
  if (offset !== 0 || divisor !== 1 || terms.length > 1) return undefined;
  const [term] = terms;
  if (term === undefined) return -1;
  return term.coefficient === 1 ? term.axis : undefined;
}

/**
 * The node as its rule should see it: a contraction multiplies cotangents with its operands and sums, so these must be finite
 * where no product is used.
 */
export function guardedNode(b: GraphBuilder, node: Node, reach: Reach): Node {
  if (node.op !== "contract" || reach === "everywhere") return node;
  const inputs = node.inputs.map((input, position) => {
    if (isFinite(input)) return input;
    const mask = maskOf(b, reachOfOperand(b, node, reach, position));
    return mask === undefined ? input : b.select(mask, input, 0);
  });
  return inputs.every((input, n) => input === node.inputs[n]) ? node : { ...node, inputs };
}

/** The part of an operand's cotangent, zero where the node is not used, though the factor may be infinite there. */
export function guardedPart(
  b: GraphBuilder,
  request: { readonly node: Node; readonly reach: Reach; readonly g: Node; readonly part: Node },
): Node {
  const { node, reach, g, part } = request;
  const { family } = ruleOf(node.op);
  if (reach === "everywhere" || (family !== "pointwise" && node.op !== "prod")) return part;
  if (vanishesWith(g, part)) return part;
  const own = family === "pointwise" ? reach : reachOfOperand(b, node, reach, 0);
  const mask = maskOf(b, own);
  return mask === undefined ? part : b.select(mask, part, 0);
}

/** How far a part is looked into. */
const depth = 6;

/** Whether `part` is zero wherever `g` is, as no factor on the way can be infinite. */
function vanishesWith(g: Node, part: Node, left = depth): boolean {
  if (part === g || splatValue(part) === 0) return true;
  if (left === 0) return false;
  const vanishes = (input: Node): boolean => vanishesWith(g, input, left - 1);
  const moved = keepsPlaces(part) ? movementOf(part) : undefined;
  if (moved !== undefined) return (moved.fill ?? 0) === 0 && moved.operands.every(vanishes);
  const { lowering } = ruleOf(part.op);
  if (lowering.kind !== "pointwise") return false;
  const { zero }: ScalarOperation = scalarOps[lowering.op];
  const others = (at: number): readonly Node[] => part.inputs.filter((_, n) => n !== at);
  switch (zero) {
    case "all":
      return part.inputs.every(vanishes);
    case "choices":
      return others(0).every(vanishes);
    case "any":
      return part.inputs.some(
        (input, n) => vanishes(input) && others(n).every((one) => isFinite(one)),
      );
    case "first":
      return (
        vanishes(inputAt(part.inputs, 0)) &&
        others(0).every((one) => isFinite(one) && isNeverZero(one))
      );
    case "none":
      return false;
  }
}

/** Whether what stands at an element is what stands at the same element of an operand, or at the one that repeats there. */
function keepsPlaces<K extends OpName>(node: NodeOf<K>): boolean {
  const { lowering } = ruleOf<K>(node.op);
  if (lowering.kind === "identity") return true;
  if (lowering.kind !== "gather") return false;
  return lowering.arrangement.kind === "kept" || lowering.arrangement.kind === "repeated";
}

/** Whether no element is infinite or NaN: data and parameters are checked, and some ops keep it so. */
function isFinite(node: Node, left = depth): boolean {
  if (node.type !== "f32" || node.inputs.length === 0) return true;
  const moved = movementOf(node);
  const finite =
    moved === undefined
      ? (scalarOperation(node.op)?.finite ?? "no") !== "no"
      : Number.isFinite(moved.fill ?? 0);
  const sources = moved?.operands ?? node.inputs;
  return finite && left > 0 && sources.every((source) => isFinite(source, left - 1));
}
