// The arguments of a call as written come in; values matched to the names of parameters go out.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import type { Frame } from "../context.js";
import { spoil } from "../frames.js";
import { calleeOf, wantsFunction, type Callee } from "./functions.js";
import { didYouMean, report } from "../report.js";
import {
  asNumber,
  count,
  declarationOf,
  describe,
  isPoison,
  poison,
  type FunctionValue,
  type GivenArgument,
  type Value,
} from "../values/values.js";

/** The arguments of a call, those that every call may take set apart. */
export interface WrittenArguments {
  readonly given: readonly GivenArgument[];
  /** `name: "head"` of a layer call. */
  readonly instanceName: string | undefined;
  readonly nameSpan: Span | undefined;
  /** `training: false`. */
  readonly training: boolean | undefined;
  readonly spoilt: boolean;
}

/** Evaluates arguments, each as its parameter wants it; `from` is the parameter that positional ones begin at. */
export function evaluateArguments(
  written: readonly ast.Argument[],
  frame: Frame,
  callee: Callee,
  from: number,
): WrittenArguments {
  const given: GivenArgument[] = [];
  let instanceName: string | undefined;
  let nameSpan: Span | undefined;
  let training: boolean | undefined;
  let spoilt = false;
  let position = from;
  for (const argument of written) {
    const name = argument.name ?? callee.order[position++];
    const known = callee.parameters.some((parameter) => parameter.name === name);
    if (argument.name !== undefined && !known) {
      const special = evaluateSpecial(argument, frame, callee);
      if (special?.kind === "name") {
        instanceName = special.value;
        nameSpan = argument.span;
        continue;
      }
      if (special?.kind === "training") {
        training = special.value;
        continue;
      }
      if (special?.kind === "wrong") {
        spoilt = true;
        continue;
      }
    }
    if (!known) evaluateAnyway([argument], frame);
    given.push({
      name: argument.name,
      nameSpan: argument.nameSpan,
      value: known ? evaluateArgument(argument.value, frame, callee, name) : poison,
      span: argument.value.span,
      unit: frame.unit,
    });
  }
  return { given, instanceName, nameSpan, training, spoilt };
}

/**
 * Mistakes in the arguments of a call that cannot be made are found all the same. Calls among them are not made: perhaps
 * a function was wanted there, so that they leave out a parameter.
 */
export function evaluateAnyway(written: readonly ast.Argument[], frame: Frame): void {
  for (const { value } of written) {
    if (value.kind !== "Call") frame.run.evaluator.expression(value, frame);
    else {
      frame.run.evaluator.expression(value.callee, frame);
      evaluateAnyway(value.arguments, frame);
    }
  }
}

type Special =
  | { readonly kind: "name"; readonly value: string }
  | { readonly kind: "training"; readonly value: boolean }
  | { readonly kind: "wrong" };

/** `name` and `training` where the callee has no parameters so called. */
function evaluateSpecial(
  argument: ast.Argument,
  frame: Frame,
  callee: Callee,
): Special | undefined {
  if (callee.base.form === "builtin") return undefined;
  const { kind } = callee.base.declaration;
  if (argument.name === "name" && kind === "Layer") {
    const value = frame.run.evaluator.expression(argument.value, frame);
    if (value.kind === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value.value)) {
      return { kind: "name", value: value.value };
    }
    if (!isPoison(value)) {
      report(frame, "NN0210", argument.value.span, {
        message: `the name of a layer is a string that reads as a name, not ${describe(value)}`,
        hint: 'letters, digits and underscores: `name: "head"`',
      });
    }
    return { kind: "wrong" };
  }
  if (argument.name === "training" && (kind === "Layer" || kind === "Function")) {
    const value = frame.run.evaluator.expression(argument.value, frame);
    if (value.kind === "bool") return { kind: "training", value: value.value };
    if (!isPoison(value)) {
      report(frame, "NN0302", argument.value.span, {
        message: `\`training\` is true or false at compile time, not ${describe(value)}`,
      });
    }
    return { kind: "wrong" };
  }
  return undefined;
}

