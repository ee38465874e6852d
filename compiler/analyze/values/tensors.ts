// Values and ops come in; tensors of a common element type, and nodes whose mistakes are reported in the user's terms, go out.
import type { DiagnosticCode } from "../../../grammar/diagnostics.js";
import type { Span } from "../../../grammar/span.js";
import type { GraphBuilder } from "../../ops/builder.js";
import { fitsReal, largestReal } from "../../ops/leaves.js";
import { isProblem, type ProblemSubject, type ShapeProblem } from "../../ops/problem.js";
import { dimEqual, dimText, shapeText, type Dim } from "../../types/dimension.js";
import type {
  ElementType,
  Node,
  OpAttributes,
  OpName,
  Origin,
  Place,
  Shape,
} from "../../types/graph.js";
import { listLimit, spendWork } from "../budget.js";
import type { Frame } from "../context.js";
import { operandHint } from "../kinds.js";
import { report } from "../report.js";
import { asOperands, insists, inType, type MeetingType } from "./halves.js";
import { holdsHalves } from "../../ops/halves.js";
import { describe, isSpoilt, listItems, poison, tensor, typeText, type Value } from "./values.js";

/** Where a node comes from, in the user's own file where there is one. */
export function originOf(frame: Frame, span: Span): Origin {
  let at = frame;
  let place = span;
  while (at.unit.prelude && at.call !== undefined) {
    place = at.call.span;
    at = at.call.caller;
  }
  let owner: Frame | undefined = frame;
  while (owner !== undefined && owner.instance === undefined) owner = owner.call?.caller;
  const path = owner?.instance?.path ?? "";
  const file = at.unit.source;
  const key = `${file.name}:${place.start}:${place.end}:${path}`;
  const known = frame.run.origins.get(key);
  if (known !== undefined) return known;
  const origin = { file, span: place, path };
  frame.run.origins.set(key, origin);
  return origin;
}

/** The same without the path of instances. */
export function placeOf(frame: Frame, span: Span): Place {
  const origin = originOf(frame, span);
  return { file: origin.file, span: origin.span };
}

/** The builder, its nodes from now on made for this place. */
export function builderAt(frame: Frame, span: Span): GraphBuilder {
  frame.run.site.origin = originOf(frame, span);
  return frame.run.builder;
}

/** An operand with the place where it is written. */
export interface Operand {
  readonly value: Value;
  readonly span: Span;
}

const codes: Record<ProblemSubject, DiagnosticCode> = {
  shape: "NN0301",
  type: "NN0302",
  axis: "NN0303",
  argument: "NN0304",
  limit: "NN0305",
};

/** Reports what the op table found wrong, with the operands' types beside them. */
export function reportProblem(
  frame: Frame,
  span: Span,
  problem: ShapeProblem,
  operands: readonly { readonly node: Node; readonly span: Span }[],
  hint?: string,
): Value {
  const chosen = problem.operands.flatMap((index) => operands[index] ?? []);
  const labelled = chosen.length > 0 ? chosen : problem.about === "shape" ? operands : [];
  return report(frame, codes[problem.about], span, {
    message: problem.message,
    labels: labelled.map(({ node, span: at }) => ({ span: at, text: typeText(node) })),
    notes: [
      ...(problem.expected === undefined ? [] : [`expected ${problem.expected}`]),
      ...(problem.found === undefined ? [] : [`found ${problem.found}`]),
    ],
    hint: hint ?? problem.hint,
  });
}

/** The node that an op makes of tensors, as a value; a mistake is reported. */
export function apply<K extends OpName>(
  frame: Frame,
  span: Span,
  op: K,
  inputs: readonly Node[],
  attributes: OpAttributes[K],
  spans: readonly Span[] = [],
): Value {
  const made = builderAt(frame, span).tryNode(op, inputs, attributes);
  return settle(frame, span, made, inputs, spans);
}

/** An elementwise op; where shapes do not broadcast, the axes that disagree are named from the last. */
export function applyElementwise<K extends OpName>(
  frame: Frame,
  span: Span,
  op: K,
  inputs: readonly Node[],
  attributes: OpAttributes[K],
  spans: readonly Span[],
): Value {
  const clash = clashOf(inputs);
  if (clash === undefined) return apply(frame, span, op, inputs, attributes, spans);
  return report(frame, "NN0301", span, {
    message: "these shapes do not agree",
    labels: inputs.map((node, index) => ({ span: spans[index] ?? span, text: typeText(node) })),
    notes: [`axes are matched from the last: ${clash[0]} meets ${clash[1]}, and neither is 1`],
  });
}

