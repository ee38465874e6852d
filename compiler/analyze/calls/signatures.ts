// A declaration's parameters and the arguments matched to them come in; names bound in the body's frame go out, or reports of what does not fit.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import { dimText } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import { evaluateArgument } from "./arguments.js";
import type { Frame, WrongKind } from "../context.js";
import { evaluateShape, knownShape, matchShape, storedType } from "../values/dimensions.js";
import { computes, wantsComputed } from "./functions.js";
import { ofArgument } from "../kinds.js";
import { excerpt, report } from "../report.js";
import { areSwapped, convert, refusal } from "./elements.js";
import { isTold, labelHint, reportMismatch } from "./mismatch.js";
import { sliceOf, type OpenCall } from "./openCall.js";
import { usesOf } from "./uses.js";
import { refusedKind } from "./wanted.js";
import { classCount, classesOf, holdToRange, inClasses } from "../values/indices.js";
import { bind } from "../values/scope.js";
import { hasTensor, toTensor } from "../values/tensors.js";
import {
  asDim,
  asIntegers,
  asNumber,
  describe,
  fromDim,
  fullTypeText,
  isSpoilt,
  isSequence,
  poison,
  tensor,
  typeText,
  type ClosureValue,
  type GivenArgument,
  type Value,
} from "../values/values.js";

/**
 * Binds all parameters: what is known while compiling first, so that shapes may use it; then tensors, which bind the
 * names in their shapes; then numbers that fill such shapes; then defaults, which see all parameters before them.
 * False when a mistake was reported.
 */
export function bindParameters(call: OpenCall): boolean {
  const { parameters } = call.closure.declaration;
  const later: [ast.Parameter, ast.TensorType, GivenArgument][] = [];
  const tensors: [ast.Parameter, ast.TensorType, GivenArgument][] = [];
  let whole = true;
  for (const parameter of parameters) {
    const argument = call.matched.get(parameter.name);
    if (argument === undefined) continue;
    if (isSpoilt(argument.value)) whole = false;
    else if (parameter.type?.kind !== "TensorType") {
      whole = bindConstant(call, parameter, argument) && whole;
    } else if (hasTensor(argument.value)) tensors.push([parameter, parameter.type, argument]);
    else later.push([parameter, parameter.type, argument]);
  }
  if (!whole || reportsSwapped(call, tensors)) return false;
  for (const [parameter, type, argument] of tensors) {
    whole = bindTensor(call, parameter, type, argument) && whole;
  }
  if (!whole) return false;
  for (const [parameter, type, argument] of later) {
    whole = bindFilled(call, parameter, type, argument) && whole;
  }
  return (
    whole &&
    parameters.every((parameter) => bindDefault(call, parameter)) &&
    parameters.every((parameter) => holdClasses(call, parameter))
  );
}

/** A `category(n)` in a signature holds what is given to it to n classes, once every name has its value. */
function holdClasses(call: OpenCall, parameter: ast.Parameter): boolean {
  const { type, name } = parameter;
  if (type?.kind !== "TensorType" || type.classes === undefined) return true;
  const value = call.body.scope.names.get(name)?.value;
  if (value?.kind !== "tensor") return true;
  const extent = classCount(type.classes, call.body);
  if (extent === undefined) return false;
  const argument = call.matched.get(name);
  const own = argument?.unit === call.caller.unit;
  const operand = {
    value: argument?.value ?? value,
    node: value.node,
    span: own ? argument.span : call.span,
  };
  // A loss and a metric of one target are one mistake.
  const { reported } = call.body.run;
  const key = `classes ${value.node.id} ${dimText(extent)}`;
  const held = reported.has(key) ? undefined : holdToRange(call.caller, operand, classesOf(extent));
  if (held === undefined) {
    reported.add(key);
    call.caller.taint.spoilt = true;
    return false;
  }
  bind(call.body.scope, name, tensor(held), {
    place: { unit: call.body.unit, span: parameter.nameSpan },
  });
  return true;
}

function bindDefault(call: OpenCall, parameter: ast.Parameter): boolean {
  if (call.matched.has(parameter.name) || parameter.default === undefined) return true;
  const expression = parameter.default;
  const value = evaluateArgument(expression, call.body, call.callee, parameter.name);
  if (isSpoilt(value)) return false;
  const argument = {
    name: parameter.name,
    nameSpan: undefined,
    value,
    span: expression.span,
    unit: call.body.unit,
  };
  if (parameter.type?.kind !== "TensorType") return bindConstant(call, parameter, argument);
  return hasTensor(value)
    ? bindTensor(call, parameter, parameter.type, argument)
    : bindFilled(call, parameter, parameter.type, argument);
}

