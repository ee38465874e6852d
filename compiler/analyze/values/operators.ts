// An operator and its operands come in; the folded compile-time value, or the node that computes it, goes out.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import {
  addDims,
  dimEqual,
  divideExactly,
  floorDivideDims,
  multiplyDims,
  subtractDims,
  type Dim,
} from "../../types/dimension.js";
import type { Node, OpName } from "../../types/graph.js";
import { spendWork } from "../budget.js";
import type { Frame } from "../context.js";
import { manyTerms } from "./dimensions.js";
import { foldNumbers } from "./folding.js";
import type { MeetingType } from "./halves.js";
import { numeralTruth } from "../kinds.js";
import { report } from "../report.js";
import {
  apply,
  applyElementwise,
  commonType,
  hasTensor,
  toTensor,
  unify,
  type Operand,
} from "./tensors.js";
import {
  asDim,
  asNumber,
  bool,
  describe,
  fromDim,
  isSequence,
  isSpoilt,
  list,
  listItems,
  poison,
  tensor,
  type Value,
} from "./values.js";

type Elementwise = Exclude<ast.BinaryOperator, "@">;

const nodeNames = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "modulo",
  "^": "power",
  "==": "equal",
  "!=": "notEqual",
  "<": "less",
  "<=": "lessEqual",
  ">": "greater",
  ">=": "greaterEqual",
  and: "and",
  or: "or",
} as const satisfies Record<Elementwise, OpName>;

const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);

/** An elementwise operator on any two values. */
export function binary(
  frame: Frame,
  operator: Elementwise,
  left: Operand,
  right: Operand,
  span: Span,
): Value {
  if (isSpoilt(left.value) || isSpoilt(right.value)) return poison;
  const folded = fold(frame, operator, left, right, span);
  if (folded !== undefined) return folded;
  return build(frame, operator, left, right, span);
}

/** The result where both sides are known at compile time. */
function fold(
  frame: Frame,
  operator: Elementwise,
  left: Operand,
  right: Operand,
  span: Span,
): Value | undefined {
  const a = left.value;
  const b = right.value;
  const dims = foldDims(operator, a, b);
  if (dims !== undefined) return dims;
  const first = asNumber(a) ?? (a.kind === "bool" ? Number(a.value) : undefined);
  const second = asNumber(b) ?? (b.kind === "bool" ? Number(b.value) : undefined);
  if (first !== undefined && second !== undefined) {
    if (operator === "and" || operator === "or") return foldLogic(frame, operator, left, right);
    if (a.kind !== b.kind && (a.kind === "bool" || b.kind === "bool")) {
      if (operator === "==") return bool(false);
      if (operator === "!=") return bool(true);
    }
    const whole = a.kind !== "float" && b.kind !== "float";
    return foldNumbers(frame, nodeNames[operator], [first, second], { whole, span });
  }
  if (operator === "==" || operator === "!=") {
    const same = sameConstant(a, b);
    if (same !== undefined) return bool(same === (operator === "=="));
  }
  return foldLists(frame, operator, left, right, span);
}

function foldLogic(frame: Frame, operator: "and" | "or", left: Operand, right: Operand): Value {
  for (const { value, span } of [left, right]) {
    if (value.kind !== "bool") {
      return report(frame, "NN0302", span, {
        message: `\`${operator}\` joins truth values, not ${describe(value)}`,
        hint: "compare it: `x > 0`",
        wrong: { value, kind: "boolean" },
      });
    }
  }
  const a = left.value.kind === "bool" && left.value.value;
  const b = right.value.kind === "bool" && right.value.value;
  return bool(operator === "and" ? a && b : a || b);
}

/** Equality of compile-time values that are not both numbers; undefined where it is elementwise. */
function sameConstant(a: Value, b: Value): boolean | undefined {
  if (a.kind === "string" && b.kind === "string") return a.value === b.value;
  const plain = (value: Value): boolean =>
    value.kind === "string" || value.kind === "bool" || asNumber(value) !== undefined;
  if (plain(a) && plain(b)) return false;
  const scalar = a.kind === "string" || b.kind === "string";
  return scalar && !hasTensor(a) && !hasTensor(b) ? false : undefined;
}

