// Takes a node and an index of its output, gives the scalar expression of that element, inlining everything that has no buffer.
import { givesIndex } from "../scalars/reductions.js";
import type { GatherSource } from "../ops/rule.js";
import type { Dim } from "../types/dimension.js";
import { dimEqual, elementCount } from "../types/dimension.js";
import type { ContractAttributes, Node, OpName, QuasiAffine, Shape } from "../types/graph.js";
import type { Axis, Combine, Scalar } from "../types/nest.js";
import { ruleOf } from "../ops/table.js";
import { loadFrom, positionKey, positionOf } from "./evaluation.js";
import type { EvaluationContext, Index } from "./evaluation.js";
import { keepsPositions } from "./families.js";
import { indexBuilder } from "./indexBuilder.js";
import { parameterRange } from "./parts.js";
import { unflatten } from "./reshape.js";
import type { ScalarBuilder } from "./scalars.js";
import { streamOf } from "./stream.js";

/** The element of `node` at `index`, in C order. Depth is bounded by what decisions inline into one kernel. */
export function evaluate(context: EvaluationContext, node: Node, index: Index): Scalar {
  const { k } = context;
  const key = index.map(k.id).join(",");
  let scalars = context.memo.get(node);
  if (scalars === undefined) context.memo.set(node, (scalars = new Map<string, Scalar>()));
  const known = scalars.get(key);
  if (known !== undefined) return known;
  const scalar = compute(context, node, index);
  scalars.set(key, scalar);
  return scalar;
}

function compute(context: EvaluationContext, node: Node, index: Index): Scalar {
  const { k } = context;
  const host = context.hostIndex(node);
  if (host !== undefined) return host;
  const place = context.placeOf(node, index);
  if (place !== undefined)
    return loadFrom(k, place, positionOf(context, node.shape, index), node.type);
  return inline(context, node, index);
}

/** The element computed from the operands, whether or not the node has a buffer. */
export function inline(context: EvaluationContext, node: Node, index: Index): Scalar {
  const rule = ruleOf(node.op);
  const { lowering } = rule;
  switch (lowering.kind) {
    case "leaf":
      return leaf(context, node, index);
    case "identity":
      return evaluate(context, operandOf(node, 0), index);
    case "pointwise": {
      const operands = node.inputs.map((input) =>
        evaluate(context, input, alignIndex(context.k, input.shape, node.shape, index)),
      );
      if (lowering.op === "cast" && operands[0]?.type === node.type) return operands[0];
      return context.k.op(lowering.op, node.type, ...operands);
    }
    case "reduce":
      return reduce(context, node, index, lowering.combine, lowering.axes(node));
    case "gather":
      return gather(context, node, index, lowering);
    case "take":
      return take(context, node, index, lowering);
    case "scatter":
      return scatter(context, node, index, lowering);
    case "segment":
      return segment(context, node, index, lowering);
    case "contract":
      return contract(context, node, index, lowering.maps(node));
    case "recurrence":
    case "outcome":
      throw new Error(`${node.op} has no loop nest yet`);
  }
}

function operandOf(node: Node, position: number): Node {
  const input = node.inputs[position];
  if (input === undefined) throw new Error(`${node.op} lacks operand ${position}`);
  return input;
}

function leaf(context: EvaluationContext, node: Node, index: Index): Scalar {
  const { k } = context;
  switch (node.op) {
    case "constant": {
      const [value] = node.attributes.values;
      if (node.attributes.values.length !== 1 || value === undefined) {
        throw new Error("a constant of several values needs a buffer");
      }
      return k.literal(value, node.type);
    }
    case "iota":
      return k.op("cast", node.type, index[node.attributes.axis] ?? k.index(0));
    case "dimension": {
      const dim = k.dim(node.attributes.dim);
      return k.op("cast", node.type, dim);
    }
    case "random": {
      const at = k.add(firstOfTurn(context, node), positionOf(context, node.shape, index));
      return k.random(node.attributes.source, k.stream(streamOf(node.attributes.path)), at);
    }
    default: {
      const recurrence = context.turnOf(node);
      if (recurrence !== undefined) return k.op("cast", node.type, k.turn(recurrence));
      throw new Error(`the leaf ${node.op} has no buffer`);
    }
  }
}

/** Each turn draws numbers of its own: as of a tensor that holds those of all turns. */
function firstOfTurn({ k, drawnIn }: EvaluationContext, draw: Node): Scalar {
  const turn = drawnIn(draw).reduce<Scalar>(
    (count, recurrence) => k.add(k.multiply(count, k.dim(recurrence.length)), k.turn(recurrence)),
    k.index(0),
  );
  return k.multiply(turn, k.dim(elementCount(draw.shape)));
}

