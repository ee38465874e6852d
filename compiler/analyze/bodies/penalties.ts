// `regularize` lines come in; penalties of the trace, one for each selected parameter or each call, go out.
import type * as ast from "../../../grammar/ast.js";
import { evaluateArguments, checkGiven, textOf } from "../calls/arguments.js";
import type { Node } from "../../types/graph.js";
import type { Frame, TraceState } from "../context.js";
import { calleeOf } from "../calls/functions.js";
import { calledApart } from "../calls/traced.js";
import { spoil } from "../frames.js";
import { report } from "../report.js";
import { settingsText } from "../training/algorithms.js";
import { parametersOf, select } from "../training/selectors.js";
import { placeOf, toTensor } from "../values/tensors.js";
import { describe, isSpoilt, poison, tensor, typeText, type Value } from "../values/values.js";

/** `regularize e`: any scalar; in a layer it counts once for each call. */
export function regularizeBare(statement: ast.RegularizeStatement, frame: Frame): void {
  if (statement.selector !== undefined) {
    report(frame, "NN0403", statement.span, {
      message: "`regularize … on …` stands in the body of a `model` alone",
      hint: "name the tensor instead: `regularize l2(W, 1e-4)`",
    });
    return;
  }
  const { trace } = frame;
  // Elsewhere it was reported with its placement.
  if (trace === undefined || (frame.body !== "layer" && frame.body !== "model")) {
    spoil(frame);
    return;
  }
  if (frame.scan !== undefined) {
    report(frame, "NN0403", statement.span, {
      message: "`regularize` cannot stand inside a `scan`",
      hint: "`yield` what it needs and regularize behind the scan",
    });
    return;
  }
  const value = calledApart(
    frame,
    () => false,
    () => frame.run.evaluator.expression(statement.value, frame),
  );
  addPenalty(frame, trace, statement, { value, settings: written(frame, statement.value) });
}

/** `regularize f(args) on SELECTOR`: `f(w, args)` for each selected parameter, when all are declared. */
export function regularizeSelected(
  statement: ast.RegularizeStatement,
  selector: ast.Selector,
  frame: Frame,
  trace: TraceState,
): void {
  trace.later.push(() => {
    const { names, spoilt } = select(frame, selector, parametersOf(trace.model));
    if (spoilt) addPenalty(frame, trace, statement, { value: poison, settings: "" });
    for (const name of names) {
      const record = trace.model.parameters.get(name);
      if (record === undefined) continue;
      const { value, settings } = applyTo(frame, statement.value, tensor(record.leaf));
      const words = `${settings} on ${textOf(frame, selector.span)}`;
      addPenalty(frame, trace, statement, { value, settings: words, on: name });
    }
  });
}

interface Applied {
  readonly value: Value;
  /** In words: what tells people why a penalty is another. */
  readonly settings: string;
}

/** `l2(1e-4)` or `l2` of a parameter: the call that leaves out its first parameter, made. */
function applyTo(frame: Frame, expression: ast.Expression, first: Value): Applied {
  const { evaluator } = frame.run;
  const target = expression.kind === "Call" ? expression.callee : expression;
  const found = evaluator.expression(target, frame);
  const settings = written(frame, expression);
  if (isSpoilt(found)) return { value: found, settings };
  if (found.kind !== "function") {
    const value = report(frame, "NN0206", target.span, {
      message: `${describe(found)} cannot be applied to parameters`,
      hint: "before `on` stands a function that leaves out its first parameter: `l2(1e-4) on weights`",
    });
    return { value, settings };
  }
  const name = textOf(frame, target.span);
  const callee = calleeOf(frame, found);
  const rest =
    expression.kind === "Call"
      ? evaluateArguments(expression.arguments, frame, callee, 1).given
      : [];
  const matched = checkGiven({ frame, span: expression.span, name }, callee, rest, 1);
  if (matched === undefined) return { value: poison, settings };
  const given = [
    { name: undefined, nameSpan: undefined, value: first, span: expression.span, unit: frame.unit },
    ...rest,
  ];
  return {
    value: evaluator.call(found, { given, span: expression.span, name }, frame),
    settings: settingsText(frame, name, matched),
  };
}

const written = (frame: Frame, { span }: ast.Expression): string =>
  textOf(frame, span).replace(/\s+/g, " ");

/** One number of f32; undefined where it is a mistake. */
function scalarOf(
  frame: Frame,
  { value: { span } }: ast.RegularizeStatement,
  value: Value,
): Node | undefined {
  const node = isSpoilt(value) ? undefined : toTensor(frame, { value, span }, "f32");
  if (node === undefined || node.shape.length === 0) return node;
  report(frame, "NN0312", span, {
    message: `what \`regularize\` adds is one number, not ${typeText(node)}`,
    hint: "`sum(…)` or `mean(…)` makes it one",
  });
  return undefined;
}

function addPenalty(
  frame: Frame,
  trace: TraceState,
  statement: ast.RegularizeStatement,
  { value, settings, on }: Applied & { readonly on?: string },
): void {
  const node = scalarOf(frame, statement, value);
  const word = textOf(frame, statement.value.span).match(/^[A-Za-z_]\w*/)?.[0] ?? "penalty";
  const base = on === undefined ? word : `${word}(${on})`;
  const taken = trace.penalties.filter(({ name }) => name === base || name.startsWith(`${base} #`));
  const name = taken.length === 0 ? base : `${base} #${taken.length + 1}`;
  trace.penalties.push({ name, value: node, place: placeOf(frame, statement.span), on, settings });
}
