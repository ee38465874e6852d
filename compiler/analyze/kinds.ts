// A value of the wrong kind comes in, with the argument that it was given for; what to say of that argument goes out.
import type { Frame, WantedKind, WrongKind } from "./context.js";
import type { WrittenPlace } from "./origins.js";
import { distributions } from "../ops/primitives.js";
import { findLazy, visibleNames } from "./values/scope.js";
import {
  asNumber,
  declarationOf,
  describe,
  listItems,
  type BuiltinValue,
  type Value,
} from "./values/values.js";

/** What a place in a body takes, in words that hold of an argument given for it. */
export const kinds: Readonly<Record<WantedKind, string>> = {
  function: "a function",
  distribution: "a distribution or an initializer",
  boolean: "true or false",
  integer: "a whole number",
  integers: "a whole number or a list of them",
  size: "a whole number of at least 1",
  axis: "an axis: a whole number",
  axes: "an axis or a list of axes",
  dimension: "a whole number or a dimension",
  number: "a number",
  operand: "a number or a tensor",
  scheduled: "a number or a schedule",
  tensor: "a tensor",
  string: "a string",
  list: "a list",
  shape: "a list of dimensions",
  tensors: "a list of tensors",
  padding: '"same", "valid" or a whole number',
  margins: "a list of [before, after], one for each axis",
};

/** Kinds that one number may be. */
const numeric: ReadonlySet<WantedKind> = new Set<WantedKind>([
  "integer",
  "integers",
  "size",
  "axis",
  "axes",
  "dimension",
  "number",
  "operand",
  "scheduled",
  "tensor",
  "padding",
]);

/** Kinds that a list may be, of numbers or of such lists. */
const lists: ReadonlySet<WantedKind> = new Set<WantedKind>([
  "integers",
  "axes",
  "shape",
  "padding",
  "margins",
]);

/** Kinds whose values are computed while the model runs. */
const computed: ReadonlySet<WantedKind> = new Set<WantedKind>(["operand", "tensor", "tensors"]);

/** Values that are neither numbers nor made of them. */
const without: ReadonlySet<string> = new Set<Value["kind"]>([
  "string",
  "function",
  "distribution",
  "initializer",
]);

/** The mistake as one of the argument: `activation` of dense is a function, not the string "relu". */
export function ofArgument(
  wrong: WrongKind,
  { frame, parameter }: Pick<WrittenPlace, "frame" | "parameter">,
): { readonly message: string; readonly notes: readonly string[]; readonly hint?: string } {
  const [name, of] = parameter === undefined ? ["", ""] : [parameter.name, parameter.of];
  const hint = hintOf(frame, wrong);
  return {
    message: `\`${name}\` of ${of} is ${kinds[wrong.kind]}, not ${described(wrong)}`,
    notes:
      parameter?.standard === undefined
        ? []
        : [`where it is left out, it is \`${parameter.standard}\``],
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Where a function is wanted, a distribution without its parameters is none. */
const described = ({ kind, value }: WrongKind): string =>
  kind === "function" && isDistribution(value) ? `the distribution ${value.name}` : describe(value);

const isDistribution = (value: Value): value is BuiltinValue =>
  value.kind === "function" && value.form === "builtin" && value.name in distributions;

/** What would make a value of the wrong kind right. */
export const hintOf = (frame: Frame, { value, kind }: WrongKind): string | undefined =>
  unquoted(frame, value, kind) ?? hintFor(value, kind);

/** A string that spells what is wanted. */
function unquoted(frame: Frame, value: Value, kind: WantedKind): string | undefined {
  if (value.kind !== "string") return undefined;
  const word = value.value.trim();
  const right =
    kind === "function"
      ? isFunction(frame, word)
      : kind === "distribution"
        ? isInitializer(frame, word)
        : kind === "boolean"
          ? word === "true" || word === "false"
          : word !== "" && numeric.has(kind) && Number.isFinite(Number(word));
  if (!right) return undefined;
  return `write it without quotes: \`${word}${kind === "distribution" ? "()" : ""}\``;
}

const isFunction = (frame: Frame, word: string): boolean =>
  !isInitializer(frame, word) && visibleNames(frame.scope).includes(word);

function isInitializer(frame: Frame, word: string): boolean {
  const unit = findLazy(frame.scope, word)?.place.unit;
  return (
    unit?.tree.declarations.some(
      (declared) => declared.kind === "Init" && declared.name === word,
    ) === true
  );
}

function hintFor(value: Value, kind: WantedKind): string | undefined {
  if (kind === "function") return "hand over a function by its name, such as `relu`";
  if (kind === "distribution") return distributionHint(value);
  if (kind === "tensors") return "write them in brackets: `[a, b]`";
  if (computed.has(kind)) return operandHint(value);
  if (kind === "boolean") return truthHint(value);
  const [only, another] = listItems(value) ?? [];
  const number = only === undefined || another !== undefined ? undefined : asNumber(only);
  if (number !== undefined && numeric.has(kind)) return `write it without brackets: \`${number}\``;
  return value.kind === "tensor"
    ? "it must be known while compiling; a tensor's entries are not"
    : undefined;
}

/** 1 and 0 stand for truth values elsewhere; of tensors a comparison makes some. */
function truthHint(value: Value): string | undefined {
  const number = asNumber(value);
  if (number === 0 || number === 1) return `write \`${number === 1 ? "true" : "false"}\``;
  return value.kind === "tensor"
    ? "it must be known while compiling; a tensor's entries are not"
    : undefined;
}

/** Whether a value is of the kind at all; whether it is one that fits is for whoever uses it to say. */
export function admits(kind: WantedKind, value: Value): boolean {
  if (kind === "boolean") return value.kind === "bool";
  if (computed.has(kind)) return !without.has(value.kind);
  // What a list holds is for whoever goes through it to say.
  if (listItems(value) !== undefined) return lists.has(kind);
  if (kind === "padding" && value.kind === "string") return true;
  return numeric.has(kind) || lists.has(kind)
    ? asNumber(value) !== undefined || value.kind === "dimension"
    : true;
}

/** What makes a number or tensor of a value that is none. */
export function operandHint(value: Value): string | undefined {
  if (value.kind === "function") return "call it: write its arguments in parentheses behind it";
  if (value.kind === "distribution") return "draw from it: `name: [shape] ~ distribution`";
  const number = value.kind === "string" ? value.value.trim() : "";
  return number !== "" && Number.isFinite(Number(number))
    ? `write it without quotes: \`${number}\``
    : undefined;
}

function distributionHint(value: Value): string {
  if (isDistribution(value)) {
    return `give its parameters: \`${value.name}(${value.name === "uniform" ? "-0.1, 0.1" : "0, 0.1"})\``;
  }
  const declared = value.kind === "function" ? declarationOf(value)?.declaration : undefined;
  if (declared?.kind === "Init") return `call it: \`${declared.name}()\``;
  return "`normal(0, 0.1)` draws small numbers around 0; `glorot_uniform()` suits most layers";
}
