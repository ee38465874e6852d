// The arguments of a call as written come in; values matched to the names of parameters go out.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import type { CallRequest, Frame } from "../context.js";
import { spoil } from "../frames.js";
import { writtenPlace } from "../origins.js";
import { roles } from "../training/selectors.js";
import { expressedParameters, foreignParameters } from "./foreignParameters.js";
import { calleeOf, computes, wantsComputed, wantsFunction, type Callee } from "./functions.js";
import { didYouMean, report } from "../report.js";
import {
  asDim,
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
    const computing = wantsComputed(frame, callee.base, name);
    const partial = evaluatePartial(expression, frame, name, computing);
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
  computing: boolean,
): Value | undefined {
  const value = frame.run.evaluator.expression(call.callee, frame);
  if (value.kind !== "function") return undefined;
  const kind = declarationOf(value)?.declaration.kind;
  if (kind !== undefined && kind !== "Layer" && kind !== "Function") return undefined;
  if (computing && !computes(value)) return undefined;
  const callee = calleeOf(frame, value);
  const written = evaluateArguments(call.arguments, frame, callee, 1);
  const called = { frame, span: call.span, name: textOf(frame, call.callee.span) };
  checkGiven(called, callee, written.given, 1);
  return { kind: "function", form: "partial", target: value, given: written.given, parameter };
}

export const textOf = (frame: Frame, span: Span): string =>
  frame.unit.source.text.slice(span.start, span.end);

/** What the mistakes of a call's arguments are told of. */
export interface Called {
  readonly frame: Frame;
  readonly span: Span;
  /** The name for messages: as the user wrote it. */
  readonly name: string;
  /** Where a body calls its parameter: the mistakes are those of the function that was given for it. */
  readonly handed?: Span | undefined;
}

/** The call itself; where it calls a parameter, the function that was given for that, where it was given. */
export function calledAs(value: FunctionValue, request: CallRequest, frame: Frame): Called {
  const { span, name, callee } = request;
  const place = callee && writtenPlace(frame, frame.unit, callee, value);
  if (place?.parameter === undefined) return { frame, span, name };
  const { parameter, unit } = place;
  const own = describe(value).replace(/^the \w+ /, "");
  return {
    frame: { ...place.frame, unit },
    span: place.span,
    name: `${own}, given for \`${parameter.name}\` of ${parameter.of},`,
    handed: callee,
  };
}

/** The arguments of a call by parameter name, earlier partial ones included; undefined where a mistake was reported. */
export function checkGiven(
  called: Called,
  callee: Callee,
  given: readonly GivenArgument[],
  from: number,
): Map<string, GivenArgument> | undefined {
  const matched = new Map(callee.preset);
  let whole = true;
  let position = from;
  let named = false;
  for (const argument of given) {
    named ||= argument.name !== undefined;
    // Behind a named one the parser has told of it.
    if (named && argument.name === undefined) {
      spoil(called.frame);
      return undefined;
    }
    const target = argument.name ?? callee.order[position++];
    if (target === undefined) {
      tooMany(called, callee, given, from);
      return undefined;
    }
    if (!callee.parameters.some((parameter) => parameter.name === target)) {
      whole = false;
      unknownParameter(called, callee, argument, target);
    } else if (matched.has(target)) {
      whole = false;
      report(called.frame, "NN0205", placeOf(called, argument), {
        message: `\`${target}\` is given twice to ${called.name.replace(/,$/, "")}`,
        notes: [positionsNote(callee)],
      });
    } else matched.set(target, argument);
  }
  return whole ? matched : undefined;
}

/** The argument in the call; where that calls what was handed over, the place that says what. */
const placeOf = ({ handed, span }: Called, argument: GivenArgument): Span =>
  handed === undefined ? (argument.nameSpan ?? argument.span) : span;

function positionsNote(callee: Callee): string {
  const names = callee.parameters.map((parameter) => parameter.name).join(", ");
  return `its parameters are: ${names === "" ? "none" : names}`;
}

function tooMany(
  { frame, span, name, handed }: Called,
  callee: Callee,
  given: readonly GivenArgument[],
  from: number,
): void {
  const unnamed = given.filter((argument) => argument.name === undefined);
  const most = callee.order.length;
  const extra = unnamed[most - from];
  const isHere = handed === undefined && extra?.unit === frame.unit;
  // `reshape(batch, 4, 2)`, as where a shape may be several arguments; what is too many was not evaluated.
  const last = isHere ? unnamed.slice(most - from - 1) : [];
  const texts = last.map((one) => textOf(frame, one.span)).filter((text) => /^-?\w+$/.test(text));
  const isList =
    last.some(({ value }) => asDim(value) !== undefined) && texts.length === last.length;
  const all = unnamed.length + from;
  report(frame, "NN0203", isHere ? extra.span : span, {
    message: `${name} takes at most ${count(most, "argument")}, ${all} ${all === 1 ? "is" : "are"} given`,
    notes: [
      positionsNote(callee),
      ...(from === 1 ? ["the first parameter is filled by what stands outside the call"] : []),
    ],
    hint: isList ? `a list stands in brackets: \`[${texts.join(", ")}]\`` : undefined,
  });
}

