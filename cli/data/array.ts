// Takes no input, gives the one form in which every reader gives its numbers, and the one error in which data are refused.
import type { TensorValues } from "../../runtime/safetensors.js";

/** Element types as files name them; `text` is the one of a character file. */
export type DataType =
  | "bool"
  | "i8"
  | "i16"
  | "i32"
  | "i64"
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "f16"
  | "bf16"
  | "f32"
  | "f64";

/** What tensors of a file hold, less 64-bit integers, which come as doubles. */
export type DataValues = Exclude<TensorValues, BigInt64Array | BigUint64Array>;

/** Row-major numbers with their shape; 64-bit integers come as doubles, checked to be exact. */
export interface DataArray {
  readonly name: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly data: DataValues;
}

export interface DataErrorDetails {
  readonly file?: string;
  /** Counted from 0 along the first axis, as `--rows` counts. */
  readonly row?: number;
  readonly hint?: string;
}

/** The user's data are at fault: exit code 1. */
export class DataError extends Error {
  override readonly name = "DataError";
  readonly file: string | undefined;
  readonly row: number | undefined;
  readonly hint: string | undefined;
  constructor(
    readonly code: string,
    message: string,
    details: DataErrorDetails = {},
  ) {
    super(message);
    this.file = details.file;
    this.row = details.row;
    this.hint = details.hint;
  }
}

export function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}

/** 2³¹ − 1 elements a tensor is the language's own limit. */
const elementLimit = 2 ** 31 - 1;

function tooLarge(shape: readonly number[], file: string, hint: string): DataError {
  const message = `an array of shape ${shapeText(shape)} is too large`;
  return new DataError("data-size", message, { file, hint });
}

/** How many elements a shape that stands in a file has; refuses what no file holds. */
export function elementCount(shape: readonly number[], file: string): number {
  let count = 1;
  for (const axis of shape) {
    if (!Number.isInteger(axis) || axis < 0)
      throw new DataError("data-shape", `the shape ${shapeText(shape)} is not made of sizes`, {
        file,
      });
    count *= axis;
  }
  if (shape.length > 32) throw tooLarge(shape, file, "32 axes are the most");
  if (!Number.isSafeInteger(count))
    throw tooLarge(shape, file, "no file holds so many numbers: its header is damaged");
  return count;
}

/** Refuses what is to be held in memory where it is more than a tensor may have. */
export function refuseTooMany(shape: readonly number[], file: string): void {
  if (elementCount(shape, file) > elementLimit || shape.some((axis) => axis > elementLimit))
    throw tooLarge(shape, file, "2,147,483,647 elements are the limit; --rows takes a part");
}

export function wrongLength(file: string, found: number, wanted: number, what: string): DataError {
  const verb = found < wanted ? "ends early" : "has bytes left over";
  return new DataError(
    "data-length",
    `the file ${verb}: ${what} needs ${wanted} bytes of data, found ${found}`,
    { file },
  );
}

const elementBytes: Readonly<Record<DataType, number>> = {
  bool: 1,
  i8: 1,
  i16: 2,
  i32: 4,
  i64: 8,
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  f16: 2,
  bf16: 2,
  f32: 4,
  f64: 8,
};

export function byteWidth(dtype: DataType): number {
  return elementBytes[dtype];
}
