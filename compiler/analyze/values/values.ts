// Takes no input, gives the types of what an expression can evaluate to, their constructors and their names in messages.
import type * as ast from "../../../grammar/ast.js";
import { dimText, shapeText, type Dim, type SymbolicDim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import type { Frame, Instance, Unit } from "../context.js";
import type { Scope } from "./scope.js";

/** What an expression evaluates to. `poison` stands for a mistake already reported: whatever touches it stays silent. */
export type Value =
  | IntValue
  | FloatValue
  | BoolValue
  | StringValue
  | DimensionValue
  | ListValue
  | RangeValue
  | TensorValue
  | ResultsValue
  | FunctionValue
  | DistributionValue
  | InitializerValue
  | PoisonValue;

export interface IntValue {
  readonly kind: "int";
  readonly value: number;
}
export interface FloatValue {
  readonly kind: "float";
  readonly value: number;
}
export interface BoolValue {
  readonly kind: "bool";
  readonly value: boolean;
}
export interface StringValue {
  readonly kind: "string";
  readonly value: string;
}
/** An integer that is known at run time alone: a polynomial in free dimensions. */
export interface DimensionValue {
  readonly kind: "dimension";
  readonly dim: SymbolicDim;
}
export interface ListValue {
  readonly kind: "list";
  readonly items: readonly Value[];
  /** How many values stand in it and in its lists, each as often as it is seen: lists share their parts. */
  readonly leaves: number;
  readonly spoilt: boolean;
  readonly tensors: boolean;
}
/** The integers `start`, `start + step`, … as `range` gives them: never spelt out before something needs them. */
export interface RangeValue {
  readonly kind: "range";
  readonly start: number;
  readonly step: number;
  readonly count: number;
}
export interface TensorValue {
  readonly kind: "tensor";
  readonly node: Node;
}
/** Several results of one call, to be bound at once. */
export interface ResultsValue {
  readonly kind: "results";
  readonly values: readonly Value[];
}
export interface PoisonValue {
  readonly kind: "poison";
}

export type Callable =
  ast.FunctionDeclaration | ast.LayerDeclaration | ast.InitDeclaration | AlgorithmDeclaration;
export type AlgorithmDeclaration = ast.OptimizerDeclaration | ast.ProjectionDeclaration;

/** An argument that has been evaluated, with the place where it is written. */
export interface GivenArgument {
  readonly name: string | undefined;
  readonly nameSpan: ast.Span | undefined;
  readonly value: Value;
  readonly span: ast.Span;
  readonly unit: Unit;
}

export type FunctionValue = ClosureValue | PrimitiveValue | PartialValue | SharedValue;

/** A declaration together with the names it sees. */
export interface ClosureValue {
  readonly kind: "function";
  readonly form: "closure";
  readonly declaration: Callable;
  readonly scope: Scope;
  readonly unit: Unit;
  /** For a `fn` declared inside a block: the body it stands in, whose instance its layers belong to. */
  readonly home: Frame | undefined;
}
/** What the compiler itself knows. */
export interface PrimitiveValue {
  readonly kind: "function";
  readonly form: "primitive";
  readonly name: string;
}
/** A call that leaves out its first parameter, as a value; or a layer that bears the name of the parameter it was given for. */
export interface PartialValue {
  readonly kind: "function";
  readonly form: "partial";
  readonly target: FunctionValue;
  /** Whether positional arguments in `given` begin at the second parameter. */
  readonly given: readonly GivenArgument[];
  /** The parameter that it was given for: the name of its instance where it is a layer. */
  readonly parameter: string | undefined;
}
/** One instance of a layer, to call many times. */
export interface SharedValue {
  readonly kind: "function";
  readonly form: "shared";
  readonly target: FunctionValue;
  readonly given: readonly GivenArgument[];
  readonly instance: Instance;
  readonly name: string;
  readonly place: { readonly unit: Unit; readonly span: ast.Span };
}

/** Something that can be drawn where it meets a shape. */
export interface DistributionValue {
  readonly kind: "distribution";
  readonly name: DistributionName;
  readonly parameters: readonly Value[];
}
export type DistributionName = "uniform" | "normal" | "bernoulli" | "randint" | "categorical";

/** A call of an `init`, run where it meets a shape. */
export interface InitializerValue {
  readonly kind: "initializer";
  readonly target: ClosureValue;
  readonly given: readonly GivenArgument[];
  readonly call: { readonly unit: Unit; readonly span: ast.Span; readonly frame: Frame };
}

export const poison: PoisonValue = { kind: "poison" };
export const int = (value: number): IntValue => ({ kind: "int", value });
export const float = (value: number): FloatValue => ({ kind: "float", value });
export const bool = (value: boolean): BoolValue => ({ kind: "bool", value });
export const tensor = (node: Node): TensorValue => ({ kind: "tensor", node });
export const primitive = (name: string): PrimitiveValue => ({
  kind: "function",
  form: "primitive",
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

/** The integer or dimension that a value stands for (`1e3` too); undefined for everything else. */
export function asDim(value: Value): Dim | undefined {
  if (value.kind === "int") return value.value;
  if (value.kind === "float" && Number.isSafeInteger(value.value)) return value.value;
  return value.kind === "dimension" ? value.dim : undefined;
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
  if (value.form === "primitive") return undefined;
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
  if (value.form === "primitive") return `the function ${value.name}`;
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
  return `${type.type === "f32" ? "" : type.type}${shapeText(type.shape)}`;
}

/** `f32[batch, 4]`: with its element type, where that is what the message is about. */
export function fullTypeText(type: Pick<Node, "type" | "shape">): string {
  return `${type.type}${shapeText(type.shape)}`;
}

/** "1 value", "2 values". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
