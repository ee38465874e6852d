// A `shared` line comes in; the name bound to one instance of a layer, to call many times, goes out.
import type * as ast from "../../../grammar/ast.js";
import { checkGiven, evaluateArguments, textOf } from "./arguments.js";
import type { Frame } from "../context.js";
import { calleeOf } from "./functions.js";
import { namedInstance } from "./naming.js";
import { report } from "../report.js";
import { reportTaken } from "../bodies/statementNames.js";
import { bind } from "../values/scope.js";
import {
  declarationOf,
  describe,
  isPoison,
  poison,
  type FunctionValue,
  type GivenArgument,
  type Value,
} from "../values/values.js";

export function declareShared(statement: ast.SharedStatement, frame: Frame): void {
  const before = frame.scope.names.get(statement.name);
  if (before?.fixed !== undefined) {
    reportTaken(frame, statement.name, statement.nameSpan, before);
    return;
  }
  bind(frame.scope, statement.name, sharedValue(statement, frame), {
    place: { unit: frame.unit, span: statement.nameSpan },
    fixed: "shared",
  });
}

function sharedValue(statement: ast.SharedStatement, frame: Frame): Value {
  const { value } = statement;
  const target = value.kind === "Call" ? value.callee : value;
  const found = frame.run.evaluator.expression(target, frame);
  if (isPoison(found)) return poison;
  const layer =
    found.kind === "function" && declarationOf(found)?.declaration.kind === "Layer"
      ? found
      : undefined;
  if (layer === undefined || layer.form === "shared") {
    return report(frame, "NN0412", value.span, {
      message: `\`shared\` makes one instance of a layer, not of ${describe(found)}`,
      hint: "a `fn` has no parameters, so there is nothing to share: call it where you need it",
    });
  }
  const given = sharedArguments(statement, frame, layer);
  if (given === undefined) return poison;
  const model = frame.trace?.model;
  if (model === undefined || frame.instance === undefined) return poison;
  const path = namedInstance(frame, model, statement.name, statement.nameSpan);
  if (path === undefined) {
    return report(frame, "NN0406", statement.nameSpan, {
      message: `\`${statement.name}\` names another layer, weight or shared instance here already`,
    });
  }
  return {
    kind: "function",
    form: "shared",
    target: layer,
    given,
    instance: { path },
    name: statement.name,
    place: { unit: frame.unit, span: statement.nameSpan },
  };
}

/** The arguments that every call of the instance shares; undefined where a mistake was reported. */
function sharedArguments(
  { name, value }: ast.SharedStatement,
  frame: Frame,
  layer: FunctionValue,
): readonly GivenArgument[] | undefined {
  if (value.kind !== "Call") return [];
  const callee = calleeOf(frame, layer);
  const written = evaluateArguments(value.arguments, frame, callee, 1);
  const { given } = written;
  if (written.instanceName !== undefined) {
    report(frame, "NN0406", written.nameSpan ?? value.span, {
      message: `this instance is called \`${name}\` already`,
      hint: "leave out `name:`",
    });
  }
  if (written.spoilt) return undefined;
  const called = { frame, span: value.span, name: textOf(frame, value.callee.span) };
  return checkGiven(called, callee, given, 1) === undefined ? undefined : given;
}
