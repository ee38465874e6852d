// A sum in; where padded terms of it lie side by side along an axis, the sum with their concatenation in their place, out.

import { addDims, dimEqual } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { at, inputAt } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";

/** What pads a tensor along one axis alone, and with nothing but zeros. */
interface Piece {
  readonly of: Node;
  readonly axis: number;
  readonly before: Dim;
  readonly after: Dim;
}

/**
 * The derivative of a tensor that was split is a sum of its parts' derivatives, each padded to the whole: of as many numbers as
 * there are parts, all but one are 0.
 */
export function joinPieces(b: GraphBuilder, node: Node): Node | undefined {
  if (node.op !== "add") return undefined;
  const terms = termsOf(node);
  const pieces = terms.flatMap((term) => {
    const piece = pieceOf(term);
    return piece === undefined ? [] : [{ term, piece }];
  });
  for (const one of pieces) {
    for (const other of pieces) {
      if (!isBeside(one.piece, other.piece)) continue;
      const rest = terms.filter((term) => term !== one.term && term !== other.term);
      return rest.reduce((sum, term) => b.add(sum, term), joined(b, one.piece, other.piece));
    }
  }
  return undefined;
}

/** No sum of more terms is looked at: pairs of them are compared. */
const mostTerms = 16;

/** The terms of a sum of tensors of its shape. */
function termsOf(sum: Node): readonly Node[] {
  const terms: Node[] = [];
  const pending = [sum];
  for (let term = pending.pop(); term !== undefined; term = pending.pop()) {
    const isSum = term.op === "add" && term.inputs.every((input) => isAlike(input, sum));
    if (isSum && terms.length + pending.length < mostTerms)
      pending.push(...[...term.inputs].reverse());
    else terms.push(term);
  }
  return terms;
}

function isAlike(term: Node, sum: Node): boolean {
  return (
    term.shape.length === sum.shape.length &&
    term.shape.every((extent, axis) => dimEqual(extent, at(sum.shape, axis)))
  );
}

function pieceOf(node: Node): Piece | undefined {
  if (node.op !== "pad") return undefined;
  const { before, after, interior, value } = node.attributes;
  const axes = before.flatMap((count, axis) =>
    count === 0 && at(after, axis) === 0 ? [] : [axis],
  );
  const [axis] = axes;
  if (axis === undefined || axes.length > 1 || value !== 0) return undefined;
  if (interior.some((count) => count !== 0)) return undefined;
  return { of: inputAt(node.inputs, 0), axis, before: at(before, axis), after: at(after, axis) };
}

/** Whether the second begins where the first ends. */
function isBeside(first: Piece, second: Piece): boolean {
  if (first.axis !== second.axis) return false;
  const end = addDims(first.before, at(first.of.shape, first.axis));
  return dimEqual(end, second.before);
}

function joined(b: GraphBuilder, first: Piece, second: Piece): Node {
  const { axis, before } = first;
  const whole = b.concat([...partsAlong(first.of, axis), ...partsAlong(second.of, axis)], axis);
  const padding = (along: Dim): Dim[] => whole.shape.map((_, each) => (each === axis ? along : 0));
  return b.pad(whole, padding(before), padding(second.after));
}

/** Of what was joined before, the pieces: a concatenation of all of them is written once. */
function partsAlong(node: Node, axis: number): readonly Node[] {
  return node.op === "concat" && node.attributes.axis === axis ? node.inputs : [node];
}
