// Written types come in; shapes, computed from the names in scope or bound to the dimensions they meet, go out.
import type * as ast from "../../../grammar/ast.js";
import {
  addDims,
  dimEqual,
  dimText,
  divideExactly,
  floorDivideDims,
  multiplyDims,
  negateDim,
  shapeText,
  subtractDims,
  type Dim,
} from "../../types/dimension.js";
import type { ElementType, Shape } from "../../types/graph.js";
import { spendWork } from "../budget.js";
import type { Frame } from "../context.js";
import { lookup } from "./lookup.js";
import { report } from "../report.js";
import { bind } from "./scope.js";
import { asDim, describe, fromDim, isPoison, list, listItems, type Value } from "./values.js";

/** The largest number of elements a tensor may have. */
const elementLimit = 2 ** 31 - 1;

/** How a category or f16 is stored. */
export function storedType(element: ast.WrittenElementType): ElementType {
  if (element === "category") return "u32";
  return element === "f16" ? "f32" : element;
}

/**
 * What a name in a shape means: a dimension or list of them, nothing yet, or poison (already reported). A number is meant as
 * a dimension, whatever it is; another value of the name leaves it free.
 */
function meaning(frame: Frame, name: string): Value | undefined {
  const found = lookup(frame, name);
  if (found === undefined) return undefined;
  if (isPoison(found) || found.kind === "float" || asDim(found) !== undefined) return found;
  return listItems(found) === undefined ? undefined : found;
}

/** A dimension whose every name is known; division rounds down. Undefined when a mistake was reported. */
function evaluateDimension(expression: ast.Expression, frame: Frame): Dim | undefined {
  if (!spendWork(frame, expression.span)) return undefined;
  const dim = arithmetic(expression, frame);
  if (dim !== "other") return dim;
  const value = frame.run.evaluator.expression(expression, frame);
  const found = asDim(value);
  if (found !== undefined) return found;
  if (!isPoison(value)) {
    report(frame, "NN0309", expression.span, {
      message:
        value.kind === "float" && expression.kind === "Name"
          ? `a dimension is a whole number; \`${expression.name}\` is ${value.value}`
          : `a dimension is a whole number, not ${describe(value)}`,
      hint: value.kind === "tensor" ? "the sizes of tensors are fixed while compiling" : undefined,
      wrong: { value, kind: "integer" },
    });
  }
  return undefined;
}

function arithmetic(expression: ast.Expression, frame: Frame): Dim | undefined | "other" {
  if (expression.kind === "Integer") {
    return Number.isNaN(expression.value) ? "other" : expression.value;
  }
  if (expression.kind === "Name") {
    const found = meaning(frame, expression.name);
    return found === undefined ? "other" : (asDim(found) ?? "other");
  }
  if (expression.kind === "Unary" && expression.operator === "-") {
    const operand = evaluateDimension(expression.operand, frame);
    return operand === undefined ? undefined : negateDim(operand);
  }
  if (expression.kind !== "Binary" || !"+-*/%".includes(expression.operator)) return "other";
  const left = evaluateDimension(expression.left, frame);
  const right = evaluateDimension(expression.right, frame);
  if (left === undefined || right === undefined) return undefined;
  return combine(frame, expression, left, right);
}

/** Whether a product of dimensions would grow beyond what anybody writes. */
export function manyTerms(left: Dim, right: Dim): boolean {
  const terms = (dim: Dim): number => (typeof dim === "number" ? 1 : dim.terms.length);
  return terms(left) * terms(right) > 200;
}

function combine(
  frame: Frame,
  expression: ast.BinaryExpression,
  left: Dim,
  right: Dim,
): Dim | undefined {
  const { operator } = expression;
  if (operator === "+") return addDims(left, right);
  if (operator === "-") return subtractDims(left, right);
  if (operator === "*" && manyTerms(left, right)) {
    report(frame, "NN0305", expression.span, { message: "this dimension has too many terms" });
    return undefined;
  }
  if (operator === "*") return multiplyDims(left, right);
  if (right === 0) {
    report(frame, "NN0604", expression.span, { message: "this dimension divides by zero" });
    return undefined;
  }
  const quotient = floorDivideDims(left, right);
  return operator === "/" ? quotient : subtractDims(left, multiplyDims(right, quotient));
}