/** The last axes of two operands that do not broadcast. */
function clashOf(inputs: readonly Node[]): readonly [string, string] | undefined {
  const rank = Math.max(0, ...inputs.map(({ shape }) => shape.length));
  for (let back = 1; back <= rank; back++) {
    let seen: Dim = 1;
    for (const { shape } of inputs) {
      const dim = shape.at(-back) ?? 1;
      if (dim === 1 || back > shape.length) continue;
      if (seen !== 1 && !dimEqual(seen, dim)) return [dimText(seen), dimText(dim)];
      seen = dim;
    }
  }
  return undefined;
}

/** A node, or the report of why there is none. */
function settle(
  frame: Frame,
  span: Span,
  made: Node | ShapeProblem,
  inputs: readonly Node[] = [],
  spans: readonly Span[] = [],
): Value {
  if (!isProblem(made)) return tensor(asOperands(frame.run.builder, made, inputs));
  const operands = inputs.map((node, index) => ({ node, span: spans[index] ?? span }));
  return reportProblem(frame, span, made, operands);
}

/** How a value takes part in finding a common element type: tensors insist, compile-time numbers follow. */
interface Leaning {
  readonly tensors: ReadonlySet<MeetingType>;
  readonly float: boolean;
  readonly integer: boolean;
  readonly negative: boolean;
}

function leaningOf(values: readonly Value[]): Leaning {
  const tensors = new Set<MeetingType>();
  const insistent: Node[] = [];
  let float = false;
  let integer = false;
  let negative = false;
  const visit = (value: Value): void => {
    if (value.kind === "tensor") {
      tensors.add(holdsHalves(value.node) ? "f16" : value.node.type);
      if (insists(value.node)) insistent.push(value.node);
    } else if (value.kind === "float") float = true;
    else if (value.kind === "int" || value.kind === "dimension") {
      integer = true;
      negative ||= value.kind === "int" && value.value < 0;
    } else if (value.kind === "range") {
      integer = true;
      negative ||= value.start < 0 || value.step < 0;
    } else if (value.kind === "list") value.items.forEach(visit);
  };
  values.forEach(visit);
  // What is kept in single precision is read as what it meets.
  if (tensors.has("f16") && insistent.length === 0) tensors.delete("f32");
  return { tensors, float, integer, negative };
}

/**
 * The element type in which values meet (language, section 3): f32 wins over integers and bool, `i32` over
 * `u32`; a compile-time integer takes the tensor's type, a negative one makes `u32` into `i32`. Of f16 and f32 it is f32, but
 * for parameters and what else follows.
 */
export function commonType(values: readonly Value[]): MeetingType {
  const { tensors, float, integer, negative } = leaningOf(values);
  if (tensors.has("f32")) return "f32";
  if (tensors.has("f16")) return "f16";
  if (float) return "f32";
  if (tensors.has("i32")) return "i32";
  if (tensors.has("u32")) return negative ? "i32" : "u32";
  return integer ? "i32" : "bool";
}

/** A value as a tensor of the element type `wanted`, or of its own where none is named; undefined when reported. */
export function toTensor(frame: Frame, operand: Operand, wanted?: MeetingType): Node | undefined {
  const { value, span } = operand;
  const meeting = wanted ?? commonType([value]);
  // Numbers that are known while compiling keep all their digits.
  const type = meeting === "f16" ? "f32" : meeting;
  if (value.kind === "tensor" && wanted === undefined) return value.node;
  const builder = builderAt(frame, span);
  switch (value.kind) {
    case "tensor":
      return inType(builder, value.node, meeting);
    case "int":
    case "float":
      return constantOf(frame, span, [value.value], [], type);
    case "bool":
      return constantOf(frame, span, [value.value ? 1 : 0], [], type);
    case "dimension":
      return builder.cast(builder.dimension(value.dim), type);
    case "range":
      return rangeTensor(frame, span, value, type);
    case "list":
      return listTensor(frame, operand, meeting);
    case "poison":
      return undefined;
    case "results":
      report(frame, "NN0308", span, {
        message: `${describe(value)} stand where one is wanted`,
        hint: "bind them first: `a, b = …`",
      });
      return undefined;
    case "string":
    case "function":
    case "distribution":
    case "initializer":
      report(frame, "NN0307", span, {
        message: `a tensor or a number is wanted here, not ${describe(value)}`,
        hint: frame.body === "optimizer" && isGradient(value) ? gradientHint : operandHint(value),
        wrong: { value, kind: "operand" },
      });
      return undefined;
  }
}

const isGradient = (value: Value): boolean =>
  value.kind === "function" && "name" in value && value.name === "grad";
const gradientHint = "the gradient of `w` is `g`";

const integerRange = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;