/**
 * Row-major position; strides may depend on free dimensions. The index along an axis of 1 counts as 0 whatever expression it
 * is: where a guard protects it, that may be 0 under the guard alone.
 */
/** The operand's index under broadcasting. */
function alignIndex(k: ScalarBuilder, operand: Shape, output: Shape, index: Index): Index {
  const missing = output.length - operand.length;
  return operand.map((extent, axis) => {
    const along = index[axis + missing] ?? k.index(0);
    return dimEqual(extent, output[axis + missing] ?? 1) ? along : k.index(0);
  });
}

function reduce(
  context: EvaluationContext,
  node: Node,
  index: Index,
  combine: Combine,
  reduced: readonly number[],
): Scalar {
  const operand = operandOf(node, 0);
  const axes: Axis[] = [];
  let kept = 0;
  const inner = operand.shape.map((extent, axis) => {
    if (!reduced.includes(axis)) return index[kept++] ?? context.k.index(0);
    const made = context.newAxis(extent);
    axes.push(made);
    return context.k.axis(made);
  });
  const value = evaluate(context, operand, inner);
  const positional = givesIndex(combine);
  const loops = positional ? axes : axes.filter((axis) => axis.extent !== 1);
  if (loops.length === 0) return value;
  return context.k.reduce(combine, node.type, loops, value);
}

type LoweringOf<K extends string> = Extract<
  ReturnType<typeof ruleOf<OpName>>["lowering"],
  { kind: K }
>;

function gather(
  context: EvaluationContext,
  node: Node,
  index: Index,
  lowering: LoweringOf<"gather">,
): Scalar {
  const { k } = context;
  if (keepsPositions(node)) {
    const operand = operandOf(node, 0);
    return evaluateReshaped(context, operand, node.shape, index);
  }
  const parameter = parameterRange(node);
  if (parameter !== undefined) {
    const { stored, start } = parameter;
    const { buffer } = context.placeOf(stored, index) ?? { buffer: 0 };
    const at = k.add(positionOf(context, node.shape, index), k.offset(buffer, start));
    return k.load(buffer, at, stored.type);
  }
  const axes = lowering.summed(node).map((extent) => context.newAxis(extent));
  const request = {
    k: indexBuilder(k),
    node,
    out: index,
    summed: axes.map((axis) => k.axis(axis)),
  };
  const fill = k.literal(lowering.fill(node) ?? 0, node.type);
  const sources: readonly GatherSource<Scalar>[] = lowering.sources(request);
  const value = sources.reduceRight<Scalar>((otherwise, source) => {
    const element = evaluate(context, operandOf(node, source.operand), source.index);
    return source.guard === undefined ? element : choose(k, source.guard, element, otherwise);
  }, fill);
  const loops = axes.filter((axis) => axis.extent !== 1);
  return loops.length === 0 ? value : k.reduce("sum", node.type, loops, value);
}

function choose(k: ScalarBuilder, condition: Scalar, value: Scalar, otherwise: Scalar): Scalar {
  if (condition.kind === "literal") return condition.value !== 0 ? value : otherwise;
  return k.guard(condition, value, otherwise);
}

/** A reshaped operand with a buffer is read at the same row-major position; otherwise its index is computed. */
function evaluateReshaped(
  context: EvaluationContext,
  operand: Node,
  shape: Shape,
  index: Index,
): Scalar {
  const { k } = context;
  const inner = unflatten(k, shape, operand.shape, index);
  const position = positionOf(context, shape, index);
  const place = context.hostIndex(operand) ? undefined : context.placeOf(operand, inner);
  if (place !== undefined) return loadFrom(k, place, position, operand.type);
  context.positions.set(positionKey(k, operand.shape, inner), position);
  return evaluate(context, operand, inner);
}

function clampIndex(
  { k, turnOf }: EvaluationContext,
  node: Node,
  index: Scalar,
  extent: Dim,
): Scalar {
  const recurrence = turnOf(node);
  if (recurrence !== undefined && dimEqual(recurrence.length, extent)) return k.turn(recurrence);
  const least = k.op("maximum", "index", k.op("cast", "index", index), k.index(0));
  return k.op("minimum", "index", least, k.subtract(k.dim(extent), k.index(1)));
}

function take(
  context: EvaluationContext,
  node: Node,
  index: Index,
  lowering: LoweringOf<"take">,
): Scalar {
  const { k } = context;
  const request = { k: indexBuilder(k), node, out: index, summed: [] };
  const chosen = evaluate(context, operandOf(node, 1), lowering.indexAt(request));
  const clamped = clampIndex(context, operandOf(node, 1), chosen, lowering.extent(node));
  return evaluate(context, operandOf(node, 0), lowering.source(request, clamped));
}