/** Arithmetic where a free dimension takes part: polynomials stay dimensions, differences that are constant compare. */
function foldDims(operator: Elementwise, a: Value, b: Value): Value | undefined {
  if (a.kind !== "dimension" && b.kind !== "dimension") return undefined;
  const left = asDim(a);
  const right = asDim(b);
  if (left === undefined || right === undefined) return undefined;
  switch (operator) {
    case "+":
      return fromDim(addDims(left, right));
    case "-":
      return fromDim(subtractDims(left, right));
    case "*":
      return manyTerms(left, right) ? undefined : fromDim(multiplyDims(left, right));
    case "/": {
      const exact = right === 0 ? undefined : divideExactly(left, right);
      return exact === undefined ? undefined : fromDim(exact);
    }
    case "%":
      if (right === 0) return undefined;
      return fromDim(subtractDims(left, multiplyDims(right, floorDivideDims(left, right))));
    case "^":
      return typeof right === "number" ? dimPower(left, right) : undefined;
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return compareDims(operator, left, right);
    case "and":
    case "or":
      return undefined;
  }
}

function dimPower(base: Dim, exponent: number): Value | undefined {
  if (!Number.isInteger(exponent) || exponent < 0 || exponent > 8) return undefined;
  let result: Dim = 1;
  for (let index = 0; index < exponent; index++) {
    if (manyTerms(result, base)) return undefined;
    result = multiplyDims(result, base);
  }
  return fromDim(result);
}

function compareDims(operator: Elementwise, left: Dim, right: Dim): Value | undefined {
  if (dimEqual(left, right)) return bool(["==", "<=", ">="].includes(operator));
  const difference = subtractDims(left, right);
  if (typeof difference !== "number") return undefined;
  if (operator === "==" || operator === "!=") return bool(operator === "!=");
  return bool(operator.startsWith("<") ? difference < 0 : difference > 0);
}

/** Lists of numbers combine entry by entry; a single value goes with every entry. */
function foldLists(
  frame: Frame,
  operator: Elementwise,
  left: Operand,
  right: Operand,
  span: Span,
): Value | undefined {
  if (hasTensor(left.value) || hasTensor(right.value)) return undefined;
  const first = shortList(left.value);
  const second = shortList(right.value);
  if (first === undefined && second === undefined) return undefined;
  if (first === "long" || second === "long") return undefined;
  if (
    first === undefined ? !isScalar(left.value) : second === undefined && !isScalar(right.value)
  ) {
    return undefined;
  }
  const length = first?.length ?? second?.length ?? 0;
  if (
    first !== undefined &&
    second !== undefined &&
    (first.length !== second.length || nested(first) !== nested(second))
  ) {
    return undefined;
  }
  if (!spendWork(frame, span, length)) return poison;
  const results: Value[] = [];
  for (let index = 0; index < length; index++) {
    const a = { value: first?.[index] ?? left.value, span: left.span };
    const b = { value: second?.[index] ?? right.value, span: right.span };
    results.push(binary(frame, operator, a, b, span));
  }
  return list(results);
}

const nested = (items: readonly Value[]): boolean => items.some((item) => item.kind === "list");

function isScalar(value: Value): boolean {
  return asNumber(value) !== undefined || value.kind === "bool";
}

function shortList(value: Value): readonly Value[] | "long" | undefined {
  return value.kind === "range" ? (listItems(value) ?? "long") : listItems(value);
}

/** The node of an operator where a tensor takes part. */
function build(
  frame: Frame,
  operator: Elementwise,
  left: Operand,
  right: Operand,
  span: Span,
): Value {
  const spans = [left.span, right.span];
  const common = commonType([left.value, right.value]);
  if (operator === "and" || operator === "or")
    return buildLogic(frame, operator, left, right, span);
  if (operator === "^" && common !== "f32" && common !== "f16") {
    return integerPower(frame, left, right, span);
  }
  const type = comparisons.has(operator) ? common : arithmeticType(operator, common);
  const nodes = unify(frame, [left, right], type);
  return nodes === undefined
    ? poison
    : applyElementwise(frame, span, nodeNames[operator], nodes, {}, spans);
}

function arithmeticType(operator: Elementwise, common: MeetingType): MeetingType {
  if (common === "f16") return common;
  if (operator === "/" || operator === "^") return "f32";
  return common === "bool" ? "i32" : common;
}

