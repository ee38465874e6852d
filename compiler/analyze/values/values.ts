// Values of expressions come in; their constructors, what they hold and their names in messages go out.
import type * as ast from "../../../grammar/ast.js";
import { holdsHalves } from "../../ops/halves.js";
import { dimText, shapeText, type Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import type {
  Callable,
  ClosureValue,
  FunctionValue,
  ListValue,
  BuiltinValue,
  Value,
} from "../context.js";
import type {
  BoolValue,
  DimensionValue,
  FloatValue,
  IntValue,
  PoisonValue,
  RangeValue,
  TensorValue,
} from "./plain.js";

export type {
  AlgorithmDeclaration,
  Callable,
  ClosureValue,
  DistributionName,
  DistributionValue,
  FunctionValue,
  GivenArgument,
  InitializerValue,
  ListValue,
  PartialValue,
  BuiltinValue,
  ResultsValue,
  SharedValue,
  Value,
} from "../context.js";
export type * from "./plain.js";

export const poison: PoisonValue = { kind: "poison" };
export const int = (value: number): IntValue => ({ kind: "int", value });
export const float = (value: number): FloatValue => ({ kind: "float", value });
export const bool = (value: boolean): BoolValue => ({ kind: "bool", value });
export const tensor = (node: Node): TensorValue => ({ kind: "tensor", node });
export const builtin = (name: string): BuiltinValue => ({
  kind: "function",
  form: "builtin",
  name,
});

/** A list; what would take a walk to find out is known from its parts. */
export function list(items: readonly Value[]): ListValue {
  let leaves = 0;
  let spoilt = false;
  let tensors = false;
  for (const item of items) {
    leaves += item.kind === "list" ? item.leaves : item.kind === "range" ? item.count : 1;
    spoilt ||= isSpoilt(item);
    tensors ||= item.kind === "tensor" || (item.kind === "list" && item.tensors);
  }
  return { kind: "list", items, leaves, spoilt, tensors };
}

/** An `int` where it is exact as one, else a `float`. */
export function wholeOrFloat(value: number): IntValue | FloatValue {
  return Number.isSafeInteger(value) ? int(value === 0 ? 0 : value) : float(value);
}

export function fromDim(dim: Dim): IntValue | DimensionValue {
  return typeof dim === "number" ? int(dim) : { kind: "dimension", dim };
}

/** The whole number that a value stands for, wherever one is wanted: a float that is whole (`1e3`) too. */
export function asInteger(value: Value): number | undefined {
  if (value.kind === "int") return value.value;
  if (value.kind !== "float" || !Number.isSafeInteger(value.value)) return undefined;
  return value.value === 0 ? 0 : value.value;
}

/** The integer or dimension that a value stands for; undefined for everything else. */
export function asDim(value: Value): Dim | undefined {
  return value.kind === "dimension" ? value.dim : asInteger(value);
}

/** A value of which whole numbers are wanted: those that it or its lists hold, as integers; all else as it is. */
export function asIntegers(value: Value): Value {
  const integer = asInteger(value);
  if (integer !== undefined) return int(integer);
  return value.kind === "list" ? list(value.items.map(asIntegers)) : value;
}

/** The number of an `int` or `float`. */
export function asNumber(value: Value): number | undefined {
  return value.kind === "int" || value.kind === "float" ? value.value : undefined;
}

/** Values that one list may hold. */
export const listLimit = 100_000;

/** Whether a value is a list, spelt out or not. */
export const isSequence = (value: Value): value is ListValue | RangeValue =>
  value.kind === "list" || value.kind === "range";

/** The items of a list, or of a range that is short enough to be spelt out; undefined for everything else. */
export function listItems(value: Value): readonly Value[] | undefined {
  if (value.kind === "list") return value.items;
  if (value.kind !== "range" || value.count > listLimit) return undefined;
  return Array.from({ length: value.count }, (_, index) => int(value.start + index * value.step));
}

export const isPoison = (value: Value): value is PoisonValue => value.kind === "poison";

/** Whether a poison is hidden in a value. */
export function isSpoilt(value: Value): boolean {
  if (value.kind === "list") return value.spoilt;
  if (value.kind === "results") return value.values.some(isSpoilt);
  if (value.kind === "distribution") return value.parameters.some(isSpoilt);
  return value.kind === "poison";
}

/** The declaration behind a function value, where it has one. */
export function declarationOf(value: FunctionValue): ClosureValue | undefined {
  if (value.form === "closure") return value;
  if (value.form === "builtin") return undefined;
  return declarationOf(value.target);
}

/** A value as the user would name it: "the number 3", "a tensor [batch, 4]". */
export function describe(value: Value): string {
  switch (value.kind) {
    case "int":
    case "float":
      return `the number ${value.value}`;
    case "bool":
      return value.value ? "true" : "false";
    case "string":
      return `the string ${JSON.stringify(value.value.slice(0, 40))}`;
    case "dimension":
      return `the dimension ${dimText(value.dim)}`;
    case "list":
      return `a list of ${count(value.items.length, "value")}`;
    case "range":
      return `a range of ${count(value.count, "integer")}`;
    case "tensor":
      return `a tensor ${typeText(value.node)}`;
    case "results":
      return count(value.values.length, "value");
    case "function":
      return describeFunction(value);
    case "distribution":
      return `the distribution ${value.name}`;
    case "initializer":
      return `the initializer ${value.target.declaration.name}`;
    case "poison":
      return "an unknown value";
  }
}

function describeFunction(value: FunctionValue): string {
  if (value.form === "builtin") return `the function ${value.name}`;
  if (value.form === "shared") return `the shared layer ${value.name}`;
  if (value.form === "partial") return describeFunction(value.target);
  return `the ${wordFor(value.declaration)} ${value.declaration.name}`;
}

/** The keyword that declares it, as a word in a sentence. */
export function wordFor(declaration: Callable | ast.ModelDeclaration): string {
  const words = {
    Function: "function",
    Layer: "layer",
    Init: "initializer",
    Optimizer: "optimizer",
    Projection: "projection",
    Model: "model",
  } as const;
  return words[declaration.kind];
}

/** `[batch, 4]`, `u32[n]`: the type as it is written. */
export function typeText(type: Pick<Node, "type" | "shape">): string {
  const element = elementText(type);
  return `${element === "f32" ? "" : element}${shapeText(type.shape)}`;
}

/** `f32[batch, 4]`: with its element type, where that is what the message is about. */
export function fullTypeText(type: Pick<Node, "type" | "shape">): string {
  return `${elementText(type)}${shapeText(type.shape)}`;
}

/** What the language calls the element type: f32 whose values were rounded is f16. */
function elementText(type: Pick<Node, "type"> & Partial<Node>): string {
  return "op" in type && holdsHalves(type as Node) ? "f16" : type.type;
}

/** "1 value", "2 values". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