/** A parameter that is no tensor, or that takes anything. */
function bindConstant(call: OpenCall, parameter: ast.Parameter, argument: GivenArgument): boolean {
  const { value } = argument;
  const uncomputing =
    value.kind === "function" &&
    !computes(value) &&
    wantsComputed(call.body, call.closure, parameter.name);
  const kind = uncomputing ? "function" : refusedKind(call.closure.declaration, parameter, value);
  if (kind !== undefined) {
    const wrong = { value, kind };
    const standard = parameter.default && sliceOf(call.closure, parameter.default.span);
    const listed = usesOf(call.closure.declaration, parameter.name).listed > 0;
    const written = { name: parameter.name, of: call.name, standard, listed };
    const details = ofArgument(wrong, { frame: call.caller, parameter: written });
    reportArgument(call, argument, { code: uncomputing ? "NN0206" : "NN0311", ...details, wrong });
    return false;
  }
  bind(call.body.scope, parameter.name, asDeclared(value, parameter.type), {
    place: { unit: call.body.unit, span: parameter.nameSpan },
  });
  return true;
}

/** A number as the declared `int` or `float`. */
function asDeclared(value: Value, type: ast.Type | undefined): Value {
  if (type?.kind !== "ScalarType") return value;
  const dim = type.name === "int" ? asDim(value) : undefined;
  if (dim !== undefined) return fromDim(dim);
  const number = type.name === "float" ? asNumber(value) : undefined;
  return number === undefined ? value : { kind: "float", value: number };
}

function bindTensor(
  call: OpenCall,
  parameter: ast.Parameter,
  type: ast.TensorType,
  argument: GivenArgument,
): boolean {
  const given = toTensor(call.caller, { value: argument.value, span: argument.span });
  if (given === undefined) return false;
  const node = admit(call, parameter, type, argument, given);
  if (node === undefined) return false;
  const mismatch = matchShape(type, node.shape, call.body);
  if (mismatch !== undefined) {
    reportMismatch(call, parameter, { argument, node }, mismatch);
    return false;
  }
  bind(call.body.scope, parameter.name, tensor(node), {
    place: { unit: call.body.unit, span: parameter.nameSpan },
  });
  return true;
}

/** A compile-time number or list for a tensor: it fills the shape that the other arguments have bound. */
function bindFilled(
  call: OpenCall,
  parameter: ast.Parameter,
  type: ast.TensorType,
  argument: GivenArgument,
): boolean {
  const { value } = argument;
  if (value.kind === "function" || value.kind === "distribution" || value.kind === "string") {
    reportArgument(call, argument, {
      code: "NN0307",
      message: `\`${parameter.name}\` of ${call.name} is a tensor, not ${describe(value)}`,
      wrong: { value, kind: "tensor" },
    });
    return false;
  }
  const scalar = !isSequence(value);
  const stored = storedType(type.element);
  const wanted = scalar ? stored : undefined;
  const known = stored === "f32" ? value : asIntegers(value);
  const node = toTensor(call.caller, { value: known, span: argument.span }, wanted);
  if (node === undefined) return false;
  const shape = knownShape(type, call.body);
  if (shape === undefined || !scalar) {
    return bindTensor(call, parameter, type, {
      ...argument,
      value: tensor(wholeAsFloat(call, type, node)),
    });
  }
  const filled = call.body.run.builder.broadcast(node, shape);
  bind(call.body.scope, parameter.name, tensor(convert(call.body, type, filled)));
  return true;
}

/** Whole numbers written out for an f32 tensor are f32. */
function wholeAsFloat(call: OpenCall, type: ast.TensorType, node: Node): Node {
  return call.body.run.builder.cast(node, storedType(type.element) === "f32" ? "f32" : node.type);
}

/** A tensor as the declared element type takes it; undefined where it refuses. */
function admit(
  call: OpenCall,
  parameter: ast.Parameter,
  type: ast.TensorType,
  argument: GivenArgument,
  node: Node,
): Node | undefined {
  const wanted = storedType(type.element);
  const refused = refusal(wanted, node);
  if (refused === undefined) return convert(call.body, type, node);
  if (isTold(call, parameter, node)) return undefined;
  reportArgument(call, argument, {
    code: "NN0302",
    message: `\`${parameter.name}\` of ${call.name} takes ${refused.wants}, not ${fullTypeText(node)}`,
    hint: labelHint(call, type, argument, node) ?? refused.hint,
  });
  return undefined;
}

