// The index of a list or range that is known while compiling comes in; the entries that it asks for go out.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import type { Frame } from "../context.js";
import { report } from "../report.js";
import {
  asDim,
  describe,
  int,
  isPoison,
  list,
  poison,
  type ListValue,
  type RangeValue,
  type Value,
} from "./values.js";

/**
 * Entries are looked up in ranges and not spelt out: these may be longer than any list. A list may be empty, so that its
 * slices end where it ends.
 */
export function indexList(
  expression: ast.IndexExpression,
  from: ListValue | RangeValue,
  frame: Frame,
): Value {
  const item = expression.items.length === 1 ? expression.items[0] : undefined;
  const length = from.kind === "list" ? from.items.length : from.count;
  if (item?.kind === "Position") {
    const position = integer(item.value, frame);
    if (position === undefined) return poison;
    return (
      entry(from, position < 0 ? position + length : position) ??
      report(frame, "NN0303", item.span, {
        message: `entry ${position} of a list of ${length}`,
        notes: [length === 0 ? "it is empty" : `its entries are 0 to ${length - 1}`],
      })
    );
  }
  if (item?.kind !== "Slice") return poison;
  const step = item.step === undefined ? 1 : integer(item.step, frame);
  if (step === undefined) return poison;
  if (step === 0) return zeroStep(frame, item.span);
  const start = item.start === undefined ? undefined : integer(item.start, frame);
  const stop = item.stop === undefined ? undefined : integer(item.stop, frame);
  const clamp = (value: number): number =>
    Math.max(
      step > 0 ? 0 : -1,
      Math.min(step > 0 ? length : length - 1, value < 0 ? value + length : value),
    );
  let at = start === undefined ? (step > 0 ? 0 : length - 1) : clamp(start);
  const end = stop === undefined ? (step > 0 ? length : -1) : clamp(stop);
  if (from.kind === "range") {
    const count = Math.max(0, Math.ceil((end - at) / step));
    return { ...from, start: from.start + at * from.step, step: from.step * step, count };
  }
  const chosen: Value[] = [];
  for (; step > 0 ? at < end : at > end; at += step) {
    const found = entry(from, at);
    if (found !== undefined) chosen.push(found);
  }
  return list(chosen);
}

function entry(from: ListValue | RangeValue, position: number): Value | undefined {
  if (from.kind === "list") return from.items[position];
  return position >= 0 && position < from.count
    ? int(from.start + position * from.step)
    : undefined;
}

/** Reports a step that no slice can take. */
export function zeroStep(frame: Frame, span: Span): Value {
  return report(frame, "NN0304", span, { message: "a step of 0 never gets anywhere" });
}

/** A whole number of an index; undefined when a mistake was reported. */
export function integer(expression: ast.Expression, frame: Frame): number | undefined {
  const value = frame.run.evaluator.expression(expression, frame);
  const whole = asDim(value);
  if (typeof whole === "number") return whole;
  if (!isPoison(value)) {
    report(frame, "NN0304", expression.span, {
      message: `an index is a whole number, not ${describe(value)}`,
      wrong: { value, kind: "integer" },
    });
  }
  return undefined;
}