function unknownParameter(
  called: Called,
  callee: Callee,
  argument: GivenArgument,
  target: string,
): void {
  const names = callee.parameters.map((parameter) => parameter.name);
  report(called.frame, "NN0204", placeOf(called, argument), {
    message: `${called.name} has no parameter \`${target}\``,
    notes: [positionsNote(callee)],
    hint: calledElsewhere(target, names) ?? didYouMean(target, names) ?? relative(callee, target),
  });
}

/** The declaration of the same kind (a layer serves as a function does), with the nearest name, that has such a parameter: of an optimizer another one. */
function relative({ base }: Callee, parameter: string): string | undefined {
  if (base.form === "builtin") return undefined;
  const { declaration, unit } = base;
  const isCalled = ["Function", "Layer"].includes(declaration.kind);
  const kinds: readonly string[] = isCalled ? ["Function", "Layer"] : [declaration.kind];
  const others = unit.tree.declarations.flatMap((one) =>
    kinds.includes(one.kind) && "parameters" in one ? [one] : [],
  );
  const able = others.filter(({ parameters }) => parameters.some(({ name }) => name === parameter));
  const alike = able.filter(({ name }) => name.includes(declaration.name));
  const [found] = alike.length > 0 ? alike : able;
  return found === undefined ? undefined : `\`${found.name}\` has a parameter \`${parameter}\``;
}

function calledElsewhere(word: string, names: readonly string[]): string | undefined {
  const key = word.toLowerCase().replaceAll("_", "");
  const said = Object.hasOwn(expressedParameters, key) ? expressedParameters[key] : undefined;
  if (said !== undefined && said.beside.every((name) => names.includes(name))) return said.hint;
  const meant = Object.hasOwn(foreignParameters, key) ? foreignParameters[key] : undefined;
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
function reportFirst({ frame, span, name }: Called, callee: Callee, penalty: boolean): false {
  const [first] = callee.parameters;
  const written = textOf(frame, span).replace(/^.*\|>\s*/s, "");
  const again = calledAgain(frame, span);
  report(frame, "NN0202", span, {
    message: `${name} is called without \`${first?.name ?? ""}\`, the tensor that it works on`,
    notes: [positionsNote(callee)],
    hint: penalty
      ? `say of which parameters: \`regularize ${written} on weights\``
      : `it stands in front: \`${again ?? "x"} |> ${written}\`${again === undefined ? toCallLater(frame, span, written) : ""}`,
  });
  return false;
}

/** `d = dense(32)`: that a layer is meant, for calls below. */
function toCallLater({ unit, instance }: Frame, { start }: Span, written: string): string {
  const [, name] = /[\n;{]\s*(\w+)\s*=\s*$/.exec(unit.source.text.slice(0, start)) ?? [];
  const isNamed = name !== undefined && instance !== undefined;
  return isNamed ? `; a layer to call below is \`shared ${name} = ${written}\`` : "";
}

/** `dense(32)(h)`: what the result is called with. */
function calledAgain({ unit }: Frame, { end }: Span): string | undefined {
  return /^\(\s*([A-Za-z_][\w.]*)\s*\)/.exec(unit.source.text.slice(end, end + 100))?.[1];
}

/** Reports each required parameter that got nothing. */
export function checkMissing(
  called: Called,
  callee: Callee,
  matched: ReadonlyMap<string, GivenArgument>,
): boolean {
  const { frame, span, name, handed } = called;
  const missing = callee.parameters.filter(
    (parameter) => parameter.required && !matched.has(parameter.name),
  );
  if (missing.length === 0) return true;
  // `l2(weights)`: of the name is told, with the line that is meant.
  const selects = [...matched.values()].some(
    ({ value, span: at, unit }) =>
      isPoison(value) && unit === frame.unit && Object.hasOwn(roles, textOf(frame, at)),
  );
  if (selects) return false;
  const penalty = /\bregularize\s*(=\s*)?$/.test(frame.unit.source.text.slice(0, span.start));
  if (handed === undefined && leavesOutFirst(callee, matched, penalty)) {
    return reportFirst(called, callee, penalty);
  }
  const names = missing.map((parameter) => `\`${parameter.name}\``).join(" and ");
  const wanted = missing.map((one) => `${one.name}: …`).join(", ");
  const given = textOf(frame, span);
  const whole = /^\w+$/.test(given) ? `${given}(${wanted})` : wanted;
  report(frame, "NN0202", span, {
    message: `${name} is called without ${names}`,
    notes: [positionsNote(callee)],
    hint:
      handed === undefined
        ? `give ${missing.length === 1 ? "it" : "them"} by name: \`${wanted}\``
        : `hand it over with ${names}: \`${whole}\``,
  });
  return false;
}

export type { FunctionValue };