function scatter(
  context: EvaluationContext,
  node: Node,
  index: Index,
  lowering: LoweringOf<"scatter">,
): Scalar {
  const { k } = context;
  const axes = lowering.summed(node).map((extent) => context.newAxis(extent));
  const summed = axes.map((axis) => k.axis(axis));
  const request = { k: indexBuilder(k), node, out: index, summed };
  const chosen = evaluate(context, operandOf(node, 1), lowering.indexAt(request));
  const clamped = clampIndex(context, operandOf(node, 1), chosen, lowering.extent(node));
  const owns = k.op("equal", "bool", clamped, lowering.owner(request));
  const update = evaluate(context, operandOf(node, 0), lowering.update(request));
  const value = k.guard(owns, update, k.literal(0, node.type));
  const loops = axes.filter((axis) => axis.extent !== 1);
  return loops.length === 0 ? value : k.reduce("sum", node.type, loops, value);
}

/** The conditions on `k` become the bounds of its loop, so that an element costs its own updates only. */
function segment(
  context: EvaluationContext,
  node: Node,
  index: Index,
  lowering: LoweringOf<"segment">,
): Scalar {
  const { k } = context;
  const axis = context.newAxis(lowering.extent(node));
  const at = k.axis(axis);
  const request = { k: indexBuilder(k), node, out: index, summed: [] };
  const owner = lowering.owner(request);
  const bound = (along: Scalar): Scalar =>
    k.op("cast", "index", evaluate(context, operandOf(node, 2), lowering.table(request, along)));
  const from = k.op("lessEqual", "bool", bound(owner), at);
  const below = k.op("less", "bool", at, bound(k.add(owner, k.index(1))));
  const order = evaluate(context, operandOf(node, 1), lowering.table(request, at));
  const position = k.op("cast", "index", order);
  const update = evaluate(context, operandOf(node, 0), lowering.update(request, position));
  const zero = k.literal(0, node.type);
  const own = k.op("and", "bool", from, below);
  return k.reduce("sum", node.type, [axis], k.guard(own, update, zero), lowering.terms(node));
}

function contract(
  context: EvaluationContext,
  node: Node,
  index: Index,
  { extents, outputRank, left, right }: ContractAttributes,
): Scalar {
  const { k } = context;
  const axes = extents.slice(outputRank).map((extent) => context.newAxis(extent));
  const indices = [...index, ...axes.map((axis) => k.axis(axis))];
  const a = mapIndex(k, left, operandOf(node, 0).shape, indices);
  const b = mapIndex(k, right, operandOf(node, 1).shape, indices);
  const product = k.op(
    "multiply",
    node.type,
    evaluate(context, operandOf(node, 0), a.index),
    evaluate(context, operandOf(node, 1), b.index),
  );
  const guard = k.both(a.guard, b.guard);
  const zero = k.literal(0, node.type);
  const value = guard === undefined ? product : choose(k, guard, product, zero);
  const loops = axes.filter((axis) => axis.extent !== 1);
  return loops.length === 0 ? value : k.reduce("sum", node.type, loops, value);
}

/** Operand indices of a contraction, and the condition under which they exist (undefined: always). */
function mapIndex(
  k: ScalarBuilder,
  maps: readonly QuasiAffine[],
  shape: Shape,
  indices: Index,
): { index: Scalar[]; guard: Scalar | undefined } {
  let guard: Scalar | undefined;
  const require = (condition: Scalar): void => {
    guard = k.both(guard, condition);
  };
  const index = maps.map((map, axis) => {
    const extent = shape[axis] ?? 1;
    const sum = map.terms.reduce<Scalar>(
      (total, term) =>
        k.add(total, k.multiply(indices[term.axis] ?? k.index(0), k.index(term.coefficient))),
      k.dim(map.offset),
    );
    const { low, high } = k.range(sum);
    if (low < 0) require(k.op("lessEqual", "bool", k.index(0), sum));
    const top = typeof extent === "number" ? extent * map.divisor : Infinity;
    if (!(high < top) && !spansExactly(map, extent, indices)) {
      const limit = k.multiply(k.dim(extent), k.index(map.divisor));
      require(k.op("less", "bool", sum, limit));
    }
    if (map.divisor === 1) return sum;
    const rest = k.op("modulo", "index", sum, k.index(map.divisor));
    require(k.op("equal", "bool", rest, k.index(0)));
    return k.divide(sum, k.index(map.divisor));
  });
  return { index, guard };
}

/** A single axis of the very extent of the operand's never leaves it. */
function spansExactly(map: QuasiAffine, extent: Dim, indices: Index): boolean {
  const [term] = map.terms;
  if (map.terms.length !== 1 || map.offset !== 0 || map.divisor !== 1) return false;
  if (term?.coefficient !== 1) return false;
  const along = indices[term.axis];
  if (along?.kind !== "axis") return false;
  return dimEqual(along.axis.extent, extent);
}
