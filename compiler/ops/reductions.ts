// A tensor and axes in; the records of ops that take axes away out.

import { elementCount } from "../types/dimension.js";
import type { Node, NodeOf, Shape } from "../types/graph.js";
import { reductionTable } from "../scalars/reductions.js";
import type { extremumIndexScalars, searchScalars } from "../scalars/reductions.js";
import type { Combine } from "../types/nest.js";
import type { ReductionName } from "../types/opNames.js";
import type { GraphBuilder } from "./builder.js";
import {
  at,
  indices,
  inputAt,
  wantAxes,
  wantAxis,
  wantOperands,
  wantType,
  without,
} from "./broadcast.js";
import { inOneRow, inRows, levelsOf } from "./derived/runs.js";
import { notDifferentiable, vjp } from "./rule.js";
import type { OpRule, OpTable, VjpRule } from "./rule.js";

type IndexName = keyof typeof extremumIndexScalars | keyof typeof searchScalars;

function reduction<K extends ReductionName>(specification: {
  readonly name: K;
  readonly doc: string;
  readonly vjp: VjpRule<K>;
}): OpRule<K> {
  const { name, doc } = specification;
  const { takes } = reductionTable[name];
  const combine: Combine = name;
  return {
    family: "reduction",
    doc,
    shape: ({ inputs, attributes: { axes } }) => {
      const wrong = wantOperands(inputs, 1, name) ?? wantType(inputs, 0, takes, name);
      if (wrong !== undefined) return wrong;
      const x = inputAt(inputs, 0);
      return wantAxes(axes, x.shape, name) ?? { type: x.type, shape: without(x.shape, axes) };
    },
    vjp: specification.vjp,
    lift: ({ b, node, inputs }) =>
      b.node(node.op, inputs, { axes: node.attributes.axes.map((axis) => axis + 1) }),
    lowering: { kind: "reduce", combine, axes: (node) => node.attributes.axes },
  };
}

/** To an i32 that counts along one axis. */
function indexAlong<K extends IndexName>(name: K, doc: string, reason: string): OpRule<K> {
  return {
    family: "reduction",
    doc,
    shape: ({ inputs, attributes: { axis } }) => {
      const wrong =
        wantOperands(inputs, 1, name) ?? wantType(inputs, 0, reductionTable[name].takes, name);
      if (wrong !== undefined) return wrong;
      const { shape } = inputAt(inputs, 0);
      return wantAxis(axis, shape, name) ?? { type: "i32", shape: without(shape, [axis]) };
    },
    vjp: notDifferentiable(reason),
    lift: ({ b, node, inputs }) => b.node(node.op, inputs, { axis: node.attributes.axis + 1 }),
    lowering: { kind: "reduce", combine: name, axes: (node) => [node.attributes.axis] },
  };
}

/** The shape with reduced axes left as 1. */
function kept(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
}

/** `y`, which lacks the reduced axes, with them as 1. */
function restore(b: GraphBuilder, y: Node, x: Node, axes: readonly number[]): Node {
  return b.reshape(y, kept(x.shape, axes));
}

interface FlatReduction {
  /** The operand with all reduced axes as one, the last. */
  readonly flat: Node;
  /** Takes a tensor of the shape of `flat` back to the operand's axes. */
  readonly back: (y: Node) => Node;
}

/** Several reduced axes as one last axis, in row-major order, so that "the first" is well defined. */
function flatten(b: GraphBuilder, x: Node, axes: readonly number[]): FlatReduction {
  const last = [...axes].sort((left, right) => left - right);
  const order = [...without(indices(x.shape.length), last), ...last];
  const moved = b.transpose(x, order);
  const outer = without(x.shape, last);
  const inner = elementCount(last.map((axis) => at(x.shape, axis)));
  const inverse = indices(order.length).map((axis) => order.indexOf(axis));
  return {
    flat: b.reshape(moved, [...outer, inner]),
    back: (y) => b.transpose(b.reshape(y, moved.shape), inverse),
  };
}

