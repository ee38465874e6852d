// Classes and indices that the device computed in; what is said of one that lies outside out.

import { evaluateDim, type Dimensions } from "../dimensions.js";
import { NnError } from "../errors.js";
import type { PlanResult } from "../plan.js";

/** Undefined where the result, the largest or the least of them, is within its range, or is none of those. */
export function outsideRange(
  { range }: PlanResult,
  value: number,
  dimensions: Dimensions,
): string | undefined {
  if (!range) return undefined;
  const { end, text } = range;
  if (end === undefined ? value >= 0 : value < evaluateDim(end, dimensions)) return undefined;
  const inside = end === undefined ? "i >= 0" : "i < n";
  return `${text}, and one was ${value}; where it may be, as for padding, leave it out: \`if ${inside} then i else 0\``;
}

export function failOutside(text: string, ending = ""): never {
  throw new NnError("label", `${text}${ending}`);
}
