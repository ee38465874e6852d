// Integers that name classes or entries and how many there are of these come in; ranges for the inputs they are taken from, and integers in range, go out.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import { addDims, type Dim } from "../../types/dimension.js";
import { knownRanges } from "../../ops/known.js";
import type { Node } from "../../types/graph.js";
import type { Frame, ModelState } from "../context.js";
import { report } from "../report.js";
import { entriesOf, type Entries, type InputSource } from "./integers.js";
import { builderAt, placeOf } from "./tensors.js";
import {
  asDim,
  asInteger,
  describe,
  fromDim,
  isPoison,
  list,
  listItems,
  poison,
  tensor,
  type Value,
} from "./values.js";

/** What is indexed: how many there are, and how messages call one and several of them. */
export interface Indexed {
  readonly extent: Dim;
  readonly one: string;
  readonly many: string;
  /** Whether negative numbers that are known while compiling count from the end. */
  readonly fromTheEnd?: true;
  /** What to do about a constant that is out of range. */
  readonly hint?: string;
}

export interface IndexOperand {
  readonly value: Value;
  readonly node: Node;
  readonly span: Span;
}

/**
 * Holds integers to 0 … extent - 1. Constants are checked here; inputs that arrive unchanged are checked on the
 * host, by the range that their declaration takes; whatever else may be out of range is clamped, and training steps and
 * evaluations tell of it. Undefined when a mistake was reported.
 */
export function holdToRange(
  frame: Frame,
  operand: IndexOperand,
  indexed: Indexed,
): Node | undefined {
  const { extent } = indexed;
  const { node, span } = operand;
  if (typeof extent !== "number") {
    // Those that are known stand in what the program asks of its dimensions.
    if (knownRanges(node) === undefined)
      check(frame, operand, indexed, entriesOf(node, unknownInput));
    return node;
  }
  const constants = knownNumbers(operand.value);
  if (constants !== undefined) {
    return checkConstants(frame, constants, span, indexed) ? node : undefined;
  }
  const model = frame.trace?.model;
  const entries = entriesOf(node, (name) => model?.inputs.get(name)?.declaration);
  let whole = true;
  for (const name of entries.inputs) {
    whole = (model === undefined || bindInput(frame, model, name, span, indexed)) && whole;
  }
  if (!whole) return undefined;
  if (entries.low >= 0 && entries.high < extent) return node;
  check(frame, operand, indexed, entries);
  return clampTo(frame, operand, extent);
}

/** Nothing is known of inputs that meet a free axis: the host cannot hold them to it. */
const unknownInput = (): InputSource => ({ categories: undefined, source: { kind: "computed" } });

/** The programs that compute the integer tell whether it was out of range. */
function check(
  frame: Frame,
  { node, span }: IndexOperand,
  { extent, many }: Indexed,
  { low, high }: Entries,
): void {
  // Within a recurrence it is no tensor of a program.
  if (frame.scan !== undefined) return;
  const [below, above] = [low < 0, typeof extent !== "number" || high >= extent];
  const place = placeOf(frame, span);
  frame.trace?.rangeChecks.push({ value: node, extent, below, above, many, place });
}

function clampTo(frame: Frame, { node, span }: IndexOperand, extent: number): Node {
  const builder = builderAt(frame, span);
  const below = builder.minimum(node, extent - 1);
  return node.type === "u32" ? below : builder.maximum(below, 0);
}

/** The input's values are held to the range on the host; classes that are too many are a mistake at once. */
function bindInput(
  frame: Frame,
  model: ModelState,
  name: string,
  span: Span,
  { extent, one, many }: Indexed,
): boolean {
  const declaration = model.inputs.get(name)?.declaration;
  if (declaration === undefined || typeof extent !== "number") return true;
  const { categories, type } = declaration;
  if (categories !== undefined && categories > extent) {
    report(frame, "NN0320", span, {
      message: `\`${name}\` has ${counted(categories, "class", "classes")}, but here there ${extent === 1 ? "is" : "are"} ${counted(extent, one, many)}`,
      notes: [
        `\`${name}\` is declared as category(${categories}): integers from 0 to ${categories - 1}`,
        `an integer here is one of 0 to ${extent - 1}`,
      ],
      hint: `make the two numbers the same: declare \`${name}\` as category(${extent}), or make it ${categories} ${many}`,
    });
    return false;
  }
  if (categories === undefined && type !== "bool") {
    model.ranges.set(name, Math.min(extent, model.ranges.get(name) ?? extent));
  }
  return true;
}