/** The cotangent goes whole to the first element that holds the extremum. */
function extremumVjp<K extends "max" | "min">(indexOf: "argmax" | "argmin"): VjpRule<K> {
  return vjp("some", ({ b, node, g }) => {
    const x = inputAt(node.inputs, 0);
    const { axes } = node.attributes;
    if (axes.length === 0) return [g];
    const [only] = axes;
    if (axes.length === 1 && only !== undefined) {
      const index = b.iota(x.shape, only);
      const first = restore(b, b[indexOf](x, only), x, axes);
      return [b.select(b.equal(index, first), restore(b, g, x, axes), 0)];
    }
    const { flat, back } = flatten(b, x, axes);
    const axis = flat.shape.length - 1;
    const first = restore(b, b[indexOf](flat, axis), flat, [axis]);
    const mask = b.equal(b.iota(flat.shape, axis), first);
    return [back(b.select(mask, restore(b, g, flat, [axis]), 0))];
  });
}

/**
 * ∂Πx/∂xᵢ is the product of the others, computed as such: division by xᵢ would fail at zeros, and be wrong in
 * second derivatives.
 */
function productVjp(b: GraphBuilder, node: NodeOf<"prod">, g: Node): Node {
  const x = inputAt(node.inputs, 0);
  const { flat, back } = flatten(b, x, node.attributes.axes);
  const rank = flat.shape.length;
  const levels = levelsOf(at(flat.shape, rank - 1), fewFactors, fewFactors);
  const products = productsOfOthers(b, flat, levels);
  return back(b.multiply(b.reshape(g, [...flat.shape.slice(0, -1), 1]), products));
}

/** Of so many factors each product of the others is taken by itself: so many multiplications for each. */
const fewFactors = 16;

/**
 * For each element of the last axis the product of all others: of those of its block, times that of the other blocks, which is
 * found in the same way.
 */
function productsOfOthers(b: GraphBuilder, x: Node, levels: number): Node {
  const outer = x.shape.slice(0, -1);
  const count = at(x.shape, outer.length);
  if (levels > 0) {
    const rows = inRows(b, x, fewFactors, 1);
    const ofBlocks = productsOfOthers(b, b.prod(rows, [outer.length + 1]), levels - 1);
    const within = productsOfOthers(b, rows, 0);
    const products = b.multiply(b.reshape(ofBlocks, [...ofBlocks.shape, 1]), within);
    return inOneRow(b, products, count);
  }
  const square = [...outer, count, count];
  const self = b.equal(b.iota([count, count], 0), b.iota([count, count], 1));
  const others = b.select(self, 1, b.broadcast(b.reshape(x, [...outer, 1, count]), square));
  return b.prod(others, [outer.length + 1]);
}

const integer = "a place is an integer";

export const reductions: Pick<OpTable, ReductionName | IndexName> = {
  sum: reduction({
    name: "sum",
    doc: "The sum over axes.",
    vjp: vjp("each", ({ b, node, g }) => {
      const x = inputAt(node.inputs, 0);
      return [b.broadcast(restore(b, g, x, node.attributes.axes), x.shape)];
    }),
  }),
  prod: reduction({
    name: "prod",
    doc: "The product over axes; its derivative is exact where factors are zero.",
    vjp: vjp("each", ({ b, node, g }) => [productVjp(b, node, g)]),
  }),
  max: reduction({
    name: "max",
    doc: "The largest over axes; the derivative goes to the first that is.",
    vjp: extremumVjp("argmax"),
  }),
  min: reduction({
    name: "min",
    doc: "The smallest over axes; the derivative goes to the first that is.",
    vjp: extremumVjp("argmin"),
  }),
  any: reduction({
    name: "any",
    doc: "Whether one holds at least, over axes.",
    vjp: notDifferentiable("truth values have no derivative"),
  }),
  all: reduction({
    name: "all",
    doc: "Whether all hold, over axes.",
    vjp: notDifferentiable("truth values have no derivative"),
  }),
  argmax: indexAlong(
    "argmax",
    "The place of the largest along an axis; the first wins a tie.",
    integer,
  ),
  argmin: indexAlong(
    "argmin",
    "The place of the smallest along an axis; the first wins a tie.",
    integer,
  ),
  leading: indexAlong(
    "leading",
    "How many hold along an axis on which none holds after one that does not; found by halving the axis.",
    "a count is an integer",
  ),
};
