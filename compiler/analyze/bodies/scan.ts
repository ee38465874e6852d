// A `scan` expression comes in; its body traced once, closed over carries, slices and captured constants, goes out as a node with its results.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import { holdsHalves } from "../../ops/halves.js";
import { isProblem } from "../../ops/problem.js";
import { dimEqual, dimText, shapeEqual, shapeText, type Dim } from "../../types/dimension.js";
import type { Node, TensorType } from "../../types/graph.js";
import type { Frame, ScanState } from "../context.js";
import { nested, spoil } from "../frames.js";
import { report } from "../report.js";
import { closeBody } from "./scanBody.js";
import { carryLeaf, keptType, sliceLeaf } from "../values/halves.js";
import { classCount, heldTo } from "../values/indices.js";
import { bind } from "../values/scope.js";
import { refusesNext } from "../calls/elements.js";
import { checkDeclared } from "../calls/signatures.js";
import { apply, builderAt, reportProblem, toTensor, type Operand } from "../values/tensors.js";
import {
  asInteger,
  describe,
  isPoison,
  isSpoilt,
  poison,
  tensor,
  typeText,
  type RangeValue,
  type Value,
} from "../values/values.js";

/** What a scan goes through: slices of a tensor, or the counts of a range. */
interface Source {
  readonly name: ast.Identifier;
  readonly length: Dim;
  /** The tensor with the scanned axis in front; absent for a count. */
  readonly sliced: Node | undefined;
  readonly range: RangeValue | undefined;
}

export function evaluateScan(expression: ast.ScanExpression, frame: Frame): Value {
  const along = alongOf(expression, frame);
  const reverse = reverseOf(expression, frame);
  const sources = sourcesOf(expression, frame, along);
  if (along === "wrong" || reverse === undefined || sources === undefined) return poison;
  const [first] = sources;
  if (first === undefined) return poison;
  const { builder } = frame.run;
  const inner = nested(frame);
  const step = builder.leaf("bound", { type: "i32", shape: [] }, sliceLeaf);
  const state: ScanState = {
    carries: new Map(),
    yields: [],
    yieldSpans: [],
    scope: inner.scope,
    outer: frame,
    firstId: step.id,
  };
  const leaves = sources.map((source) => bindSource(inner, source, step));
  const body: Frame = { ...inner, scan: state, taint: { spoilt: false } };
  frame.run.evaluator.block(expression.block, body);
  if (body.taint.spoilt || frame.run.budget.exhausted) {
    return spoil(frame);
  }
  return assemble(expression, frame, state, { sources, leaves, step, along: along ?? 0, reverse });
}

function alongOf(expression: ast.ScanExpression, frame: Frame): number | undefined | "wrong" {
  if (expression.along === undefined) return undefined;
  const value = frame.run.evaluator.expression(expression.along, frame);
  const along = asInteger(value);
  if (along !== undefined) return along;
  if (!isPoison(value)) {
    report(frame, "NN0311", expression.along.span, {
      message: `\`along\` names an axis by a whole number, not ${describe(value)}`,
      hint: "axes are counted from 0: `along 1` goes along the one behind `batch`",
      wrong: { value, kind: "axis" },
    });
  }
  return "wrong";
}

function reverseOf(expression: ast.ScanExpression, frame: Frame): boolean | undefined {
  if (expression.reverse === undefined) return false;
  const value = frame.run.evaluator.expression(expression.reverse, frame);
  if (value.kind === "bool") return value.value;
  if (!isPoison(value)) {
    report(frame, "NN0311", expression.reverse.span, {
      message: `\`reverse\` is true or false while compiling, not ${describe(value)}`,
      wrong: { value, kind: "boolean" },
    });
  }
  return undefined;
}

function sourcesOf(
  expression: ast.ScanExpression,
  frame: Frame,
  along: number | undefined | "wrong",
): Source[] | undefined {
  const { names, sources } = expression;
  if (names.length !== sources.length) {
    report(frame, "NN0308", expression.span, {
      message: `${names.length} names go through ${sources.length} tensors`,
      hint: "write as many names before `in` as tensors behind it",
    });
    return undefined;
  }
  const found: Source[] = [];
  for (const [index, source] of sources.entries()) {
    const name = names[index];
    const value = frame.run.evaluator.expression(source, frame);
    if (name === undefined || isSpoilt(value) || along === "wrong") return undefined;
    const made = sourceOf(frame, name, value, source.span, along ?? 0);
    if (made === undefined) return undefined;
    const [first] = found;
    if (first !== undefined && !dimEqual(first.length, made.length)) {
      report(frame, "NN0301", source.span, {
        message: "what a scan goes through side by side is equally long",
        labels: [{ span: source.span, text: describe(value) }],
        notes: [`the first has ${dimText(first.length)} slices, this has ${dimText(made.length)}`],
      });
      return undefined;
    }
    found.push(made);
  }
  return found;
}