function buildLogic(
  frame: Frame,
  operator: "and" | "or",
  left: Operand,
  right: Operand,
  span: Span,
): Value {
  const nodes: Node[] = [];
  for (const operand of [left, right]) {
    const node = truthTensor(frame, operand, `\`${operator}\` joins truth values`);
    if (node === undefined) return poison;
    nodes.push(node);
  }
  return applyElementwise(frame, span, operator, nodes, {}, [left.span, right.span]);
}

/** Truth values as a tensor; undefined when a mistake was reported. */
function truthTensor(frame: Frame, operand: Operand, rule: string): Node | undefined {
  const { value, span } = operand;
  const mayBe = value.kind === "tensor" || value.kind === "bool" || isSequence(value);
  const node = mayBe ? toTensor(frame, operand) : undefined;
  if (mayBe && node === undefined) return undefined;
  if (node?.type === "bool") return node;
  report(frame, "NN0302", span, {
    message: `${rule}, not ${describe(value)}`,
    hint: "compare it: `x > 0`",
    ...(value.kind === "tensor" ? {} : { wrong: { value, kind: "boolean" } }),
  });
  return undefined;
}

/** A whole power of an integer tensor is a product and stays an integer; every other is taken in f32. */
function integerPower(frame: Frame, left: Operand, right: Operand, span: Span): Value {
  const exponent = asNumber(right.value);
  const whole = exponent !== undefined && Number.isInteger(exponent);
  if (whole && exponent >= 1 && exponent <= 32 && left.value.kind === "tensor") {
    const base = toTensor(frame, left, arithmeticType("*", left.value.node.type));
    if (base === undefined) return poison;
    let result = base;
    for (let index = 1; index < exponent; index++) {
      result = frame.run.builder.multiply(result, base);
    }
    return tensor(result);
  }
  const nodes = unify(frame, [left, right], "f32");
  return nodes === undefined
    ? poison
    : applyElementwise(frame, span, "power", nodes, {}, [left.span, right.span]);
}

export function negate(frame: Frame, operand: Operand, span: Span): Value {
  const { value } = operand;
  if (value.kind === "int") return { kind: "int", value: value.value === 0 ? 0 : -value.value };
  if (value.kind === "float") return { kind: "float", value: -value.value };
  if (value.kind === "tensor" && value.node.type === "f32") {
    return apply(frame, span, "negate", [value.node], {}, [operand.span]);
  }
  if (value.kind === "tensor") {
    const node = frame.run.builder.cast(value.node, "i32");
    return apply(frame, span, "negate", [node], {}, [operand.span]);
  }
  return binary(frame, "-", { value: { kind: "int", value: 0 }, span }, operand, span);
}

export function not(frame: Frame, operand: Operand, span: Span): Value {
  const { value } = operand;
  if (isSpoilt(value)) return poison;
  if (value.kind === "bool") return bool(!value.value);
  const items = listItems(value);
  if (items?.every((item) => item.kind === "bool") === true) {
    return list(items.map((item) => bool(!item.value)));
  }
  if (value.kind === "tensor" && value.node.type === "bool") {
    return apply(frame, span, "not", [value.node], {}, [operand.span]);
  }
  return report(frame, "NN0302", operand.span, {
    message: `\`not\` turns a truth value round, not ${describe(value)}`,
    hint: numeralTruth(value) ?? "compare it: `x == 0`",
    wrong: { value, kind: "boolean" },
  });
}

/** `if c then a else b` elementwise: the sides meet in one element type, all three broadcast. */
export function choose(
  frame: Frame,
  condition: Operand,
  whenTrue: Operand,
  whenFalse: Operand,
  span: Span,
): Value {
  if ([condition, whenTrue, whenFalse].some(({ value }) => isSpoilt(value))) return poison;
  const test = truthTensor(frame, condition, "a condition is a truth value");
  if (test === undefined) return poison;
  const sides = unify(frame, [whenTrue, whenFalse]);
  if (sides === undefined) return poison;
  const spans = [condition.span, whenTrue.span, whenFalse.span];
  return applyElementwise(frame, span, "select", [test, ...sides], {}, spans);
}
