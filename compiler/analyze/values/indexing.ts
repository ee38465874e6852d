// An index expression comes in; the entries of the list (`listEntries.ts`), or the view or gather of the tensor that it asks for, goes out.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import { addDims, ceilDivideDims, dimText, subtractDims, type Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import type { Frame } from "../context.js";
import { admits, hintOf } from "../kinds.js";
import { excerpt, report, sorts } from "../report.js";
import { fromTheEnd, holdToRange, knownNumbers } from "./indices.js";
import { indexList, integer, zeroStep } from "./listEntries.js";
import { apply, hasTensor, toTensor } from "./tensors.js";
import {
  asDim,
  asIntegers,
  describe,
  isPoison,
  isSequence,
  poison,
  tensor,
  typeText,
  type Value,
} from "./values.js";

export function index(expression: ast.IndexExpression, frame: Frame): Value {
  const object = frame.run.evaluator.expression(expression.object, frame);
  if (isPoison(object)) return poison;
  const items = isSequence(object) ? object : undefined;
  if (items !== undefined && onlyItem(expression)?.kind !== "Ellipsis") {
    const tensorIndex = hasTensorIndex(expression, frame);
    if (!tensorIndex && expression.items.length === 1) {
      return indexList(expression, items, frame);
    }
  }
  if (
    items === undefined &&
    object.kind !== "tensor" &&
    object.kind !== "results" &&
    expression.items.some(takesAxis)
  ) {
    return report(frame, "NN0307", expression.object.span, {
      message: `only lists and tensors have entries, and this is ${describe(object)}`,
      wrong: { value: object, kind: "indexed" },
    });
  }
  const node = toTensor(frame, { value: object, span: expression.object.span });
  return node === undefined ? poison : indexTensor(expression, node, frame);
}

const takesAxis = ({ kind }: ast.IndexItem): boolean => kind === "Position" || kind === "Slice";

const onlyItem = (expression: ast.IndexExpression): ast.IndexItem | undefined =>
  expression.items.length === 1 ? expression.items[0] : undefined;

function hasTensorIndex(expression: ast.IndexExpression, frame: Frame): boolean {
  return expression.items.some(
    (item) =>
      item.kind === "NewAxis" ||
      (item.kind === "Position" &&
        item.value.kind !== "Integer" &&
        hasTensor(frame.run.evaluator.expression(item.value, frame))),
  );
}

/** What an index does to each axis of the tensor, and what the result's axes are. */
interface Plan {
  readonly starts: Dim[];
  readonly counts: Dim[];
  readonly steps: number[];
  readonly flipped: number[];
  /** Axes of the result: an axis of the tensor, a new axis of 1, or the axes of the gathering index. */
  readonly result: (
    | { readonly kind: "axis"; readonly axis: number }
    | { readonly kind: "new" }
    | { readonly kind: "gather" }
  )[];
  gather: { readonly axis: number; readonly indices: Node; readonly span: Span } | undefined;
}

function indexTensor(expression: ast.IndexExpression, node: Node, frame: Frame): Value {
  const { items } = expression;
  const rank = node.shape.length;
  const used = items.filter(takesAxis).length;
  if (used > rank) {
    return report(frame, "NN0303", expression.span, {
      message: `${used} ${used === 1 ? "index" : "indices"} for a tensor with ${rank} ${rank === 1 ? "axis" : "axes"}`,
      labels: [{ span: expression.object.span, text: typeText(node) }],
      hint: "each axis takes one index at most; `new` adds an axis",
    });
  }
  const plan = wholePlan(node);
  let axis = 0;
  let whole = true;
  let spread = false;
  for (const item of items) {
    if (item.kind === "NewAxis") plan.result.push({ kind: "new" });
    else if (item.kind === "Ellipsis") {
      if (spread) return twoEllipses(frame, item.span);
      spread = true;
      for (let left = rank - used; left > 0; left--)
        plan.result.push({ kind: "axis", axis: axis++ });
    } else {
      whole = planItem(item, axis, node, plan, expression, frame) && whole;
      axis += 1;
    }
  }
  while (axis < rank) plan.result.push({ kind: "axis", axis: axis++ });
  return whole ? carryOut(plan, node, expression, frame) : poison;
}

