// The statements that stand in models alone come in; what they declare, outputs, losses, metrics and the like, is added to the trace.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import { dimEqual, freeDim, freeNames, shapeText } from "../../types/dimension.js";
import { inputOfLeaf } from "../../missing.js";
import type { Node } from "../../types/graph.js";
import type { Named } from "../../types/model.js";
import type { Frame, Score, TraceState } from "../context.js";
import { findPath } from "../values/graphs.js";
import { lookup } from "../values/lookup.js";
import { unknownName } from "../values/unknownName.js";
import { childPath } from "../calls/naming.js";
import { withAxisOfExamples } from "../calls/mismatch.js";
import { calledApart } from "../calls/traced.js";
import { regularizeBare, regularizeSelected } from "./penalties.js";
import { didYouMean, report } from "../report.js";
import { bind, visibleNames } from "../values/scope.js";
import { checkDeclared } from "../calls/signatures.js";
import { bindName, reportTaken } from "./statementNames.js";
import { placeOf, toTensor } from "../values/tensors.js";
import {
  count,
  describe,
  isSpoilt,
  listItems,
  poison,
  typeText,
  type Value,
} from "../values/values.js";

export function runOutput(statement: ast.OutputStatement, frame: Frame, trace: TraceState): void {
  const given = outputValues(statement, frame);
  for (const [index, name] of statement.names.entries()) {
    const value =
      given === undefined
        ? bareOutput(name, frame)
        : valuedOutput(statement, name, given[index] ?? poison, frame);
    if (isSpoilt(value)) continue;
    const node = toTensor(frame, { value, span: statement.value?.span ?? name.span });
    if (node === undefined) continue;
    if (trace.outputs.some((other) => other.name === name.name)) {
      report(frame, "NN0209", name.span, {
        message: `the output \`${name.name}\` is declared twice`,
      });
      continue;
    }
    if (!checkNoTarget(frame, name, node, trace)) continue;
    trace.outputs.push({ ...named(frame, name.name, node, statement.span), ...docOf(statement) });
  }
}

function docOf(statement: { readonly doc?: string }): { readonly doc?: string } {
  return statement.doc === undefined ? {} : { doc: statement.doc };
}

function named(frame: Frame, name: string, value: Node, span: Span): Named {
  return { name, value, place: placeOf(frame, span) };
}

function bareOutput(name: ast.Identifier, frame: Frame): Value {
  const found = lookup(frame, name.name);
  if (found !== undefined) return found;
  if (name.name === "_") return unknownName(frame, name.name, name.span);
  return report(frame, "NN0201", name.span, {
    message: `nothing here is called \`${name.name}\``,
    hint: didYouMean(name.name, visibleNames(frame.scope)) ?? "`output y = …` gives it a value",
  });
}

/** What stands behind `=`, one value for each name; undefined where names alone are given out. */
function outputValues(statement: ast.OutputStatement, frame: Frame): readonly Value[] | undefined {
  if (statement.value === undefined) return undefined;
  const value = frame.run.evaluator.expression(statement.value, frame);
  const { names } = statement;
  if (names.length === 1 && value.kind !== "results") return [value];
  const parts = value.kind === "results" ? value.values : listItems(value);
  if (parts?.length === names.length) return parts;
  if (!isSpoilt(value)) {
    report(frame, "NN0308", statement.value.span, {
      message: `${count(names.length, "output")} for ${parts === undefined ? describe(value) : count(parts.length, "value")}`,
    });
  }
  return [];
}

function valuedOutput(
  statement: ast.OutputStatement,
  name: ast.Identifier,
  given: Value,
  frame: Frame,
): Value {
  const before = frame.scope.names.get(name.name);
  const span = statement.value?.span ?? name.span;
  const value =
    statement.type === undefined
      ? given
      : checkDeclared(frame, statement.type, given, `\`${name.name}\``, span);
  if (before !== undefined) {
    if (before.fixed !== undefined) reportTaken(frame, name.name, name.span, before);
    else {
      report(frame, "NN0209", name.span, {
        message: `\`${name.name}\` has a value already`,
        labels:
          before.place === undefined
            ? []
            : [{ span: before.place.span, text: "bound here", unit: before.place.unit }],
        hint: `\`output ${name.name}\` alone gives that out`,
      });
    }
    return poison;
  }
  bindName(frame, name.name, name.span, value);
  return value;
}

/** No output may depend on a target: at inference there is none. */
function checkNoTarget(frame: Frame, name: ast.Identifier, node: Node, trace: TraceState): boolean {
  const { inputs, boundNames } = trace.model;
  const path = findPath(
    node,
    (at) =>
      at.op === "input" &&
      inputs.get(inputOfLeaf(at.attributes.name))?.declaration.role === "target",
  );
  const leaf = path?.at(-1);
  if (path === undefined || leaf?.op !== "input") return true;
  const between = path
    .slice(0, -1)
    .map((at) => boundNames.get(at))
    .filter((found) => found !== undefined && found !== name.name);
  const through = [...new Set(between)].map((found) => `\`${found ?? ""}\``).join(", then ");
  report(frame, "NN0401", name.span, {
    message: `the output \`${name.name}\` depends on the target \`${inputOfLeaf(leaf.attributes.name)}\``,
    notes: [
      ...(through === "" ? [] : [`through ${through}`]),
      "a target is given in training alone, so an output cannot be computed from it",
    ],
    hint: `compute it from inputs; a value that needs \`${inputOfLeaf(leaf.attributes.name)}\` may be a \`metric\``,
  });
  return false;
}

