// Takes no input, gives the types of the values that hold no other: numbers, strings, dimensions, ranges, tensors.
import type { SymbolicDim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";

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

export interface PoisonValue {
  readonly kind: "poison";
}