/** Two arguments that do not fit their parameters, but each other's: they are told once, as swapped. */
function reportsSwapped(
  call: OpenCall,
  tensors: readonly (readonly [ast.Parameter, ast.TensorType, GivenArgument])[],
): boolean {
  const [one, two] = tensors;
  if (one === undefined || two === undefined || tensors.length > 2) return false;
  if (!areSwapped([one[1], one[2].value], [two[1], two[2].value])) return false;
  const [a, b] = [excerpt(call.caller, one[2].span), excerpt(call.caller, two[2].span)];
  report(call.caller, "NN0302", call.span, {
    message: `\`${one[0].name}\` and \`${two[0].name}\` of ${call.name} are swapped`,
    labels: [one, two].flatMap(([parameter, , { value, span }]) =>
      value.kind === "tensor"
        ? [{ span, text: `${fullTypeText(value.node)}, given for \`${parameter.name}\`` }]
        : [],
    ),
    hint: `write \`${call.name}(${b}, ${a})\``,
  });
  return true;
}

interface ArgumentMistake {
  readonly code: "NN0206" | "NN0302" | "NN0307" | "NN0310" | "NN0311";
  readonly message: string;
  readonly notes?: readonly string[];
  readonly hint?: string | undefined;
  readonly wrong?: WrongKind;
}

/** At the argument where it stands in this very call, else at the call. */
function reportArgument(call: OpenCall, argument: GivenArgument, mistake: ArgumentMistake): void {
  const { code, ...details } = mistake;
  const inside =
    argument.unit === call.caller.unit &&
    argument.span.start >= call.span.start &&
    argument.span.end <= call.span.end;
  const labels =
    inside || argument.unit !== call.caller.unit
      ? []
      : [{ span: argument.span, text: describe(argument.value).replace(/^a tensor /, "") }];
  report(call.caller, code, inside ? argument.span : call.span, { ...details, labels });
}

/** Holds a body's results against the declared result; gives them back, converted, or poison. */
export function checkResult(
  frame: Frame,
  closure: ClosureValue,
  result: ast.ResultType | undefined,
  value: Value,
): Value {
  if (result === undefined || isSpoilt(value)) return value;
  const values = value.kind === "results" ? value.values : [value];
  if (values.length !== result.types.length) {
    return report(frame, "NN0308", result.span, {
      message: `${closure.declaration.name} declares ${result.types.length} results and returns ${values.length}`,
    });
  }
  const checked = values.map((item, index) => {
    const type = result.types[index];
    return type === undefined
      ? item
      : checkDeclared(frame, type, item, `the result of ${closure.declaration.name}`);
  });
  const [only] = checked;
  if (checked.length === 1 && only !== undefined) return only;
  return { kind: "results", values: checked };
}

/** A value held against a written type, unknown names bound; poison where they disagree. */
export function checkDeclared(
  frame: Frame,
  type: ast.TensorType,
  value: Value,
  what: string,
  at: Span = type.span,
): Value {
  if (isSpoilt(value)) return poison;
  const given = toTensor(
    frame,
    { value, span: at },
    value.kind === "tensor" ? undefined : storedType(type.element),
  );
  if (given === undefined) return poison;
  const refused = refusal(storedType(type.element), given);
  if (refused !== undefined) {
    return report(frame, "NN0302", at, {
      message: `${what} is declared as ${refused.wants}, but it is ${fullTypeText(given)}`,
      hint: refused.hint,
    });
  }
  const node = convert(frame, type, given);
  if (value.kind !== "tensor" && !isSequence(value)) {
    // A number has no shape that would give names their meaning.
    const shape = evaluateShape(type, frame);
    return shape === undefined ? poison : tensor(frame.run.builder.broadcast(node, shape));
  }
  const mismatch = matchShape(type, node.shape, frame);
  if (mismatch === undefined) return inClasses(frame, type, { value, node, span: at });
  return report(frame, "NN0312", at, {
    message: `${what} does not have the declared shape`,
    notes: [
      `declared ${frame.unit.source.text.slice(type.span.start, type.span.end)}`,
      `found ${typeText(node)}: ${mismatch.note}`,
    ],
  });
}
