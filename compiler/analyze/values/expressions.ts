// An expression and a frame come in; its value goes out, compile-time parts folded and tensor parts built as nodes.
import type * as ast from "../../../grammar/ast.js";
import { joinSpans, type Span } from "../../../grammar/span.js";
import { enter, leafLimit, listLimit, spendWork } from "../budget.js";
import { evaluateEverything } from "../bodies/follow.js";
import { evaluateCall } from "../calls/calls.js";
import type { Frame } from "../context.js";
import { index } from "./indexing.js";
import { lookup } from "./lookup.js";
import { matrixProduct } from "../builtins/products.js";
import { binary, choose, negate, not } from "./operators.js";
import { spoil } from "../frames.js";
import { didYouMean, report } from "../report.js";
import { memberHint, unknownName } from "./unknownName.js";
import { findLazy } from "./scope.js";
import type { Operand } from "./tensors.js";
import {
  bool,
  describe,
  float,
  int,
  isPoison,
  isSpoilt,
  list,
  listItems,
  poison,
  type Value,
} from "./values.js";

export function evaluate(expression: ast.Expression, frame: Frame): Value {
  if (!spendWork(frame, expression.span) || !enter(frame, expression.span)) return poison;
  const value = evaluateKind(expression, frame);
  frame.run.budget.depth -= 1;
  return value;
}

function evaluateKind(expression: ast.Expression, frame: Frame): Value {
  switch (expression.kind) {
    case "Integer":
      // A malformed one, which the lexer has told.
      return Number.isNaN(expression.value) ? spoil(frame) : int(expression.value);
    case "Float":
      return float(expression.value);
    case "String":
      return { kind: "string", value: expression.value };
    case "Boolean":
      return bool(expression.value);
    case "Name":
      return evaluateName(expression, frame);
    case "List":
      return evaluateList(expression, frame);
    case "Unary":
      return evaluateUnary(expression, frame);
    case "Binary":
      return evaluateBinary(expression, frame);
    case "Conditional":
      return evaluateConditional(expression, frame);
    case "Call":
      return evaluateCall(expression, frame);
    case "Index":
      return index(expression, frame);
    case "Member":
      return evaluateMember(expression, frame);
    case "Everything":
      return evaluateEverything(expression, frame);
    case "Pipeline":
      return evaluatePipeline(expression, frame);
    case "Scan":
      return frame.run.evaluator.scan(expression, frame);
  }
}

/** A single value: several results at once are reported. */
export function evaluateOne(expression: ast.Expression, frame: Frame): Value {
  const value = evaluate(expression, frame);
  if (value.kind !== "results") return value;
  return report(frame, "NN0308", expression.span, {
    message: `this gives ${describe(value)} where one is wanted`,
    hint: "bind them first: `a, b = …`",
  });
}

function operand(expression: ast.Expression, frame: Frame): Operand {
  return { value: evaluateOne(expression, frame), span: expression.span };
}

function evaluateName(expression: ast.NameExpression, frame: Frame): Value {
  const found = lookup(frame, expression.name);
  if (found !== undefined) return found;
  if (findLazy(frame.scope, expression.name) !== undefined) return poison;
  if (["step", "epoch", "progress"].includes(expression.name)) return hostScalar(expression, frame);
  return unknownName(frame, expression.name, expression.span);
}

function hostScalar(expression: ast.NameExpression, frame: Frame): Value {
  const { name } = expression;
  if (frame.scheduled && (name === "step" || name === "epoch" || name === "progress")) {
    return { kind: "tensor", node: frame.run.builder.hostScalar(name) };
  }
  return report(frame, "NN0503", expression.span, {
    message: `\`${name}\` has a value in training steps alone`,
    hint: "use it in the arguments of an optimizer, or under `if training`",
  });
}