function sourceOf(
  frame: Frame,
  name: ast.Identifier,
  value: Value,
  span: Span,
  along: number,
): Source | undefined {
  if (value.kind === "range") return { name, length: value.count, sliced: undefined, range: value };
  const node = toTensor(frame, { value, span });
  if (node === undefined) return undefined;
  const rank = node.shape.length;
  // A list of counts has one axis, whichever axis its results are stacked along.
  const axis = rank === 1 ? 0 : along < 0 ? along + rank : along;
  const length = node.shape[axis];
  if (length === undefined) {
    report(frame, "NN0303", span, {
      message: `there is no axis ${along} to go along in ${typeText(node)}`,
      hint: "`along 1` names the second axis; the first is 0",
    });
    return undefined;
  }
  const order = [axis, ...node.shape.map((_, other) => other).filter((other) => other !== axis)];
  const sliced = frame.run.builder.transpose(node, order);
  return { name, length, sliced, range: undefined };
}

/** Binds the name of a slice to a leaf of the body, or to the count of the step. */
function bindSource(inner: Frame, source: Source, step: Node): Node | undefined {
  const { builder } = inner.run;
  const extra = { place: { unit: inner.unit, span: source.name.span } };
  if (source.sliced === undefined) {
    const { start, step: by } = source.range ?? { start: 0, step: 1 };
    const scaled = by === 1 ? step : builder.multiply(step, by);
    bind(
      inner.scope,
      source.name.name,
      tensor(start === 0 ? scaled : builder.add(scaled, start)),
      extra,
    );
    return undefined;
  }
  const type = { type: source.sliced.type, shape: source.sliced.shape.slice(1) };
  const leaf = builder.leaf("bound", type, sliceLeaf);
  const slice = holdsHalves(source.sliced) ? builder.half(leaf) : leaf;
  bind(inner.scope, source.name.name, tensor(slice), extra);
  return leaf;
}

interface Parts {
  readonly sources: readonly Source[];
  readonly leaves: readonly (Node | undefined)[];
  readonly step: Node;
  readonly along: number;
  readonly reverse: boolean;
}

function assemble(
  expression: ast.ScanExpression,
  frame: Frame,
  state: ScanState,
  parts: Parts,
): Value {
  const carries = [...state.carries.values()];
  const yields = state.yields[0] ?? [];
  if (state.yields.length > 1) {
    return report(frame, "NN0416", state.yieldSpans[1] ?? expression.span, {
      message: "a step of a scan yields once",
      hint: "`yield a, b` gives several values",
    });
  }
  if (carries.length === 0 && yields.length === 0) {
    return report(frame, "NN0416", expression.span, {
      message: "this scan neither carries nor yields anything",
      hint: "`yield y` stacks what each step gives; `carry h = …` passes it on",
    });
  }
  for (const [name, { next, span }] of state.carries) {
    if (next === undefined) tellOfUnmoved(name, span, frame);
  }
  const slices = parts.sources.flatMap((source, index) => {
    const leaf = parts.leaves[index];
    return source.sliced === undefined || leaf === undefined
      ? []
      : [{ leaf, value: source.sliced }];
  });
  const length = parts.sources[0]?.length ?? 0;
  const closed = closeBody(frame.run.builder, {
    carries: carries.map(({ bound, initial, next }) => ({
      leaf: bound,
      initial,
      next: next ?? bound,
    })),
    slices,
    step: parts.step,
    yields,
    firstId: state.firstId,
    length,
    reverse: parts.reverse,
  });
  if (isProblem(closed)) return reportProblem(frame, expression.span, closed, []);
  const halves = (
    yields.length === 0 ? carries.map(({ next, bound }) => next ?? bound) : yields
  ).map(holdsHalves);
  return results(expression, frame, closed, {
    carries: carries.length,
    yields: yields.length,
    halves,
    along: parts.along,
  });
}

interface Shown {
  readonly carries: number;
  readonly yields: number;
  /** Of each value: whether it is of half precision. */
  readonly halves: readonly boolean[];
  readonly along: number;
}

function tellOfUnmoved(name: string, span: Span, frame: Frame): void {
  report(frame, "NN0420", span, {
    severity: "warning",
    message: `the carry \`${name}\` gets no next value: it is in every step what it starts as`,
    hint: `say what the next step has of it, \`${name} <- …\`, or bind it by \`=\` before the scan`,
  });
}

const yieldHint =
  "`[new]` behind what is yielded gives it an axis more, in front; behind the scan, `[0]` takes that away";

