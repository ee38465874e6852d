// A call of an optimizer or projection in a `train` block or `project` line comes in; the algorithm with its arguments bound goes out.
import type * as ast from "../../../grammar/ast.js";
import { shapeText } from "../../types/dimension.js";
import type { Shape } from "../../types/graph.js";
import type { OptimizerInstance, UpdateTemplate } from "../../types/model.js";
import { checkGiven, checkMissing, evaluateArguments, textOf } from "../calls/arguments.js";
import type { Frame } from "../context.js";
import { calleeOf } from "../calls/functions.js";
import { didYouMean, report } from "../report.js";
import { findLazy, visibleNames } from "../values/scope.js";
import { traceTemplate, type Algorithm } from "./template.js";
import { asNumber, describe, isPoison, isSpoilt, type GivenArgument } from "../values/values.js";

/** `adam(lr: 1e-3)` or `adam`; undefined when a mistake was reported. */
export function readAlgorithm(
  frame: Frame,
  expression: ast.Expression,
  kind: "Optimizer" | "Projection",
): Algorithm | undefined {
  const target = expression.kind === "Call" ? expression.callee : expression;
  const value = frame.run.evaluator.expression(target, frame);
  const word = kind.toLowerCase();
  if (value.kind !== "function" || value.form !== "closure" || value.declaration.kind !== kind) {
    if (isPoison(value)) return undefined;
    const names = algorithmNames(frame, kind);
    const written = textOf(frame, target.span).replaceAll('"', "");
    report(frame, "NN0502", target.span, {
      message: `${kind === "Optimizer" ? "an optimizer" : "a projection"} is wanted here, not ${describe(value)}`,
      hint:
        value.kind === "string" && names.includes(written)
          ? `write it without quotes: \`${written}(${kind === "Optimizer" ? "lr: 1e-3" : ""})\``
          : (didYouMean(written, names) ?? `known ${word}s: ${names.join(", ")}`),
    });
    return undefined;
  }
  const callee = calleeOf(frame, value);
  const written =
    expression.kind === "Call"
      ? evaluateArguments(expression.arguments, frame, callee, 0)
      : undefined;
  if (written?.spoilt === true) return undefined;
  const given = written?.given ?? [];
  const name = textOf(frame, target.span);
  const called = { frame, span: expression.span, name };
  const matched = checkGiven(called, callee, given, 0);
  if (matched === undefined || !checkMissing(called, callee, matched)) return undefined;
  if (given.some((argument) => isSpoilt(argument.value))) return undefined;
  return { closure: value, matched, caller: frame, span: expression.span };
}

/** All that a block sees. */
export function algorithmNames(frame: Frame, kind: "Optimizer" | "Projection"): string[] {
  return visibleNames(frame.scope).filter((name) => {
    const found = findLazy(frame.scope, name);
    if (found === undefined || found.status === "running") return false;
    const value = found.value ?? found.compute();
    return value.kind === "function" && value.form === "closure" && value.declaration.kind === kind;
  });
}

/** The update of parameters of a shape; undefined where there are mistakes. `of`: the parameter that these are told of. */
export type Traced = (shape: Shape, of?: string) => UpdateTemplate | undefined;

/** The traces of an algorithm, each shape's made once, and its mistakes reported once. */
export function traces(algorithm: Algorithm): Traced {
  const known = new Map<string, UpdateTemplate | undefined>();
  return (shape, of) => {
    const key = shapeText(shape);
    if (!known.has(key)) known.set(key, traceTemplate(algorithm, shape, of));
    return known.get(key);
  };
}

/** An optimizer as the typed model holds it. */
export function optimizerInstance(algorithm: Algorithm, trace: Traced): OptimizerInstance {
  const { caller, span, closure } = algorithm;
  const { name } = closure.declaration;
  return {
    name,
    settings: settingsOf(algorithm),
    place: { file: caller.unit.source, span },
    update: (shape) => {
      const template = trace(shape);
      if (template === undefined)
        throw new Error(`optimizer ${name} has no update for ${shapeText(shape)}`);
      return template;
    },
  };
}

export function settingsOf({ closure, matched, caller }: Algorithm): string {
  return settingsText(caller, closure.declaration.name, matched);
}

/** A call with each argument as its number, or as it was written where it is none. */
export function settingsText(
  frame: Frame,
  callee: string,
  matched: ReadonlyMap<string, GivenArgument>,
): string {
  const texts = [...matched].map(([name, { value, span }]) => {
    const number = asNumber(value);
    return `${name}: ${number === undefined ? textOf(frame, span).replace(/\s+/g, " ") : number}`;
  });
  return `${callee}(${texts.join(", ")})`;
}
