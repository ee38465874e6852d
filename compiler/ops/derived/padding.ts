// A tensor and margins in; the tensor within a number, its mirror image, its border, or its own other end, out.

import { addDims, dimText, shapeText, subtractDims } from "../../types/dimension.js";
import type { Dim } from "../../types/dimension.js";
import { isAlwaysNegative } from "../../types/bounds.js";
import type { Node } from "../../types/graph.js";
import { extentAt } from "../broadcast.js";
import type { GraphBuilder } from "../builder.js";
import { isDim, numberAt, tensorAt, wordAt } from "./arguments.js";
import { fail } from "./primitive.js";
import type { Argument, Call } from "./primitive.js";

interface Margins {
  readonly before: Dim;
  readonly after: Dim;
}

interface Side {
  readonly axis: number;
  readonly count: Dim;
  readonly end: "before" | "after";
}

/** What stands along an axis, before or behind it. */
type Border = (b: GraphBuilder, x: Node, side: Side) => Node;

/** The first or the last entries, from the one at distance `skipped` from the end on. */
function entries(b: GraphBuilder, x: Node, { axis, count, end }: Side, skipped: number): Node {
  const extent = extentAt(x.shape, axis);
  const start = end === "before" ? skipped : subtractDims(extent, addDims(count, skipped));
  return b.slice(
    x,
    x.shape.map((_, n) => (n === axis ? start : 0)),
    x.shape.map((own, n) => (n === axis ? count : own)),
  );
}

const borders: Readonly<Record<string, { readonly least: number; readonly of: Border }>> = {
  /** Without the outermost entry itself, as in NumPy and PyTorch. */
  reflect: { least: 1, of: (b, x, side) => b.flip(entries(b, x, side, 1), [side.axis]) },
  edge: {
    least: 0,
    of: (b, x, side) => {
      const shape = x.shape.map((own, n) => (n === side.axis ? side.count : own));
      return b.broadcast(entries(b, x, { ...side, count: 1 }, 0), shape);
    },
  },
  wrap: {
    least: 0,
    of: (b, x, side) =>
      entries(b, x, { ...side, end: side.end === "before" ? "after" : "before" }, 0),
  },
};

export const paddingModes: readonly string[] = ["constant", ...Object.keys(borders)];

/** `pad(x, padding, value, mode)`. */
export function padded(call: Call): Node {
  const { b } = call;
  const tensor = tensorAt(call, 0);
  const margins = marginsAt(call, tensor);
  const mode = wordAt(call, 3, { name: "mode", words: paddingModes });
  const border = borders[mode];
  if (border === undefined) {
    return b.pad(
      tensor,
      margins.map(({ before }) => before),
      margins.map(({ after }) => after),
      { value: numberAt(call, 2, "value") },
    );
  }
  return margins.reduce((x, { before, after }, axis) => {
    const side = (count: Dim, end: Side["end"]): Node[] => {
      if (count === 0) return [];
      if (mode !== "edge") wantEntries(x, { axis, count, end }, mode, border.least);
      return [border.of(b, x, { axis, count, end })];
    };
    const parts = [...side(before, "before"), x, ...side(after, "after")];
    return parts.length === 1 ? x : b.concat(parts, axis);
  }, tensor);
}

/** A mirror image, or another end, is no longer than what it is taken from; of free axes the slices say so. */
function wantEntries(x: Node, { axis, count }: Side, mode: string, least: number): void {
  const extent = extentAt(x.shape, axis);
  const room = subtractDims(subtractDims(extent, least), count);
  if (!isAlwaysNegative(room)) return;
  fail("argument", `an axis of ${dimText(extent)} has fewer entries than mode "${mode}" takes`, {
    expected: `at most ${dimText(subtractDims(extent, least))} before and behind axis ${axis}`,
    found: dimText(count),
    operands: [1],
  });
}

function marginsAt(call: Call, { shape }: Node): Margins[] {
  const margins = call.values[1];
  const list = Array.isArray(margins) ? (margins as readonly Argument[]) : [];
  const wrong = (): never =>
    fail("argument", `padding lists [before, after] for every axis of ${shapeText(shape)}`, {
      expected: `${shape.length} pairs`,
      operands: [1],
    });
  if (list.length !== shape.length) return wrong();
  return list.map((entry) => {
    const pair: readonly Argument[] = Array.isArray(entry) ? entry : [entry, entry];
    const [before, after] = pair;
    if (!isDim(before) || !isDim(after) || pair.length !== 2) return wrong();
    if (isAlwaysNegative(before) || isAlwaysNegative(after)) {
      return fail("argument", "padding is not negative; to take away, slice", { operands: [1] });
    }
    return { before, after };
  });
}
