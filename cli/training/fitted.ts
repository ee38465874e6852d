// In: what a run threw, and its data; out: where a fitted value was no number, the column of the data that is likely behind it.
import type { BoundArray, BoundData } from "../data/bind.js";
import { Failure } from "../failure.js";
import { valueText } from "../numbers.js";

interface FittedError extends Error {
  readonly details: { readonly element: readonly number[] };
}

/** Nothing was trained: there are no weights to keep. */
export function isOfFitted(error: unknown): error is FittedError {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "not-finite") return false;
  return "details" in error && Array.isArray((error.details as { element?: unknown }).element);
}

interface Largest {
  readonly array: BoundArray;
  readonly column: number;
  readonly value: number;
  readonly row: number;
}

/** The number of the largest magnitude among the columns that a fitted value of this index may be made from. */
function largestAt(arrays: BoundData["arrays"], column: number | undefined): Largest | undefined {
  let largest: Largest | undefined;
  for (const array of arrays.values()) {
    const { data, shape, perExample } = array;
    if (!perExample || !(data instanceof Float32Array)) continue;
    const width = shape.length > 1 ? (shape.at(-1) ?? 1) : 1;
    const perRow = data.length / (shape[0] ?? 1);
    const step = column !== undefined && column < width ? width : 1;
    for (let at = step === 1 ? 0 : (column ?? 0); at < data.length; at += step) {
      const value = data[at] ?? 0;
      if (largest !== undefined && Math.abs(value) <= Math.abs(largest.value)) continue;
      largest = { array, value, column: at % width, row: Math.floor(at / perRow) };
    }
  }
  return largest;
}

/** The same error with the file and the column; undefined where it is another, or no data are there. */
export function fittedFailure({ arrays }: BoundData, error: unknown): Failure | undefined {
  if (!isOfFitted(error)) return undefined;
  const largest = largestAt(arrays, error.details.element.at(-1));
  if (largest === undefined) return undefined;
  const { array, column, value, row } = largest;
  const { name, file, columns, shape } = array;
  const place =
    columns !== undefined
      ? `column "${columns[column] ?? ""}" of ${name}`
      : `${name}${shape.length > 1 ? ` at [..., ${column}]` : ""}`;
  return new Failure(1, "not-finite", error.message, {
    file,
    hint: `the largest number that it may be made from is ${valueText(value)}, in row ${row} of ${place}`,
  });
}
