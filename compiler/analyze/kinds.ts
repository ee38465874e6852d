// A value of the wrong kind comes in, with the argument that it was given for; what to say of that argument goes out.
import type { Frame, WantedKind, WrongKind } from "./context.js";
import type { WrittenPlace } from "./origins.js";
import { distributions } from "../ops/primitives.js";
import { findLazy, visibleNames } from "./values/scope.js";
import {
  asDim,
  asNumber,
  declarationOf,
  describe,
  isSequence,
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
  numbers: "a number or a list of them",
  index: "a whole number or a tensor of them",
  indexed: "a list or a tensor",
  scheduled: "a number or a schedule",
  tensor: "a tensor",
  string: "a string",
  list: "a list",
  shape: "a list of dimensions",
  tensors: "a list of tensors",
  padding: '"same", "valid", a whole number or a list of them',
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
  "numbers",
  "operand",
  "index",
  "scheduled",
  "tensor",
  "padding",
]);

/** Kinds whose numbers are whole; of a list all of them, and of its lists. */
const whole: ReadonlySet<WantedKind> = new Set<WantedKind>([
  "integer",
  "integers",
  "size",
  "axis",
  "axes",
  "dimension",
  "shape",
  "padding",
  "margins",
]);

/** Kinds whose lists hold lists. */
const deep: ReadonlySet<WantedKind> = new Set<WantedKind>(["padding", "margins"]);

/** What a parameter takes that one number may be given for, or a list with several. */
const listed: Partial<Readonly<Record<WantedKind, WantedKind>>> = {
  integer: "integers",
  number: "numbers",
};

/** Kinds that a list may be, of numbers or of such lists. */
const lists: ReadonlySet<WantedKind> = new Set<WantedKind>([
  "integers",
  "numbers",
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
  { kind, value }: WrongKind,
  { frame, parameter, entry = false }: Pick<WrittenPlace, "frame" | "parameter" | "entry">,
): { readonly message: string; readonly notes: readonly string[]; readonly hint?: string } {
  const [name, of] = parameter === undefined ? ["", ""] : [parameter.name, parameter.of];
  const wide = entry || parameter?.listed !== true ? undefined : listed[kind];
  const wrong = { value, kind: wide ?? kind };
  const hint = hintOf(frame, wrong);
  const wants =
    kind === "indexed" && parameter?.standard?.startsWith("[") === true
      ? kinds.list
      : kinds[wrong.kind];
  return {
    message: `${entry ? "an entry of " : ""}\`${name}\` of ${of} is ${wants}, not ${described(wrong)}`,
    notes:
      parameter?.standard === undefined
        ? []
        : [`where it is left out, it is \`${parameter.standard}\``],
    ...(hint === undefined ? {} : { hint }),
  };
}

/** What was given, as what it is not: of a list, the entry that is wrong in it. */
export function described({ kind, value }: WrongKind): string {
  // Where a function is wanted, a distribution without its parameters is none.
  if (kind === "function" && isDistribution(value)) return `the distribution ${value.name}`;
  const entry = wrongEntry({ kind, value });
  return entry === undefined ? describe(value) : `a list with ${describe(entry)} in it`;
}

function wrongEntry({ kind, value }: WrongKind): Value | undefined {
  if (!lists.has(kind)) return undefined;
  const wrong = listItems(value)?.find((item) => !admitsEntry(kind, item));
  return wrong && deep.has(kind) ? (wrongEntry({ kind, value: wrong }) ?? wrong) : wrong;
}

const isDistribution = (value: Value): value is BuiltinValue =>
  value.kind === "function" && value.form === "builtin" && value.name in distributions;

/** What would make a value of the wrong kind right. */
export function hintOf(frame: Frame, { value, kind }: WrongKind): string | undefined {
  const entry = wrongEntry({ kind, value });
  if (entry?.kind === "tensor") {
    return "its entries are known while compiling, or free dimensions; a quotient of these that leaves a rest is computed at run time";
  }
  return unquoted(frame, entry ?? value, kind) ?? hintFor(entry ?? value, kind);
}

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
  if (kind === "index" && asNumber(value) !== undefined) {
    return "entries are counted in whole numbers from 0";
  }
  const [only, another] = listItems(value) ?? [];
  const number = only === undefined || another !== undefined ? undefined : asNumber(only);
  if (number !== undefined && numeric.has(kind)) return `write it without brackets: \`${number}\``;
  return value.kind === "tensor"
    ? "it must be known while compiling; a tensor's entries are not"
    : undefined;
}

/** 1 and 0 stand for truth values elsewhere. */
export function numeralTruth(value: Value): string | undefined {
  const number = asNumber(value);
  return number === 0 || number === 1 ? `write \`${number === 1 ? "true" : "false"}\`` : undefined;
}

/** 1 and 0 stand for truth values elsewhere; of tensors a comparison makes some. */
function truthHint(value: Value): string | undefined {
  if (numeralTruth(value) !== undefined) return numeralTruth(value);
  return value.kind === "tensor"
    ? "it must be known while compiling; a tensor's entries are not"
    : undefined;
}

/** Whether a value is of the kind at all; whether it is one that fits is for whoever uses it to say. */
export function admits(kind: WantedKind, value: Value): boolean {
  if (kind === "boolean") return value.kind === "bool";
  if (computed.has(kind)) return !without.has(value.kind);
  // Of what type a tensor is, is for whoever takes entries by it to say.
  if (kind === "index") return isIndex(value);
  const items = listItems(value);
  if (items !== undefined) return lists.has(kind) && items.every((item) => admitsEntry(kind, item));
  if (kind === "padding" && value.kind === "string") return true;
  return numeric.has(kind) || lists.has(kind) ? isNumber(kind, value) : true;
}

function admitsEntry(kind: WantedKind, value: Value): boolean {
  const items = deep.has(kind) ? listItems(value) : undefined;
  return items === undefined
    ? isNumber(kind, value)
    : items.every((item) => admitsEntry(kind, item));
}

const isIndex = (value: Value): boolean =>
  value.kind === "tensor" || isSequence(value) || asDim(value) !== undefined;

const isNumber = (kind: WantedKind, value: Value): boolean =>
  asDim(value) !== undefined || (!whole.has(kind) && asNumber(value) !== undefined);

/** What makes a number or tensor of a value that is none. */
export function operandHint(value: Value): string | undefined {
  if (value.kind === "function") {
    const kind = declarationOf(value)?.declaration.kind;
    // A call of these gives no number.
    if (kind === "Optimizer" || kind === "Projection" || kind === "Init") return undefined;
    return "call it: write its arguments in parentheses behind it";
  }
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