function twoEllipses(frame: Frame, span: Span): Value {
  return report(frame, "NN0304", span, { message: "`...` stands at most once in an index" });
}

function wholePlan(node: Node): Plan {
  return {
    starts: node.shape.map(() => 0),
    counts: [...node.shape],
    steps: node.shape.map(() => 1),
    flipped: [],
    result: [],
    gather: undefined,
  };
}

function planItem(
  item: ast.IndexPosition | ast.IndexSlice,
  axis: number,
  node: Node,
  plan: Plan,
  expression: ast.IndexExpression,
  frame: Frame,
): boolean {
  const extent = node.shape[axis] ?? 0;
  if (item.kind === "Slice") {
    plan.result.push({ kind: "axis", axis });
    return planSlice(item, { axis, extent, node, of: expression.object }, plan, frame);
  }
  const value = frame.run.evaluator.expression(item.value, frame);
  if (isPoison(value)) return false;
  const position = asDim(value);
  if (position === undefined) {
    const along = { axis, extent, node, of: expression.object };
    return planGather(item, value, along, plan, frame);
  }
  const start = typeof position === "number" && position < 0 ? addDims(extent, position) : position;
  if (typeof extent === "number" && typeof start === "number" && (start < 0 || start >= extent)) {
    return noEntry(frame, {
      span: item.span,
      entry: position,
      extent,
      node,
      of: expression.object,
    });
  }
  plan.starts[axis] = start;
  plan.counts[axis] = 1;
  return true;
}

interface NoEntry {
  readonly span: Span;
  readonly entry: Dim;
  readonly extent: number;
  readonly node: Node;
  readonly of: ast.Expression;
}

function noEntry(frame: Frame, { span, entry, extent, node, of }: NoEntry): false {
  report(frame, "NN0303", span, {
    message: `entry ${dimText(entry)} of an axis of ${extent}`,
    labels: [{ span: of.span, text: typeText(node) }],
    notes: [entriesOf(extent)],
  });
  return false;
}

const entriesOf = (extent: number): string =>
  extent === 1
    ? "its only entry is 0"
    : `its entries are 0 to ${extent - 1}, or -${extent} to -1 counted from the end`;

/** The axis that an item of the index is about. */
interface IndexedAxis {
  readonly axis: number;
  readonly extent: Dim;
  readonly node: Node;
  readonly of: ast.Expression;
}

function planGather(
  item: ast.IndexPosition,
  written: Value,
  { axis, extent, node, of }: IndexedAxis,
  plan: Plan,
  frame: Frame,
): boolean {
  const { span } = item;
  const given = asIntegers(written);
  if (!admits("index", given)) {
    const wrong = { value: given, kind: "index" } as const;
    const message = `an index is an integer or a tensor of integers, not ${describe(given)}`;
    report(frame, "NN0302", span, { message, hint: hintOf(frame, wrong), wrong });
    return false;
  }
  const numbers = knownNumbers(given);
  if (numbers !== undefined && typeof extent === "number") {
    const wrong = numbers.find((entry) => entry < -extent || entry >= extent);
    if (wrong !== undefined) return noEntry(frame, { span, entry: wrong, extent, node, of });
  }
  const value = numbers === undefined ? given : fromTheEnd(given, extent);
  const indices = toTensor(frame, { value, span });
  if (indices === undefined) return false;
  if (indices.type !== "i32" && indices.type !== "u32") {
    report(frame, "NN0302", item.span, {
      message: `an index is an integer or a tensor of integers, not ${describe(value)}`,
      hint:
        indices.type === "bool"
          ? "`if c then a else b` chooses by truth values"
          : sorts(excerpt(frame, item.span))
            ? "`argsort` gives indices; `sort` gives the values themselves"
            : "`u32(x)` makes integers",
    });
    return false;
  }
  if (plan.gather !== undefined) {
    report(frame, "NN0304", item.span, {
      message: "one tensor at a time can gather in an index",
      hint: "index twice: `x[i][:, j]`",
    });
    return false;
  }
  const indexed = { extent, one: "entry", many: "entries" };
  const held = holdToRange(frame, { value, node: indices, span }, indexed);
  if (held === undefined) return false;
  plan.gather = { axis, indices: held, span };
  plan.result.push({ kind: "gather" });
  return true;
}