/** The yields, stacked along the scanned axis; without any, the last carries. */
function results(
  expression: ast.ScanExpression,
  frame: Frame,
  scan: Node,
  { carries, yields, halves, along }: Shown,
): Value {
  const from = yields === 0 ? 0 : carries;
  const values = halves.map((isHalf, index): Value => {
    const builder = builderAt(frame, expression.span);
    const last = builder.result(scan, from + index);
    const node = isHalf ? builder.half(last) : last;
    if (yields === 0) return tensor(node);
    const rank = node.shape.length;
    const axis = along < 0 ? along + rank : along;
    if (axis >= rank) {
      return report(frame, "NN0303", expression.span, {
        message: `what is yielded cannot be stacked along axis ${along}: it has ${rank - 1} axes`,
        notes: [`stacked in front it is ${typeText(node)}`],
        hint: rank === axis ? yieldHint : undefined,
      });
    }
    const rest = node.shape.map((_, other) => other).slice(1);
    return apply(frame, expression.span, "transpose", [node], {
      permutation: [...rest.slice(0, axis), 0, ...rest.slice(axis)],
    });
  });
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : { kind: "results", values };
}

/** `carry h: [batch, units] = 0` and `yield y` in the block of a scan. */
export function runScanStatement(
  statement: ast.CarryStatement | ast.YieldStatement,
  frame: Frame,
  scan: ScanState,
): void {
  // One in a local `fn` was reported with its placement.
  if (scan.scope !== frame.scope) {
    spoil(frame);
    return;
  }
  if (statement.kind === "Yield") runYield(statement, frame, scan);
  else declareCarry(statement, frame, scan);
}

function runYield(statement: ast.YieldStatement, frame: Frame, scan: ScanState): void {
  const nodes: Node[] = [];
  for (const expression of statement.values) {
    const value = frame.run.evaluator.expression(expression, frame);
    const node = isSpoilt(value) ? undefined : toTensor(frame, { value, span: expression.span });
    if (node === undefined) spoil(frame);
    else nodes.push(node);
  }
  scan.yields.push(nodes);
  scan.yieldSpans.push(statement.span);
}

function declareCarry(statement: ast.CarryStatement, frame: Frame, scan: ScanState): void {
  const initial = carryStart(statement, scan);
  if (scan.carries.has(statement.name)) {
    report(frame, "NN0209", statement.nameSpan, {
      message: `the carry \`${statement.name}\` is declared twice`,
    });
    return;
  }
  if (initial === undefined) {
    spoil(frame);
    bind(frame.scope, statement.name, poison, { fixed: "carry" });
    return;
  }
  const type: TensorType = { type: initial.type, shape: initial.shape };
  const bound = frame.run.builder.leaf("bound", type, carryLeaf);
  scan.carries.set(statement.name, { bound, initial, next: undefined, span: statement.span });
  const value = holdsHalves(initial) ? frame.run.builder.half(bound) : bound;
  bind(frame.scope, statement.name, tensor(value), {
    place: { unit: frame.unit, span: statement.nameSpan },
    fixed: "carry",
    classes: statement.type?.classes && classCount(statement.type.classes, scan.outer),
  });
}

/** The first value, computed from names outside the block. */
function carryStart(statement: ast.CarryStatement, scan: ScanState): Node | undefined {
  const { outer } = scan;
  const value = outer.run.evaluator.expression(statement.value, outer);
  if (isSpoilt(value)) return undefined;
  const { span } = statement.value;
  if (statement.type === undefined) {
    const number = value.kind === "int" || value.kind === "float";
    return toTensor(outer, { value, span }, number ? "f32" : undefined);
  }
  const checked = checkDeclared(
    outer,
    statement.type,
    value,
    `the carry \`${statement.name}\``,
    span,
  );
  return checked.kind === "tensor" ? checked.node : undefined;
}

/** `h <- e` of a carry; false where the name is none of this scan. */
export function updateCarry({ name }: ast.Identifier, operand: Operand, frame: Frame): boolean {
  const { scan } = frame;
  const carry = scan?.scope === frame.scope ? scan.carries.get(name) : undefined;
  if (scan === undefined || carry === undefined) return false;
  const declared = holdsHalves(carry.initial) ? "f16" : keptType(operand.value, carry.bound.type);
  const wrong =
    isSpoilt(operand.value) ||
    refusesNext(frame, `the carry \`${name}\``, operand, carry.bound.type);
  const classes = frame.scope.names.get(name)?.classes;
  const typed = wrong ? undefined : toTensor(frame, operand, declared);
  const node = typed && heldTo(classes, frame, { ...operand, node: typed });
  if (node === undefined) {
    spoil(frame);
    return true;
  }
  const { shape } = carry.bound;
  const scalar = node.shape.length === 0 && shape.length > 0;
  const next = scalar ? frame.run.builder.broadcast(node, shape) : node;
  if (!shapeEqual(next.shape, shape)) {
    report(frame, "NN0312", operand.span, {
      message: `the next value of the carry \`${name}\` has another shape`,
      notes: [`it starts as ${shapeText(shape)}`, `its next value is ${typeText(node)}`],
      hint: `a carry keeps its shape: start with the other one, \`carry ${name}: ${typeText(node)} = …\`, or give the next value this one`,
    });
    return true;
  }
  carry.next = next;
  bind(frame.scope, name, tensor(next), { fixed: "carry", classes });
  return true;
}
