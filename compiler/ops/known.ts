// Takes indices, gives the least and the most of each part of them that is known while compiling.

import { addDims, multiplyDims, subtractDims } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { at, inputAt } from "./broadcast.js";

export interface KnownRange {
  readonly low: Dim;
  readonly high: Dim;
}

/** Of constants, ranges and live dimensions, joined, rearranged, shifted and scaled; undefined for anything else. */
export function knownRanges(node: Node): readonly KnownRange[] | undefined {
  switch (node.op) {
    case "constant": {
      const { values } = node.attributes;
      const low = values.reduce((least, value) => Math.min(least, value), Infinity);
      const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
      return [{ low, high }];
    }
    case "iota":
      return [{ low: 0, high: subtractDims(at(node.shape, node.attributes.axis), 1) }];
    case "dimension":
      return [{ low: node.attributes.dim, high: node.attributes.dim }];
    case "cast":
      return node.type === "bool" || inputAt(node.inputs, 0).type === "f32"
        ? undefined
        : knownRanges(inputAt(node.inputs, 0));
    case "reshape":
    case "broadcast":
    case "transpose":
    case "flip":
    case "slice":
      return knownRanges(inputAt(node.inputs, 0));
    case "concat": {
      const parts = node.inputs.map(knownRanges);
      return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
    }
    case "add":
      return shifted(node, addDims);
    case "subtract":
      return shifted(node, subtractDims);
    case "multiply":
      return scaled(node);
    default:
      return undefined;
  }
}

/** A sum or difference of which the right side is one number. */
function shifted(
  node: Node,
  by: (left: Dim, right: Dim) => Dim,
): readonly KnownRange[] | undefined {
  const number = numberOf(inputAt(node.inputs, 1));
  if (number === undefined) return undefined;
  return knownRanges(inputAt(node.inputs, 0))?.map(({ low, high }) => ({
    low: by(low, number),
    high: by(high, number),
  }));
}

function scaled(node: Node): readonly KnownRange[] | undefined {
  const number = numberOf(inputAt(node.inputs, 1));
  if (typeof number !== "number") return undefined;
  return knownRanges(inputAt(node.inputs, 0))?.map(({ low, high }) => {
    const ends = { low: multiplyDims(low, number), high: multiplyDims(high, number) };
    return number < 0 ? { low: ends.high, high: ends.low } : ends;
  });
}

function numberOf(node: Node): Dim | undefined {
  const [range, ...more] = knownRanges(node) ?? [];
  return range !== undefined && more.length === 0 && range.low === range.high
    ? range.low
    : undefined;
}