function planSlice(item: ast.IndexSlice, along: IndexedAxis, plan: Plan, frame: Frame): boolean {
  const { axis, extent } = along;
  const step = item.step === undefined ? 1 : integer(item.step, frame);
  if (step === undefined) return false;
  if (step === 0) {
    zeroStep(frame, item.span);
    return false;
  }
  if (step < 0) plan.flipped.push(axis);
  const first = boundary(item.start, "begins", along, frame, step < 0);
  const last = boundary(item.stop, "ends", along, frame, step < 0);
  if (first === undefined || last === undefined) return false;
  const start = first ?? 0;
  const stop = last ?? extent;
  const length = subtractDims(stop, start);
  const stride = Math.abs(step);
  plan.starts[axis] = start;
  plan.counts[axis] =
    typeof length === "number"
      ? Math.max(0, Math.ceil(length / stride))
      : ceilDivideDims(length, stride);
  plan.steps[axis] = stride;
  return true;
}

/** Where a slice begins or ends, from the front (from the back in the flipped axis); null where it is not said. */
function boundary(
  expression: ast.Expression | undefined,
  verb: "begins" | "ends",
  { extent, node, of }: IndexedAxis,
  frame: Frame,
  flipped: boolean,
): Dim | null | undefined {
  if (expression === undefined) return null;
  const value = frame.run.evaluator.expression(expression, frame);
  const position = asDim(value);
  if (position === undefined) {
    if (!isPoison(value)) {
      report(frame, "NN0304", expression.span, {
        message: `a slice goes from one whole number to another, not ${describe(value)}`,
        wrong: { value, kind: "integer" },
      });
    }
    return undefined;
  }
  let at = typeof position === "number" && position < 0 ? addDims(extent, position) : position;
  if (flipped) at = subtractDims(subtractDims(extent, at), 1);
  const beyond = typeof at === "number" && (at < 0 || (typeof extent === "number" && at > extent));
  if (!beyond) return at;
  report(frame, "NN0303", expression.span, {
    message: `this slice ${verb} at ${dimText(position)}, outside of an axis of ${dimText(extent)}`,
    labels: [{ span: of.span, text: typeText(node) }],
    notes: typeof extent === "number" ? [entriesOf(extent)] : [],
    hint: `without a number it ${verb} where the axis ${(verb === "begins") === flipped ? "ends" : "begins"}`,
  });
  return undefined;
}

function carryOut(plan: Plan, node: Node, expression: ast.IndexExpression, frame: Frame): Value {
  const { builder } = frame.run;
  const { span } = expression;
  const base = plan.flipped.length === 0 ? node : builder.flip(node, plan.flipped);
  const untouched =
    plan.starts.every((start) => start === 0) && plan.steps.every((step) => step === 1);
  let value: Value = tensor(base);
  if (
    !untouched ||
    plan.counts.some((count, axis) => dimText(count) !== dimText(base.shape[axis] ?? 0))
  ) {
    const { starts, counts, steps } = plan;
    value = apply(frame, span, "slice", [base], { starts, counts, steps }, [
      expression.object.span,
    ]);
  }
  if (plan.gather !== undefined && value.kind === "tensor") {
    const { axis, indices, span: at } = plan.gather;
    value = apply(frame, span, "take", [value.node, indices], { axis, batchAxes: 0 }, [
      expression.object.span,
      at,
    ]);
  }
  if (value.kind !== "tensor") return value;
  const shape = plan.result.flatMap((entry): readonly Dim[] => {
    if (entry.kind === "new") return [1];
    if (entry.kind === "gather") return plan.gather?.indices.shape ?? [];
    return [plan.counts[entry.axis] ?? 1];
  });
  return apply(frame, span, "reshape", [value.node], { shape }, [expression.object.span]);
}