/** A written shape whose every name is known; undefined when a mistake was reported. */
export function evaluateShape(type: ast.TensorType, frame: Frame): Dim[] | undefined {
  const shape: Dim[] = [];
  let whole = true;
  for (const entry of type.dimensions) {
    if (entry.kind === "SpreadDimension") {
      const spread = spreadDims(entry, frame);
      if (spread === undefined) whole = false;
      else shape.push(...spread);
      continue;
    }
    const dim = evaluateDimension(entry, frame);
    if (dim === undefined || !checkDim(frame, entry.span, dim)) whole = false;
    else shape.push(dim);
  }
  return whole && checkElements(frame, type.span, shape) ? shape : undefined;
}

function spreadDims(entry: ast.SpreadDimension, frame: Frame): Dim[] | undefined {
  const found = lookup(frame, entry.name);
  const items = found === undefined ? undefined : listItems(found);
  const dims = items?.map(asDim);
  if (dims?.every((dim) => dim !== undefined) === true) return dims;
  if (found === undefined || !isPoison(found)) {
    report(frame, "NN0201", entry.span, {
      message: `\`...${entry.name}\` spreads no known dimensions here`,
      hint: "bind them in the signature: `x: [...rest, n]`",
    });
  }
  return undefined;
}

/** Sizes are at least 1 and counted in 31 bits. */
function checkDim(frame: Frame, span: ast.Span, dim: Dim): boolean {
  if (typeof dim !== "number" || (dim >= 1 && dim <= elementLimit && Number.isInteger(dim))) {
    return true;
  }
  const small = dim < 1;
  report(frame, small ? "NN0309" : "NN0305", span, {
    message: small
      ? `this dimension is ${dim}, so the tensor would have no elements`
      : `this dimension is too large: ${dim}`,
    ...(dim === -1 ? { hint: "the axis of the examples has a name: `[batch, 8]`" } : {}),
    notes: [small ? "every axis has at least 1" : "a tensor holds at most 2147483647 elements"],
    ...(small ? { wrong: { value: fromDim(dim), kind: "size" } } : {}),
  });
  return false;
}

/** The elements of a tensor can be counted in 31 bits; free dimensions count as 1. */
function checkElements(frame: Frame, span: ast.Span, shape: Shape): boolean {
  let elements = 1;
  for (const dim of shape) if (typeof dim === "number") elements *= dim;
  if (elements <= elementLimit) return true;
  report(frame, "NN0305", span, {
    message: `a tensor ${shapeText(shape)} is too large`,
    notes: [`it has ${elements} elements; at most 2147483647 are possible`],
  });
  return false;
}

/** How a written type and a tensor's shape differ; undefined where they agree and all names are bound. */
export interface Mismatch {
  /** The entry of the pattern that does not fit, or undefined where the ranks differ. */
  readonly entry: ast.Dimension | undefined;
  readonly note: string;
}

/**
 * Matches a written shape against the shape that came, binding unknown names in the frame's scope: plain names
 * first, then `...rest`, then what is computed from them (`2 * n` binds `n` where nothing else does).
 */
export function matchShape(type: ast.TensorType, shape: Shape, frame: Frame): Mismatch | undefined {
  const entries = type.dimensions;
  const spreadAt = entries.findIndex((entry) => entry.kind === "SpreadDimension");
  const fixed = spreadAt < 0 ? entries.length : entries.length - 1;
  if (spreadAt < 0 ? shape.length !== fixed : shape.length < fixed) {
    const wanted = `${spreadAt < 0 ? "" : "at least "}${fixed}`;
    return {
      entry: undefined,
      note: `it has ${shape.length} dimension${shape.length === 1 ? "" : "s"}, ${wanted} ${fixed === 1 && spreadAt < 0 ? "is" : "are"} wanted`,
    };
  }
  const extra = shape.length - fixed;
  const computed: [ast.Expression, Dim][] = [];
  for (const [index, entry] of entries.entries()) {
    const at = spreadAt >= 0 && index > spreadAt ? index + extra - 1 : index;
    if (entry.kind === "SpreadDimension") {
      const found = matchSpread(entry, shape.slice(index, index + extra), frame);
      if (found !== undefined) return found;
      continue;
    }
    const dim = shape[at];
    if (dim === undefined) continue;
    if (entry.kind === "Name" && meaning(frame, entry.name) === undefined) {
      bind(frame.scope, entry.name, fromDim(dim), {
        place: { unit: frame.unit, span: entry.span },
      });
    } else computed.push([entry, dim]);
  }
  for (const [entry, dim] of computed) {
    const found = matchComputed(entry, dim, frame);
    if (found !== undefined) return found;
  }
  return undefined;
}

