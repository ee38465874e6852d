// Two tensors and quasi-affine index maps in; the record of their contraction out: matrix products, convolutions, and both's derivatives.

import { dimText, multiplyDims } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { ContractAttributes, QuasiAffine, Shape } from "../types/graph.js";
import { at, inputAt, wantOperands, wantType } from "./broadcast.js";
import { adjointMaps } from "./adjoint.js";
import { real } from "./pointwise.js";
import { problem } from "./problem.js";
import type { ShapeProblem } from "./problem.js";
import { vjp } from "./rule.js";
import type { IndexBuilder, LiftRequest, OpRule } from "./rule.js";
import type { Node } from "../types/graph.js";

/** The map entry of a bare iteration axis. */
export function axisEntry(axis: number): QuasiAffine {
  return { terms: [{ axis, coefficient: 1 }], offset: 0, divisor: 1 };
}

/** The map entry of an operand axis of extent 1. */
export const onlyEntry: QuasiAffine = { terms: [], offset: 0, divisor: 1 };

function wantMap(
  map: readonly QuasiAffine[],
  shape: Shape,
  rank: number,
  operand: number,
): ShapeProblem | undefined {
  const fits =
    map.length === shape.length &&
    map.every(
      ({ terms, divisor }) =>
        Number.isInteger(divisor) &&
        divisor >= 1 &&
        terms.every(({ axis }) => Number.isInteger(axis) && axis >= 0 && axis < rank),
    );
  if (fits) return undefined;
  return problem("axis", "a contraction maps every axis of its operands to iteration axes", {
    operands: [operand],
  });
}

/** The entry with one more iteration axis in front. */
function shifted(entry: QuasiAffine): QuasiAffine {
  const terms = entry.terms.map(({ axis, coefficient }) => ({ axis: axis + 1, coefficient }));
  return { ...entry, terms };
}

function liftContract({ b, node, inputs, lifted, extent }: LiftRequest<"contract">): Node {
  const { extents, outputRank, left, right } = node.attributes;
  const map = (entries: readonly QuasiAffine[], mark: boolean | undefined): QuasiAffine[] => [
    ...(mark === true ? [axisEntry(0)] : []),
    ...entries.map(shifted),
  ];
  return b.node("contract", inputs, {
    extents: [extent, ...extents],
    outputRank: outputRank + 1,
    left: map(left, lifted[0]),
    right: map(right, lifted[1]),
  });
}

export const contraction: OpRule<"contract"> = {
  family: "contraction",
  doc: "out[o…] = Σ over r… of left[leftMap(o, r)] · right[rightMap(o, r)].",
  shape: ({ inputs, attributes }) => {
    const { extents, outputRank, left, right } = attributes;
    const wrong =
      wantOperands(inputs, 2, "a product") ??
      wantType(inputs, 0, real, "a product") ??
      wantType(inputs, 1, real, "a product") ??
      wantMap(left, inputAt(inputs, 0).shape, extents.length, 0) ??
      wantMap(right, inputAt(inputs, 1).shape, extents.length, 1);
    if (wrong !== undefined) return wrong;
    return { type: "f32", shape: extents.slice(0, outputRank) };
  },
  vjp: vjp(({ b, node, g, needs }) => {
    const [left, right] = [inputAt(node.inputs, 0), inputAt(node.inputs, 1)];
    return [
      needs[0] === true
        ? b.contract(g, right, adjointMaps(node.attributes, left.shape, right.shape))
        : undefined,
      needs[1] === true
        ? b.contract(g, left, adjointMaps(swapped(node.attributes), right.shape, left.shape))
        : undefined,
    ];
  }),
  lift: liftContract,
  lowering: { kind: "contract" },
};

function swapped(attributes: ContractAttributes): ContractAttributes {
  return { ...attributes, left: attributes.right, right: attributes.left };
}

export interface EntryIndex<E> {
  readonly index: E;
  /** Holds where the index is one of the operand; undefined where it always is. */
  readonly guard: E | undefined;
}

/**
 * The index of one operand axis for given iteration indices. Bounds that follow from the extents of the iteration
 * axes are not checked again.
 */
export function quasiAffineIndex<E>(
  k: IndexBuilder<E>,
  entry: QuasiAffine,
  iteration: { readonly indices: readonly E[]; readonly extents: Shape },
  extent: Dim,
): EntryIndex<E> {
  const { terms, offset, divisor } = entry;
  let sum: E | undefined;
  for (const { axis, coefficient } of terms) {
    const own = at(iteration.indices, axis);
    const scaled = coefficient === 1 ? own : k.multiply(own, coefficient);
    sum = sum === undefined ? scaled : k.add(sum, scaled);
  }
  if (sum === undefined) sum = k.constant(offset);
  else if (offset !== 0) sum = k.add(sum, k.constant(offset));
  const bounds = entryBounds(entry, iteration.extents);
  const guards: E[] = [];
  if (bounds === undefined || bounds.lowest < 0) guards.push(k.lessEqual(k.constant(0), sum));
  if (!staysBelow(entry, bounds, iteration.extents, extent)) {
    guards.push(k.less(sum, k.constant(multiplyDims(divisor, extent))));
  }
  if (divisor > 1) guards.push(k.equal(k.modulo(sum, divisor), k.constant(0)));
  return {
    index: divisor === 1 ? sum : k.divide(sum, divisor),
    guard: guards.length === 0 ? undefined : guards.reduce((left, right) => k.and(left, right)),
  };
}

/** The range of the sum before division, where it is known; `highest` only where all extents are numbers. */
function entryBounds(
  { terms, offset }: QuasiAffine,
  extents: Shape,
): { readonly lowest: number; readonly highest: number | undefined } | undefined {
  if (typeof offset !== "number") return undefined;
  let lowest = offset;
  let highest: number | undefined = offset;
  for (const { axis, coefficient } of terms) {
    const extent = at(extents, axis);
    if (typeof extent === "number") {
      const reach = coefficient * (extent - 1);
      if (coefficient < 0) lowest += reach;
      else if (highest !== undefined) highest += reach;
    } else {
      if (coefficient < 0) return undefined;
      highest = undefined;
    }
  }
  return { lowest, highest };
}

function staysBelow(
  { terms, offset, divisor }: QuasiAffine,
  bounds: { readonly highest: number | undefined } | undefined,
  extents: Shape,
  extent: Dim,
): boolean {
  if (bounds?.highest !== undefined && typeof extent === "number") {
    return bounds.highest < divisor * extent;
  }
  // A bare axis of the operand's own (free) extent.
  const [only] = terms;
  return (
    terms.length === 1 &&
    only?.coefficient === 1 &&
    offset === 0 &&
    divisor === 1 &&
    dimText(at(extents, only.axis)) === dimText(extent)
  );
}
