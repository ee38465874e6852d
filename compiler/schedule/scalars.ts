// Takes requests for scalar expressions, gives them interned and simplified, so that equal expressions are one object.
import { intervalOf } from "../scalars/bounds.js";
import { anything, exactly, indicesBelow, type Interval } from "../scalars/intervals.js";
import type { Dim } from "../types/dimension.js";
import { dimKey, leastDim } from "../types/dimension.js";
import type { ElementType } from "../types/graph.js";
import type { Axis, Combine, Recurrence, Scalar, ScalarOp, ScalarType } from "../types/nest.js";
import { createIndexArithmetic } from "./indexArithmetic.js";
import type { IndexArithmetic } from "./indexArithmetic.js";
import type { ArgumentSource } from "./outside.js";

/** Builds the scalars of one nest. */
export interface ScalarBuilder extends IndexArithmetic {
  readonly literal: (value: number, type: ScalarType) => Scalar;
  readonly index: (value: number) => Scalar;
  readonly axis: (axis: Axis) => Scalar;
  readonly dim: (dim: Dim) => Scalar;
  readonly host: (index: number) => Scalar;
  /** Where a range of a buffer begins, in elements. */
  readonly offset: (buffer: number, elements: number) => Scalar;
  /** The stream of a draw. */
  readonly stream: (hash: number) => Scalar;
  /** The number of a recurrence's turn. */
  readonly turn: (recurrence: Recurrence) => Scalar;
  /** What offsets, streams and turns are, in the order in which they were asked for. */
  readonly given: readonly ArgumentSource[];
  readonly load: (buffer: number, index: Scalar, type: ElementType) => Scalar;
  readonly op: (op: ScalarOp, type: ScalarType, ...operands: readonly Scalar[]) => Scalar;
  readonly guard: (condition: Scalar, value: Scalar, otherwise: Scalar) => Scalar;
  readonly reduce: (
    combine: Combine,
    type: ElementType,
    axes: readonly Axis[],
    value: Scalar,
    terms?: Dim,
  ) => Scalar;
  readonly random: (source: "uniform" | "bits", stream: Scalar, index: Scalar) => Scalar;
  readonly both: (left: Scalar | undefined, right: Scalar | undefined) => Scalar | undefined;
  /** A number that is the same for the same object: for use in keys. */
  readonly id: (scalar: Scalar) => number;
  /** The least and the greatest value of an index, where known. */
  readonly range: (scalar: Scalar) => Interval;
}

interface ScalarFacts {
  readonly id: number;
  readonly range: Interval;
}

const indices = { operands: "index", result: "index" } as const;

export function createScalarBuilder(): ScalarBuilder {
  const interned = new Map<string, Scalar>();
  const facts = new Map<Scalar, ScalarFacts>();
  const given: ArgumentSource[] = [];

  const id = (scalar: Scalar): number => {
    const known = facts.get(scalar);
    if (known === undefined) throw new Error("a scalar of another builder");
    return known.id;
  };
  const intern = (key: string, make: () => Scalar, range?: () => Interval): Scalar => {
    const known = interned.get(key);
    if (known !== undefined) return known;
    const scalar = make();
    interned.set(key, scalar);
    facts.set(scalar, { id: facts.size, range: range?.() ?? anything });
    return scalar;
  };
  const range = (scalar: Scalar): Interval => facts.get(scalar)?.range ?? anything;

  const literal = (value: number, type: ScalarType): Scalar =>
    intern(
      `l${type}:${Object.is(value, -0) ? "-0" : value}`,
      () => ({ kind: "literal", type, value }),
      () => exactly(value),
    );
  const index = (value: number): Scalar => literal(value, "index");
  const axis = (of: Axis): Scalar =>
    of.extent === 1
      ? index(0)
      : intern(
          `a${of.id}`,
          () => ({ kind: "axis", type: "index", axis: of }),
          () => indicesBelow(of.extent),
        );
  const dim = (value: Dim): Scalar =>
    typeof value === "number"
      ? index(value)
      : intern(
          `d${dimKey(value)}`,
          () => ({ kind: "dim", type: "index", dim: value }),
          () => ({ low: leastDim(value), high: Infinity }),
        );
  const op = (name: ScalarOp, type: ScalarType, ...operands: readonly Scalar[]): Scalar =>
    intern(
      `o${name}:${type}:${operands.map(id).join(",")}`,
      () => ({ kind: "op", type, op: name, arguments: operands }),
      () => (type === "index" ? intervalOf(name, indices, operands.map(range)) : anything),
    );

  /** Equal numbers of other ranges are other arguments: they are equal by chance, and not in the next layer. */
  const argument = (
    key: string,
    type: "index" | "u32",
    value: ArgumentSource,
    range?: Interval,
  ): Scalar =>
    intern(
      key,
      () => ({ kind: "argument", type, argument: given.push(value) - 1 }),
      range && (() => range),
    );

  const both = (left: Scalar | undefined, right: Scalar | undefined): Scalar | undefined => {
    if (left === undefined || right === undefined) return left ?? right;
    return left === right ? left : op("and", "bool", left, right);
  };

  return {
    literal,
    index,
    axis,
    dim,
    op,
    ...createIndexArithmetic({ index, dim, op, range, id }),
    both,
    id,
    range,
    host: (of) => intern(`h${of}`, () => ({ kind: "host", type: "f32", index: of })),
    offset: (buffer, elements) =>
      argument(
        `f${buffer}:${elements}`,
        "index",
        { value: elements, buffer },
        { low: 0, high: Infinity },
      ),
    turn: (recurrence) =>
      argument(
        `t${recurrence.id}`,
        "index",
        { value: recurrence },
        indicesBelow(recurrence.length),
      ),
    stream: (hash) => argument(`s${hash}`, "u32", { value: hash }),
    given,
    load: (buffer, at, type) =>
      intern(`m${buffer}:${id(at)}`, () => ({ kind: "load", type, buffer, index: at })),
    guard: (condition, value, otherwise) =>
      value === otherwise
        ? value
        : intern(`g${id(condition)}:${id(value)}:${id(otherwise)}`, () => ({
            kind: "guard",
            type: value.type,
            condition,
            value,
            otherwise,
          })),
    reduce: (combine, type, axes, value, terms) =>
      intern(`r${combine}:${axes.map((one) => one.id).join(",")}:${id(value)}`, () => ({
        kind: "reduce",
        type,
        combine,
        axes,
        value,
        ...(terms === undefined ? {} : { terms }),
      })),
    random: (source, stream, at) =>
      intern(`p${source}:${id(stream)}:${id(at)}`, () => ({
        kind: "random",
        type: source === "uniform" ? "f32" : "u32",
        source,
        stream,
        index: at,
      })),
  };
}