function evaluateList(expression: ast.ListExpression, frame: Frame): Value {
  const items: Value[] = [];
  for (const element of expression.elements) {
    if (element.kind !== "Spread") {
      items.push(evaluateOne(element, frame));
    } else {
      const value = evaluateOne(element.value, frame);
      const spread = listItems(value);
      if (spread === undefined) {
        if (value.kind === "range") return tooLong(frame, element.span);
        if (!isPoison(value)) {
          report(frame, "NN0307", element.span, {
            message: `\`...\` spreads a list, not ${describe(value)}`,
            wrong: { value, kind: "list" },
          });
        }
        return poison;
      }
      items.push(...spread);
    }
    if (items.length > listLimit) return tooLong(frame, expression.span);
  }
  const made = list(items);
  if (made.leaves > leafLimit) return tooLong(frame, expression.span);
  return spendWork(frame, expression.span, items.length) ? made : poison;
}

function tooLong(frame: Frame, span: Span): Value {
  return report(frame, "NN0607", span, {
    message: `this list has more than ${listLimit.toLocaleString("en-US")} values`,
    hint: "large arrays are tensors: `range`, `zeros`, `full`",
  });
}

function evaluateUnary(expression: ast.UnaryExpression, frame: Frame): Value {
  const inner = operand(expression.operand, frame);
  if (isSpoilt(inner.value)) return poison;
  return expression.operator === "-"
    ? negate(frame, inner, expression.span)
    : not(frame, inner, expression.span);
}

function evaluateBinary(expression: ast.BinaryExpression, frame: Frame): Value {
  const { operator } = expression;
  const left = operand(expression.left, frame);
  // What decides alone, decides alone: the other side may not even have a value.
  if (operator === "and" && left.value.kind === "bool" && !left.value.value) return bool(false);
  if (operator === "or" && left.value.kind === "bool" && left.value.value) return bool(true);
  const right = operand(expression.right, frame);
  if (operator === "@") {
    return matrixProduct(frame, left, right, expression.operatorSpan);
  }
  return binary(frame, operator, left, right, expression.operatorSpan);
}

function evaluateConditional(expression: ast.ConditionalExpression, frame: Frame): Value {
  const condition = operand(expression.condition, frame);
  if (condition.value.kind === "bool") {
    return evaluate(condition.value.value ? expression.whenTrue : expression.whenFalse, frame);
  }
  // Of an unknown condition nobody knows whether it held a branch back from where steps are not counted.
  const inner = isPoison(condition.value) ? { ...frame, scheduled: true } : frame;
  const whenTrue = operand(expression.whenTrue, inner);
  const whenFalse = operand(expression.whenFalse, inner);
  return choose(frame, condition, whenTrue, whenFalse, expression.span);
}

function evaluatePipeline(expression: ast.PipelineExpression, frame: Frame): Value {
  let piped: Operand = operand(expression.input, frame);
  for (const [position, stage] of expression.stages.entries()) {
    const value = evaluateCall(stage, frame, piped);
    if (value.kind === "results" && position < expression.stages.length - 1) {
      return report(frame, "NN0308", stage.span, {
        message: `this gives ${describe(value)}; a pipeline hands on one`,
        hint: "bind them first: `a, b = …`",
      });
    }
    piped = { value, span: joinSpans(stage.callee.span, stage.span) };
  }
  return piped.value;
}

/** `encoder.W`: a parameter of a shared instance, where its layer has been called before. */
function evaluateMember(expression: ast.MemberExpression, frame: Frame): Value {
  const object = evaluateOne(expression.object, frame);
  if (isPoison(object)) return poison;
  if (object.kind === "function" && object.form === "shared") {
    const path = `${object.instance.path}.${expression.name}`;
    const model = frame.trace?.model;
    const found = model?.parameters.get(path);
    if (found !== undefined) {
      return { kind: "tensor", node: frame.trace?.states.get(path) ?? found.leaf };
    }
    const prefix = `${object.instance.path}.`;
    const names = [...(model?.parameters.keys() ?? [])]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
    return report(frame, "NN0208", expression.nameSpan, {
      message: `the shared layer ${object.name} has no parameter \`${expression.name}\``,
      notes: [
        names.length === 0 ? "it has none before its first call" : `it has ${names.join(", ")}`,
      ],
      hint: didYouMean(expression.name, names),
    });
  }
  return report(frame, "NN0208", expression.nameSpan, {
    message: `${describe(object)} has no \`${expression.name}\``,
    hint: memberHint(frame.scope, expression.name),
  });
}
