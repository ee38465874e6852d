// In: numbers of a file, piece by piece, and the element type that a model declares; out: the numbers in that type,
// each checked, or an error that names the row.
import { countOf } from "../../runtime/dimensions.js";
import { DataError } from "./array.js";
import type { DataValues } from "./array.js";

export type DataType = "f32" | "i32" | "u32" | "bool" | "category";

export type BoundValues =
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

export interface ValueSpec {
  readonly name: string;
  readonly role: "input" | "target";
  readonly type: DataType;
  readonly categories?: number;
  /** Of integers that reach a class or an index: the least, and the first that is too large. */
  readonly range?: readonly [number, number];
  /** The least and the largest, where the model says so: of binary targets 0 and 1. */
  readonly bounds?: readonly [number, number];
  readonly missing?: number;
}

/** Where the numbers come from, for naming the one at fault. */
export interface ValuePosition {
  readonly file: string;
  /** The shape of a row; undefined where the array has no examples. */
  readonly row: readonly number[] | undefined;
  /** The position of the first of the numbers in the whole array. */
  readonly begin: number;
  /** Names of the columns of a table. */
  readonly columns?: readonly string[];
}

/** Takes numbers until there are no more. */
export interface ValueSink {
  readonly take: (values: DataValues) => void;
  readonly end: () => BoundValues;
}

function allocate(type: DataType, length: number): BoundValues {
  switch (type) {
    case "f32":
      return new Float32Array(length);
    case "i32":
      return new Int32Array(length);
    case "u32":
    case "category":
      return new Uint32Array(length);
    case "bool":
      return new Uint8Array(length);
  }
}

/** The least label or index, and the first that is too large, where there are bounds. */
function rangeOf({ type, categories, range }: ValueSpec): readonly [number, number] | undefined {
  return range ?? (type === "category" ? [0, categories ?? 2 ** 32] : undefined);
}

/** What is wrong with one value, or undefined. */
function fault(value: number, spec: ValueSpec): string | undefined {
  if (Number.isNaN(value)) return "a value is missing or NaN";
  if (!Number.isFinite(value)) return "a value is infinite";
  const range = rangeOf(spec);
  if (range !== undefined) {
    const [low, end] = range;
    if (!Number.isInteger(value)) return `the label ${value} is not a whole number`;
    if (value < low || value >= end) return `the label ${value} is not in ${low} to ${end - 1}`;
  }
  if (spec.bounds !== undefined) {
    const [low, high] = spec.bounds;
    if (value < low || value > high) return `${value} is not from ${low} to ${high}`;
  }
  switch (spec.type) {
    case "f32":
      return Number.isFinite(Math.fround(value)) ? undefined : `${value} is too large for f32`;
    case "category":
      return undefined;
    case "bool":
      return value === 0 || value === 1 ? undefined : `${value} is neither 0 nor 1`;
    case "i32":
      return value === (value | 0) ? undefined : `${value} is no 32-bit integer`;
    case "u32":
      return value === value >>> 0 ? undefined : `${value} is no unsigned 32-bit integer`;
  }
}

/** A line of the language that takes it, or, of what is learned, that nothing is to be learned from it. */
function missingHint(spec: ValueSpec): string {
  const { name, role, type } = spec;
  const [low] = rangeOf(spec) ?? [];
  const stand = low ?? (type === "f32" || type === "i32" ? -1 : 0);
  const line = `${role} ${name}: … missing ${stand}`;
  return role === "input"
    ? `declare it: ${line}`
    : `leave the row out: nothing can be learned from it; declared as ${line}, it would be learned as if ${stand} stood there`;
}

/** `seen`: values in front of it and some behind. */
function hintFor(
  value: number,
  spec: ValueSpec,
  seen: readonly ArrayLike<number>[],
): string | undefined {
  if (Number.isNaN(value)) return missingHint(spec);
  const { bounds } = spec;
  const [low, end] = rangeOf(spec) ?? (bounds ? [bounds[0], bounds[1] + 1] : []);
  const fromLow = seen.some((values) => Array.prototype.includes.call(values, low));
  if (value === end && !fromLow)
    return "labels are counted from 0; these seem to be counted from 1";
  return undefined;
}

/** The column, or the indices within the row, of an element. */
function positionInRow(at: number, { row = [], columns }: ValuePosition): string {
  if (columns !== undefined) return ` in column "${columns[at % columns.length] ?? ""}"`;
  const indices: number[] = [];
  let rest = at;
  for (const size of row.toReversed()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return indices.length === 0 || row.every((size) => size === 1)
    ? ""
    : ` at [${indices.join(", ")}]`;
}

function refuse(
  value: number,
  at: number,
  wrong: string,
  spec: ValueSpec,
  position: ValuePosition,
  seen: readonly ArrayLike<number>[],
): never {
  const { file, row } = position;
  const hint = hintFor(value, spec, seen);
  const details = { file, ...(hint === undefined ? {} : { hint }) };
  const forName = `(for ${spec.name})`;
  if (row === undefined) throw new DataError("data-value", `${wrong} ${forName}`, details);
  const number = Math.floor(at / countOf(row));
  const message = `row ${number}: ${wrong}${positionInRow(at, position)} ${forName}`;
  throw new DataError("data-value", message, { ...details, row: number });
}

const isFloat = (data: DataValues): boolean =>
  data instanceof Float32Array || data instanceof Float64Array;

/** `length` numbers are to come; without it, as many as come. */
export function openSink(
  spec: ValueSpec,
  position: ValuePosition,
  length: number | undefined,
): ValueSink {
  let result = allocate(spec.type, length ?? 1024);
  let found = 0;
  const grow = (needed: number): void => {
    if (needed <= result.length) return;
    const larger = allocate(spec.type, Math.max(needed, Math.ceil(result.length * 1.5)));
    larger.set(result.subarray(0, found));
    result = larger;
  };
  const take = (values: DataValues): void => {
    grow(found + values.length);
    if (spec.type === "f32" && spec.bounds === undefined && !isFloat(values)) {
      // Integers up to 32 bits are neither NaN nor infinite.
      result.set(values, found);
      found += values.length;
      return;
    }
    for (let value of values) {
      if (Number.isNaN(value) && spec.missing !== undefined) value = spec.missing;
      const wrong = value === spec.missing ? undefined : fault(value, spec);
      if (wrong !== undefined) {
        const seen = [result.subarray(0, found), values];
        refuse(value, position.begin + found, wrong, spec, position, seen);
      }
      result[found++] = value;
    }
  };
  return { take, end: () => (found === result.length ? result : result.slice(0, found)) };
}