function checkConstants(
  frame: Frame,
  constants: readonly number[],
  span: Span,
  { extent, one, many, hint, fromTheEnd: negative }: Indexed,
): boolean {
  if (typeof extent !== "number") return true;
  const wrong = constants.find((value) => value < 0 || value >= extent);
  if (wrong === undefined) return true;
  report(frame, "NN0303", span, {
    message: `there is no ${one} ${wrong}: there ${extent === 1 ? "is" : "are"} ${counted(extent, one, many)}`,
    notes: [
      negative === true
        ? `they are counted from 0 to ${extent - 1}, or from -${extent} to -1 from the end`
        : `they are counted from 0 to ${extent - 1}`,
    ],
    hint,
  });
  return false;
}

/** How many classes a written `category(n)` has; undefined when a mistake was reported. */
export function classCount(classes: ast.Expression, frame: Frame): Dim | undefined {
  const value = frame.run.evaluator.expression(classes, frame);
  const dim = asDim(value);
  if (dim !== undefined && (typeof dim !== "number" || (dim >= 1 && dim <= 2 ** 31 - 1)))
    return dim;
  if (!isPoison(value)) {
    report(frame, "NN0311", classes.span, {
      message: `the number of classes is a whole number of at least 1, not ${describe(value)}`,
      wrong: { value, kind: "size" },
    });
  }
  return undefined;
}

export const classesOf = (extent: Dim): Indexed => ({ extent, one: "class", many: "classes" });

/** A value as its declared type has it: where that is a category, held to its classes. */
export function inClasses(frame: Frame, type: ast.TensorType, operand: IndexOperand): Value {
  if (type.classes === undefined) return tensor(operand.node);
  const extent = classCount(type.classes, frame);
  const held = extent === undefined ? undefined : holdToRange(frame, operand, classesOf(extent));
  return held === undefined ? poison : tensor(held);
}

/** The next value of what holds so many classes, if it holds any. */
export function heldTo(
  classes: Dim | undefined,
  frame: Frame,
  operand: IndexOperand,
): Node | undefined {
  return classes === undefined ? operand.node : holdToRange(frame, operand, classesOf(classes));
}

/** Whether draws are known to lie in the declared classes: each draw is a program of its own, which tells of none that do not. */
export function drawsClasses(
  frame: Frame,
  { name, type }: Pick<ast.TargetStatement, "name" | "type">,
  { node, span }: Pick<IndexOperand, "node" | "span">,
): boolean {
  const extent = type.classes && classCount(type.classes, frame);
  if (typeof extent !== "number") return type.classes === undefined;
  const { low, high } = entriesOf(node, unknownInput);
  if (low >= 0 && high < extent) return true;
  const outside = low < 0 ? low : high;
  const drawn = Number.isFinite(outside) && Math.abs(outside) < 2 ** 31 - 2;
  report(frame, "NN0320", span, {
    message: drawn
      ? `\`${name}\` can be drawn as ${outside}, but it has ${counted(extent, "class", "classes")}`
      : `\`${name}\` has ${counted(extent, "class", "classes")}, and nothing says that what it is drawn from is one of them`,
    notes: [`category(${extent}) is an integer from 0 to ${extent - 1}`],
    hint: `draw one of them, as in \`randint(0, ${extent})\`, or declare \`${name}\` as u32`,
  });
  return false;
}

const counted = (number: number, one: string, many: string): string =>
  `${number} ${number === 1 ? one : many}`;

/** The whole numbers of a (nested) list or range that is known while compiling; undefined for anything else. */
export function knownNumbers(value: Value): readonly number[] | undefined {
  const integer = asInteger(value);
  if (integer !== undefined) return [integer];
  if (value.kind === "range") {
    return value.count === 0 ? [] : [value.start, value.start + value.step * (value.count - 1)];
  }
  const items = listItems(value)?.map(knownNumbers);
  return items?.every((item) => item !== undefined) === true ? items.flat() : undefined;
}

/** A known list in which negative numbers count from the end of an axis, as a single index does. */
export function fromTheEnd(value: Value, extent: Dim): Value {
  const items = listItems(value);
  if (items !== undefined) return list(items.map((item) => fromTheEnd(item, extent)));
  return value.kind === "int" && value.value < 0 ? fromDim(addDims(extent, value.value)) : value;
}
