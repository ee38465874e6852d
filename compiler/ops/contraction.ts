// Two tensors and quasi-affine index maps in; the record of their contraction out: matrix products, convolutions, and both's derivatives.

import type { ContractAttributes, Node, QuasiAffine, Shape } from "../types/graph.js";
import { subtractDims } from "../types/dimension.js";
import { extentAt, inputAt, wantOperands, wantSameType, wantType } from "./broadcast.js";
import { adjointMaps } from "./adjoint.js";
import { numbers } from "./pointwise.js";
import { problem } from "./problem.js";
import type { ShapeProblem } from "./problem.js";
import { vjp } from "./rule.js";
import type { LiftRequest, OpRule } from "./rule.js";

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
      wantType(inputs, 0, numbers, "a product") ??
      wantSameType(inputs, "a product") ??
      wantMap(left, inputAt(inputs, 0).shape, extents.length, 0) ??
      wantMap(right, inputAt(inputs, 1).shape, extents.length, 1);
    if (wrong !== undefined) return wrong;
    return { type: inputAt(inputs, 0).type, shape: extents.slice(0, outputRank) };
  },
  vjp: vjp("many", ({ b, node, g, needs }) => {
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
  lowering: { kind: "contract", maps: ({ attributes }) => attributes },
  bounds: ({ attributes: { extents, outputRank, left, right } }) =>
    [...left, ...right]
      .filter(({ terms }) => terms.length > 1)
      .flatMap(({ terms }) => terms.filter(({ axis }) => axis < outputRank))
      .map(({ axis }) => subtractDims(extentAt(extents, axis), 1)),
};

function swapped(attributes: ContractAttributes): ContractAttributes {
  return { ...attributes, left: attributes.right, right: attributes.left };
}