/** One argument; where its parameter wants a function, a call leaves out its first parameter. */
export function evaluateArgument(
  expression: ast.Expression,
  frame: Frame,
  callee: Callee,
  name: string | undefined,
): Value {
  const wants = name !== undefined && wantsFunction(frame, callee, name);
  if (wants && expression.kind === "Call") {
    const partial = evaluatePartial(expression, frame, name);
    if (partial !== undefined) return partial;
  }
  const value = frame.run.evaluator.expression(expression, frame);
  return name === undefined ? value : nameLayer(value, name);
}

/** A layer that is handed over bears the parameter's name, so that its instance can. */
function nameLayer(value: Value, parameter: string): Value {
  if (value.kind !== "function" || value.form === "shared" || value.form === "builtin") {
    return value;
  }
  if (declarationOf(value)?.declaration.kind !== "Layer") return value;
  return { kind: "function", form: "partial", target: value, given: [], parameter };
}

/** `leaky_relu(slope: 0.2)` as a function of its first parameter; undefined where the callee is no function of tensors. */
function evaluatePartial(
  call: ast.CallExpression,
  frame: Frame,
  parameter: string | undefined,
): Value | undefined {
  const value = frame.run.evaluator.expression(call.callee, frame);
  if (value.kind !== "function") return undefined;
  const kind = declarationOf(value)?.declaration.kind;
  if (kind !== undefined && kind !== "Layer" && kind !== "Function") return undefined;
  const callee = calleeOf(frame, value);
  const written = evaluateArguments(call.arguments, frame, callee, 1);
  checkGiven(frame, callee, written.given, 1, call.span, textOf(frame, call.callee.span));
  return { kind: "function", form: "partial", target: value, given: written.given, parameter };
}

export const textOf = (frame: Frame, span: Span): string =>
  frame.unit.source.text.slice(span.start, span.end);

/** The arguments of a call by parameter name, earlier partial ones included; undefined where a mistake was reported. */
export function checkGiven(
  frame: Frame,
  callee: Callee,
  given: readonly GivenArgument[],
  from: number,
  span: Span,
  name: string,
): Map<string, GivenArgument> | undefined {
  const matched = new Map(callee.preset);
  let whole = true;
  let position = from;
  let named = false;
  for (const argument of given) {
    named ||= argument.name !== undefined;
    // Behind a named one the parser has told of it.
    if (named && argument.name === undefined) {
      spoil(frame);
      return undefined;
    }
    const target = argument.name ?? callee.order[position++];
    if (target === undefined) {
      tooMany(frame, callee, given, from, span, name);
      return undefined;
    }
    if (!callee.parameters.some((parameter) => parameter.name === target)) {
      whole = false;
      unknownParameter(frame, callee, argument, target, name);
    } else if (matched.has(target)) {
      whole = false;
      report(frame, "NN0205", argument.nameSpan ?? argument.span, {
        message: `\`${target}\` is given twice to ${name}`,
        notes: [positionsNote(callee)],
      });
    } else matched.set(target, argument);
  }
  return whole ? matched : undefined;
}

function positionsNote(callee: Callee): string {
  const names = callee.parameters.map((parameter) => parameter.name).join(", ");
  return `its parameters are: ${names === "" ? "none" : names}`;
}

function tooMany(
  frame: Frame,
  callee: Callee,
  given: readonly GivenArgument[],
  from: number,
  span: Span,
  name: string,
): void {
  const positional = given.filter((argument) => argument.name === undefined).length + from;
  const most = callee.order.length;
  report(frame, "NN0203", span, {
    message: `${name} takes at most ${count(most, "argument")}, ${positional} ${positional === 1 ? "is" : "are"} given`,
    notes: [
      positionsNote(callee),
      ...(from === 1 ? ["the first parameter is filled by what stands outside the call"] : []),
    ],
  });
}

function unknownParameter(
  frame: Frame,
  callee: Callee,
  argument: GivenArgument,
  target: string,
  name: string,
): void {
  const names = callee.parameters.map((parameter) => parameter.name);
  report(frame, "NN0204", argument.nameSpan ?? argument.span, {
    message: `${name} has no parameter \`${target}\``,
    notes: [positionsNote(callee)],
    hint: calledElsewhere(target, names) ?? didYouMean(target, names),
  });
}

