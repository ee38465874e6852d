// Takes no input, gives the interface of every reader of arrays: what a file holds is known from its header, and
// numbers are read by ranges, so that time and memory follow what is asked for.
import type { DataArray, DataType, DataValues } from "./array.js";

export interface ArrayReader {
  readonly name: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  /** The elements from `begin` to before `end`, row-major, in pieces. Throws DataError. */
  readonly read: (begin: number, end: number) => AsyncIterable<DataValues>;
}

/** Several arrays in one file; one that is not opened is not looked at. */
export interface ArrayArchive {
  readonly names: readonly string[];
  /** `name` is one of `names`. */
  readonly open: (name: string) => Promise<ArrayReader>;
}

/** An array that is in memory already. */
export function readerOf(array: DataArray): ArrayReader {
  const { name, file, shape, dtype, data } = array;
  const read = async function* (begin: number, end: number): AsyncGenerator<DataValues> {
    await Promise.resolve();
    yield data.subarray(begin, end);
  };
  return { name, file, shape, dtype, read };
}
