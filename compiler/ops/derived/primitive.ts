// Takes no input, gives the form of a primitive of the language: parameters, documentation, and its expansion into core nodes.

import type { Dim } from "../../types/dimension.js";
import type { Node } from "../../types/graph.js";
import type { BinaryName, ReductionName } from "../../types/opNames.js";
import type { GraphBuilder } from "../builder.js";
import { GraphError } from "../problem.js";
import type { ProblemDetails, ProblemSubject, ShapeProblem } from "../problem.js";
import { problem } from "../problem.js";

/** What a call passes: a tensor, a compile-time number or dimension, a truth value, a word, or a list of these. */
export type Argument = Node | Dim | boolean | string | readonly Argument[];

export type ParameterKind =
  /** A tensor, a compile-time number, or a (nested) list of either. */
  | "tensor"
  /** A tensor of integers; compile-time numbers that are whole are integers, however they are written. */
  | "index"
  /** A list of tensors. */
  | "tensors"
  | "axis"
  /** An axis or a list of axes. */
  | "axes"
  | "integer"
  /** An integer, or a list with one for each spatial axis. */
  | "integers"
  | "dimension"
  | "shape"
  | "number"
  | "boolean"
  /** One of some words. */
  | "string"
  /** "same", "valid", an integer, or a list for each spatial axis. */
  | "padding"
  /** A list of [before, after], one for each axis. */
  | "margins";

export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  /** Absent: must be given, unless `optional`. */
  readonly default?: Argument;
  /** May be left out, and the expansion knows what that means. */
  readonly optional?: true;
  /** A tensor whose element type a compile-time number leaves to the expansion. */
  readonly untyped?: true;
}

/** What an expansion sees: the arguments in the parameters' order, defaults filled in. */
export interface Call {
  readonly b: GraphBuilder;
  readonly values: readonly (Argument | undefined)[];
}

/** An argument whose integers name one of `extent` classes or entries. */
export interface Indexing {
  readonly position: number;
  readonly extent: Dim;
  /** What one and several of them are called. */
  readonly one: string;
  readonly many: string;
  /** Whether negative integers that are known while compiling count from the end. */
  readonly fromTheEnd?: true;
}

/** What a primitive does to compile-time numbers, where its own name is not that of the operation. */
export interface Folding {
  /** Of a list of numbers. */
  readonly reduction?: ReductionName | "mean";
  /** Of two numbers; its two values, the first parameters, meet in one element type. */
  readonly pairwise?: BinaryName;
}

/** A tensor primitive of the language: shape, derivative, lift and lowering follow from the core nodes that it builds. */
export interface Primitive {
  readonly name: string;
  readonly doc: string;
  readonly parameters: readonly Parameter[];
  /** `results` is "several" where a list of tensors is built (split, top_k). */
  readonly results: "one" | "several";
  readonly folding: Folding;
  /** The precision that it converts to; absent: results are in that of its tensors. */
  readonly gives?: "f16" | "f32";
  /** Several values where the primitive has several results; a mistake in the arguments is a value. */
  readonly build: (
    b: GraphBuilder,
    values: readonly (Argument | undefined)[],
  ) => readonly Node[] | ShapeProblem;
  /** The argument that is an index, where there is one. */
  readonly indexing: (
    b: GraphBuilder,
    values: readonly (Argument | undefined)[],
  ) => Indexing | ShapeProblem | undefined;
}

/** Ends an expansion with a mistake of the user's; `define` turns it into a value. */
export function fail(about: ProblemSubject, message: string, details?: ProblemDetails): never {
  throw new GraphError(problem(about, message, details));
}

/** Runs an expansion; a mistake that it ends with becomes a value. */
export function attempt<T>(expansion: () => T): T | ShapeProblem {
  try {
    return expansion();
  } catch (error) {
    if (error instanceof GraphError) return error.problem;
    throw error;
  }
}

interface Definition {
  readonly doc: string;
  readonly parameters: readonly Parameter[];
  readonly folding?: Folding;
  readonly gives?: "f16" | "f32";
  readonly indexing?: (call: Call) => Indexing;
}

/** A primitive with one result. */
export function define(
  name: string,
  definition: Definition & { readonly expand: (call: Call) => Node },
): Primitive {
  return primitive(name, "one", definition, (call) => [definition.expand(call)]);
}

/** A primitive with several results. */
export function defineSeveral(
  name: string,
  definition: Definition & { readonly expand: (call: Call) => readonly Node[] },
): Primitive {
  return primitive(name, "several", definition, definition.expand);
}

function primitive(
  name: string,
  results: Primitive["results"],
  { doc, parameters, folding = {}, gives, indexing }: Definition,
  expand: (call: Call) => readonly Node[],
): Primitive {
  const build: Primitive["build"] = (b, values) =>
    attempt(() => expand({ b, values: filled(parameters, values) }));
  return {
    name,
    doc,
    parameters,
    results,
    folding,
    ...(gives && { gives }),
    build,
    indexing: (b, values) =>
      indexing && attempt(() => indexing({ b, values: filled(parameters, values) })),
  };
}

function filled(
  parameters: readonly Parameter[],
  values: readonly (Argument | undefined)[],
): readonly (Argument | undefined)[] {
  return parameters.map((parameter, position) => {
    const value = values[position] ?? parameter.default;
    if (value === undefined && parameter.optional !== true) {
      fail("argument", `"${parameter.name}" is missing`, { operands: [position] });
    }
    return value;
  });
}

export function parameter(name: string, kind: ParameterKind, value?: Argument): Parameter {
  return value === undefined ? { name, kind } : { name, kind, default: value };
}

export function optional(name: string, kind: ParameterKind): Parameter {
  return { name, kind, optional: true };
}