/** Parameters as other libraries call them, without underscores. */
const foreign: Readonly<Record<string, readonly string[]>> = {
  dim: ["axis"],
  axes: ["axis"],
  keepdim: ["keep"],
  keepdims: ["keep"],
  learningrate: ["lr"],
  filters: ["channels"],
  outchannels: ["channels"],
  kernelsize: ["kernel"],
  poolsize: ["window"],
  size: ["window", "kernel", "units"],
  strides: ["stride"],
  dilationrate: ["dilation"],
  units: ["units", "channels"],
  hiddensize: ["units"],
  outfeatures: ["units"],
  numunits: ["units"],
  bias: ["use_bias"],
  initializer: ["init"],
  kernelinitializer: ["init"],
  act: ["activation"],
  p: ["rate"],
  prob: ["rate"],
  eps: ["epsilon"],
  numembeddings: ["count"],
  inputdim: ["count"],
  embeddingdim: ["width"],
  outputdim: ["width"],
  numclasses: ["classes", "count"],
  lambda: ["strength"],
  std: ["deviation"],
  stddev: ["deviation"],
  sigma: ["deviation"],
};

function calledElsewhere(word: string, names: readonly string[]): string | undefined {
  const key = word.toLowerCase().replaceAll("_", "");
  const meant = Object.hasOwn(foreign, key) ? foreign[key] : undefined;
  const found = meant?.find((name) => names.includes(name));
  return found === undefined ? undefined : `here it is called \`${found}\``;
}

/** Whether a number stands where a tensor is wanted, and the call is whole where its positions begin at the second. */
function leavesOutFirst(
  callee: Callee,
  matched: ReadonlyMap<string, GivenArgument>,
  penalty: boolean,
): boolean {
  const { parameters } = callee;
  const [first, ...rest] = parameters;
  const given = first === undefined ? undefined : matched.get(first.name);
  const isTensor = penalty || first?.declared?.type?.kind === "TensorType";
  if (!isTensor || given === undefined) return false;
  if (given.name !== undefined || asNumber(given.value) === undefined) return false;
  const positional = parameters.filter(({ name }) => {
    const argument = matched.get(name);
    return argument !== undefined && argument.name === undefined;
  }).length;
  return rest.every(
    ({ name, required }, index) => index < positional || !required || matched.has(name),
  );
}

/** What the call works on is not said. */
function reportFirst(
  frame: Frame,
  callee: Callee,
  span: Span,
  name: string,
  penalty: boolean,
): false {
  const [first] = callee.parameters;
  const written = textOf(frame, span).replace(/^.*\|>\s*/s, "");
  report(frame, "NN0202", span, {
    message: `${name} is called without \`${first?.name ?? ""}\`, the tensor that it works on`,
    notes: [positionsNote(callee)],
    hint: penalty
      ? `say of which parameters: \`regularize ${written} on weights\``
      : `it stands in front: \`x |> ${written}\``,
  });
  return false;
}

/** Reports each required parameter that got nothing. */
export function checkMissing(
  frame: Frame,
  callee: Callee,
  matched: ReadonlyMap<string, GivenArgument>,
  span: Span,
  name: string,
): boolean {
  const missing = callee.parameters.filter(
    (parameter) => parameter.required && !matched.has(parameter.name),
  );
  if (missing.length === 0) return true;
  const penalty = /\bregularize\s+$/.test(frame.unit.source.text.slice(0, span.start));
  if (leavesOutFirst(callee, matched, penalty)) {
    return reportFirst(frame, callee, span, name, penalty);
  }
  const names = missing.map((parameter) => `\`${parameter.name}\``).join(" and ");
  report(frame, "NN0202", span, {
    message: `${name} is called without ${names}`,
    notes: [positionsNote(callee)],
    hint: `give ${missing.length === 1 ? "it" : "them"} by name: \`${missing.map((one) => `${one.name}: …`).join(", ")}\``,
  });
  return false;
}

export type { FunctionValue };