function matchSpread(entry: ast.SpreadDimension, dims: Shape, frame: Frame): Mismatch | undefined {
  const bound = lookup(frame, entry.name);
  const known = bound === undefined ? undefined : listItems(bound)?.map(asDim);
  if (known?.every((dim) => dim !== undefined) !== true) {
    bind(frame.scope, entry.name, list(dims.map(fromDim)));
    return undefined;
  }
  const same =
    known.length === dims.length &&
    known.every((dim, index) => {
      const other = dims[index];
      return other !== undefined && dimEqual(dim, other);
    });
  if (same) return undefined;
  return {
    entry,
    note: `\`...${entry.name}\` is ${shapeText(known)} elsewhere and ${shapeText(dims)} here`,
  };
}

function matchComputed(entry: ast.Expression, dim: Dim, frame: Frame): Mismatch | undefined {
  const unknown = unknownNames(entry, frame);
  const [name] = unknown;
  if (name !== undefined) {
    const solved = unknown.size === 1 ? solve(entry, name, dim, frame) : undefined;
    if (solved === undefined) {
      return { entry, note: `\`${name}\` cannot be found from a dimension of ${dimText(dim)}` };
    }
    bind(frame.scope, name, fromDim(solved));
    return undefined;
  }
  const wanted = evaluateDimension(entry, frame);
  if (wanted === undefined || dimEqual(wanted, dim)) return undefined;
  const text = frame.unit.source.text.slice(entry.span.start, entry.span.end);
  const named = text === dimText(wanted) ? text : `\`${text}\` = ${dimText(wanted)}`;
  return { entry, note: `${named} is wanted where ${dimText(dim)} stands` };
}

export function unknownNames(
  expression: ast.Expression,
  frame: Frame,
  into = new Set<string>(),
): Set<string> {
  if (expression.kind === "Name") {
    if (meaning(frame, expression.name) === undefined) into.add(expression.name);
  } else if (expression.kind === "Binary") {
    unknownNames(expression.left, frame, into);
    unknownNames(expression.right, frame, into);
  } else if (expression.kind === "Unary") unknownNames(expression.operand, frame, into);
  return into;
}

/** The value of `name` that makes a sum or product come to `goal`. */
function solve(expression: ast.Expression, name: string, goal: Dim, frame: Frame): Dim | undefined {
  if (expression.kind === "Name") return goal;
  if (expression.kind !== "Binary") return undefined;
  const inLeft = unknownNames(expression.left, frame).size > 0;
  const inRight = unknownNames(expression.right, frame).size > 0;
  if (inLeft && inRight) return undefined;
  const known = evaluateDimension(inLeft ? expression.right : expression.left, frame);
  if (known === undefined) return undefined;
  const rest = inLeft ? expression.left : expression.right;
  switch (expression.operator) {
    case "+":
      return solve(rest, name, subtractDims(goal, known), frame);
    case "-":
      return solve(rest, name, inLeft ? addDims(goal, known) : subtractDims(known, goal), frame);
    case "*": {
      const exact = known === 0 ? undefined : divideExactly(goal, known);
      return exact === undefined ? undefined : solve(rest, name, exact, frame);
    }
    default:
      return undefined;
  }
}

/** The shape of a pattern where all its names are bound, without a report; undefined elsewhere. */
export function knownShape(type: ast.TensorType, frame: Frame): Dim[] | undefined {
  for (const entry of type.dimensions) {
    if (entry.kind === "SpreadDimension") {
      const found = lookup(frame, entry.name);
      if (found === undefined || listItems(found) === undefined) return undefined;
    } else if (unknownNames(entry, frame).size > 0) return undefined;
  }
  return evaluateShape(type, frame);
}