/** The name of the outermost call: `accuracy` for `accuracy(a, b)`. */
function outermostCall(expression: ast.Expression): string | undefined {
  if (expression.kind === "Pipeline") {
    const callee = expression.stages.at(-1)?.callee;
    return callee?.kind === "Name" ? callee.name : callee?.name;
  }
  if (expression.kind !== "Call") return undefined;
  const { callee } = expression;
  return callee.kind === "Name" || callee.kind === "Member" ? callee.name : undefined;
}

/** `loss e` and `metric e`, named as said or after the outermost call, a second one `accuracy_2`. */
export function runScore(
  statement: ast.LossStatement | ast.MetricStatement,
  frame: Frame,
  trace: TraceState,
): void {
  const metric = statement.kind === "Metric";
  const word = metric ? "metric" : "loss";
  const scores = metric ? trace.metrics : trace.losses;
  const name = scoreName(statement, word, scores);
  if (name === undefined) {
    report(frame, "NN0209", statement.name?.span ?? statement.span, {
      message: `the ${word} \`${statement.name?.name ?? ""}\` is declared twice`,
    });
    return;
  }
  const score = { name, place: placeOf(frame, statement.span), ...docOf(statement) };
  scores.set(name, { ...score, value: undefined });
  // A metric draws from streams of its own, so that adding one changes no other draw.
  const inner = metric
    ? { ...frame, drawPath: childPath(trace.model, frame.drawPath, `metric ${name}`) }
    : frame;
  const value = calledApart(
    frame,
    ({ kind }) => kind === "layer" && !metric,
    () => frame.run.evaluator.expression(statement.value, inner),
  );
  if (statement.name !== undefined && frame.scope.names.get(name) === undefined) {
    bind(frame.scope, name, value, { place: { unit: frame.unit, span: statement.name.span } });
  }
  if (isSpoilt(value)) return;
  const given = toTensor(frame, { value, span: statement.value.span }, undefined);
  if (given === undefined || !checkScore(frame, statement, word, given)) return;
  // One integer is told as it is; of several the mean is told.
  const whole = given.shape.length === 0 && given.type !== "bool";
  scores.set(name, { ...score, value: whole ? given : frame.run.builder.cast(given, "f32") });
}

function scoreName(
  statement: ast.LossStatement | ast.MetricStatement,
  word: string,
  names: ReadonlyMap<string, Score>,
): string | undefined {
  if (statement.name !== undefined) {
    return names.has(statement.name.name) ? undefined : statement.name.name;
  }
  const base = outermostCall(statement.value) ?? word;
  let name = base;
  for (let number = 2; names.has(name); number++) name = `${base}_${number}`;
  return name;
}

/** A scalar, or a shape that starts with batch, in which batch stands once; a loss has a derivative besides. */
function checkScore(
  frame: Frame,
  statement: ast.LossStatement | ast.MetricStatement,
  word: string,
  node: Node,
): boolean {
  const { shape } = node;
  const { span } = statement.value;
  const withBatch = shape.filter((dim) => freeNames(dim).has("batch"));
  const [first] = shape;
  if (word === "loss" && node.type !== "f32") {
    report(frame, "NN0302", span, {
      message: `a loss is made of numbers of f32, not ${typeText(node)}`,
      notes: ["truth values and integers have no derivative, so nothing could be learned from it"],
      hint: "what only counts is a `metric`; classes are learned with `cross_entropy(logits, label)`",
    });
    return false;
  }
  if (withBatch.length > 1) {
    report(frame, "NN0402", span, {
      message: `\`batch\` stands twice in the shape of this ${word}: ${shapeText(shape)}`,
      notes: ["it compares every example with every other one, most likely through broadcasting"],
      hint: "`x[:, 0]` takes away a last axis of 1: [batch, 1] becomes [batch]",
    });
    return false;
  }
  if (shape.length === 0 || (first !== undefined && dimEqual(first, freeDim("batch")))) return true;
  const withoutExamples = frame.trace && withAxisOfExamples(frame.trace.model, node);
  report(frame, "NN0402", span, {
    message: `a ${word} is one number, or has a shape that starts with \`batch\`; this is ${typeText(node)}`,
    hint:
      withoutExamples !== undefined
        ? `${withoutExamples}; \`mean(…)\` makes the ${word} one number`
        : word === "metric"
          ? "`mean(…)` makes it one number, `reshape(x, [batch, …])` puts the batch in front; a table, as of `confusion`, is an `output`, of labels that are an `input`"
          : "`mean(…)` makes it one number; `reshape(x, [batch, …])` puts the batch in front",
  });
  return false;
}

export function runRegularize(
  statement: ast.RegularizeStatement,
  frame: Frame,
  trace: TraceState,
): void {
  if (statement.selector === undefined) regularizeBare(statement, frame);
  else regularizeSelected(statement, statement.selector, frame, trace);
}

export function runProject(statement: ast.ProjectStatement, frame: Frame, trace: TraceState): void {
  trace.projections.push({ statement, frame });
}
