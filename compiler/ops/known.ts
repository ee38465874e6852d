// Takes indices, gives the least and the most of each part of them that is known while compiling.

import { intervalOf, isTight } from "../scalars/bounds.js";
import { exactly, hullOf, isBounded, type Interval } from "../scalars/intervals.js";
import { subtractDims, type Dim } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type { ScalarOp } from "../types/nest.js";
import { at } from "./broadcast.js";
import { movementOf } from "./movement.js";
import { ruleOf } from "./table.js";

/** Numbers, or live dimensions. */
export type KnownRange = Interval<Dim>;

/**
 * Of constants, ranges and live dimensions, joined, rearranged, shifted and scaled; undefined for anything else. What a program asks
 * of its dimensions is asked by them, so that no end is given that no entry may have.
 */
export function knownRanges(node: Node): readonly KnownRange[] | undefined {
  if (node.type === "f32") return undefined;
  switch (node.op) {
    case "constant":
      return [hullOf(node.attributes.values.map(exactly))];
    case "iota":
      return [{ low: 0, high: subtractDims(at(node.shape, node.attributes.axis), 1) }];
    case "dimension":
      return [exactly(node.attributes.dim)];
    default:
      return ofOperands(node);
  }
}

function ofOperands(node: Node): readonly KnownRange[] | undefined {
  const { lowering } = ruleOf(node.op);
  // What a table is read at may leave out its least and its most.
  if (lowering.kind === "take") return undefined;
  const moved = movementOf(node);
  if (moved === undefined && lowering.kind !== "pointwise") return undefined;
  const parts = (moved?.operands ?? node.inputs).map(knownRanges);
  if (!parts.every((part) => part !== undefined)) return undefined;
  if (moved !== undefined)
    return [...parts.flat(), ...(moved.fill === undefined ? [] : [exactly(moved.fill)])];
  const types = { operands: node.inputs.at(-1)?.type ?? node.type, result: node.type };
  const results = lowering.kind === "pointwise" ? combined(lowering.op, types, parts) : [];
  return results.length > 0 && results.every(isBounded) ? results : undefined;
}

/** What an operation makes of each part of the one operand that is not a single number; none where several are not. */
function combined(
  op: ScalarOp,
  types: Parameters<typeof intervalOf>[1],
  parts: readonly (readonly KnownRange[])[],
): readonly KnownRange[] {
  const several = parts.findIndex((part) => part.length > 1);
  const chosen = (own: KnownRange, at: number): KnownRange[] =>
    parts.flatMap((part, n) => (n === at ? [own] : part));
  const cases =
    several < 0 ? [parts.flat()] : at(parts, several).map((own) => chosen(own, several));
  const told = cases.every((one) => one.length === parts.length && isTight(op, one));
  return told ? cases.map((one) => intervalOf(op, types, one)) : [];
}