function constantOf(
  frame: Frame,
  span: Span,
  values: readonly number[],
  shape: Shape,
  type: ElementType,
): Node | undefined {
  for (const value of values) {
    if (fits(value, type)) continue;
    report(frame, "NN0306", span, {
      message: `the number ${value} does not fit into ${type}`,
      notes:
        type === "f32"
          ? [`the largest number of f32 is about ${largestReal.toPrecision(3)}`]
          : [`${type} holds ${type === "bool" ? "true and false" : "whole numbers of 32 bits"}`],
      hint: type === "f32" ? undefined : "convert the tensor first: `f32(x)`",
    });
    return undefined;
  }
  return frame.run.builder.constant(values, shape, type);
}

/** Whether an element of the type can be this number. */
export function fits(value: number, type: ElementType): boolean {
  if (type === "f32") return fitsReal(value);
  if (type === "bool") return value === 0 || value === 1;
  const [low, high] = integerRange[type];
  return Number.isInteger(value) && value >= low && value <= high;
}

function rangeTensor(
  frame: Frame,
  span: Span,
  range: { readonly start: number; readonly step: number; readonly count: number },
  type: ElementType,
): Node | undefined {
  const { builder } = frame.run;
  const last = range.start + range.step * Math.max(0, range.count - 1);
  if (range.count >= 2 ** 31 || !fits(range.start, "i32") || !fits(last, "i32")) {
    report(frame, "NN0305", span, {
      message: "this range has more elements than a tensor may have, or leaves the range of i32",
      notes: ["a tensor holds at most 2147483647 elements"],
    });
    return undefined;
  }
  if (range.count === 0) {
    emptyList(frame, span);
    return;
  }
  let node = builder.iota([range.count], 0);
  if (range.step !== 1) node = builder.multiply(node, range.step);
  if (range.start !== 0) node = builder.add(node, range.start);
  return builder.cast(node, type);
}

/** A list: constants where it holds numbers alone, else its entries stacked in front. */
function listTensor(frame: Frame, operand: Operand, type: MeetingType): Node | undefined {
  const items = listItems(operand.value) ?? [];
  if (isSpoilt(operand.value)) return undefined;
  if (items.length === 0) {
    emptyList(frame, operand.span);
    return;
  }
  const flat: number[] = [];
  const shape = flatten(operand.value, flat, 0);
  if (shape !== undefined) {
    if (!spendWork(frame, operand.span, flat.length)) return undefined;
    return constantOf(frame, operand.span, flat, shape, type === "f16" ? "f32" : type);
  }
  if (items.length > listLimit) return undefined;
  const parts: Node[] = [];
  for (const value of items) {
    const part = toTensor(frame, { value, span: operand.span }, type);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return stackInFront(frame, operand.span, parts);
}

function emptyList(frame: Frame, span: Span): undefined {
  report(frame, "NN0307", span, {
    message: "an empty list is no tensor: it would have no elements",
  });
  return undefined;
}

/** Fills `into` row by row; the shape, or undefined where the list is ragged or holds tensors. */
function flatten(value: Value, into: number[], depth: number): number[] | undefined {
  if (value.kind === "int" || value.kind === "float") {
    into.push(value.value);
    return [];
  }
  if (value.kind === "bool") {
    into.push(value.value ? 1 : 0);
    return [];
  }
  const items = listItems(value);
  if (items === undefined || depth > 16) return undefined;
  let inner: number[] | undefined = [];
  for (const [index, item] of items.entries()) {
    const shape = flatten(item, into, depth + 1);
    if (shape === undefined) return undefined;
    if (index > 0 && shape.join() !== inner.join()) return undefined;
    inner = shape;
  }
  return [items.length, ...inner];
}

function stackInFront(frame: Frame, span: Span, parts: readonly Node[]): Node | undefined {
  const { builder } = frame.run;
  const [first] = parts;
  if (first === undefined) return undefined;
  const odd = parts.find((part) => shapeText(part.shape) !== shapeText(first.shape));
  if (odd !== undefined) {
    report(frame, "NN0301", span, {
      message: "the entries of this list have different shapes, so they make no tensor",
      notes: [`one is ${typeText(first)}`, `another is ${typeText(odd)}`],
    });
    return undefined;
  }
  return builder.concat(
    parts.map((part) => builder.reshape(part, [1, ...part.shape])),
    0,
  );
}

/** Operands brought to their common element type; undefined when a mistake was reported. */
export function unify(
  frame: Frame,
  operands: readonly Operand[],
  type = commonType(operands.map(({ value }) => value)),
): Node[] | undefined {
  const nodes: Node[] = [];
  for (const operand of operands) {
    const node = toTensor(frame, operand, type);
    if (node === undefined) return undefined;
    nodes.push(node);
  }
  return nodes;
}

/** Whether any value is a tensor, or a list that holds one. */
export function hasTensor(value: Value): boolean {
  if (value.kind === "list") return value.tensors;
  return value.kind === "tensor";
}

export { poison };
