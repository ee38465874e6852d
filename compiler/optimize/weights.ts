// A contraction with weights that were divided by their sum in; the contraction with what they were before, divided by that sum, out.

import { extentAt, inputAt } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { isAtLeastOne } from "../ops/shifted.js";
import { dimEqual, multiplyDims } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { ContractAttributes, Node, NodeOf, QuasiAffine } from "../types/graph.js";

/**
 * Σ (eⱼ / Σ e) · vⱼ is (Σ eⱼ · vⱼ) / Σ e: of attention, with as many weights as keys for each query, what is divided has an
 * element for each feature, and so has what the derivative asks of each row of weights. Weights are exponentials that were shifted
 * by their maximum, at most 1, so that no sum overflows that did not before.
 */
export function normalizeSum(b: GraphBuilder, node: Node): Node | undefined {
  if (node.op !== "contract") return undefined;
  const { left, right } = node.attributes;
  const [one, other] = [inputAt(node.inputs, 0), inputAt(node.inputs, 1)];
  const first = weightsOf(one);
  const ofLeft = first && dividedLater(b, node, left, first);
  if (first && ofLeft) return b.divide(b.contract(first.raw, other, node.attributes), ofLeft);
  const second = weightsOf(other);
  const ofRight = second && dividedLater(b, node, right, second);
  if (second && ofRight) return b.divide(b.contract(one, second.raw, node.attributes), ofRight);
  return undefined;
}

interface Weights {
  /** Exponentials, at most 1. */
  readonly raw: Node;
  /** Their sum along some axes, which are 1 in it. */
  readonly sum: Node;
}

function weightsOf(node: Node): Weights | undefined {
  if (node.op !== "divide") return undefined;
  const [raw, sum] = [inputAt(node.inputs, 0), inputAt(node.inputs, 1)];
  if (raw.op !== "exp" || sum.op !== "reshape" || raw.shape.length !== sum.shape.length)
    return undefined;
  const summed = inputAt(sum.inputs, 0);
  if (summed.op !== "sum" || inputAt(summed.inputs, 0) !== raw) return undefined;
  const { axes } = summed.attributes;
  const kept = sum.shape.every((extent, axis) =>
    dimEqual(extent, axes.includes(axis) ? 1 : extentAt(raw.shape, axis)),
  );
  return kept && isAtLeastOne(summed) ? { raw, sum } : undefined;
}

/** The divisor in the shape of the output, where it does not change along what is summed, and the output has fewer elements. */
function dividedLater(
  b: GraphBuilder,
  { attributes }: NodeOf<"contract">,
  map: readonly QuasiAffine[],
  { raw, sum }: Weights,
): Node | undefined {
  if (!hasFewer(attributes, map, raw)) return undefined;
  const varying = sum.shape.flatMap((extent, axis) => (extent === 1 ? [] : [axis]));
  const places = varying.map((axis) => outputAxisOf(map[axis], attributes.outputRank));
  const known = places.filter((place) => place !== undefined);
  if (known.length < places.length || new Set(known).size < known.length) return undefined;
  const order = varying
    .map((axis, at) => ({ axis, place: known[at] ?? 0 }))
    .sort((before, after) => before.place - after.place);
  const ones = sum.shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []));
  const inOrder = b.transpose(sum, [...ones, ...order.map(({ axis }) => axis)]);
  return b.reshape(
    inOrder,
    attributes.extents
      .slice(0, attributes.outputRank)
      .map((extent, place) => (known.includes(place) ? extent : 1)),
  );
}

function outputAxisOf(entry: QuasiAffine | undefined, outputRank: number): number | undefined {
  const [term] = entry?.terms ?? [];
  const plain = entry?.terms.length === 1 && entry.offset === 0 && entry.divisor === 1;
  return plain && term?.coefficient === 1 && term.axis < outputRank ? term.axis : undefined;
}

/** Whether the axes that are summed hold more than those that the other operand adds: free ones count as long. */
function hasFewer(
  { extents, outputRank }: ContractAttributes,
  map: readonly QuasiAffine[],
  raw: Node,
): boolean {
  const used = new Set(map.flatMap(({ terms }) => terms.map(({ axis }) => axis)));
  const gone = map.flatMap(({ terms }, axis) =>
    terms.some((term) => term.axis >= outputRank) ? [extentAt(raw.shape, axis)] : [],
  );
  const added = extents.slice(0, outputRank).filter((_, axis) => !used.has(axis));
  const [before, behind]: readonly Dim[] = [multiplyDims(1, ...gone), multiplyDims(1, ...added)];
  if (typeof behind !== "number") return false;
  return typeof before !== "number" || before > behind;
}
