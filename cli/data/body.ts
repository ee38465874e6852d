// In: where the numbers of an array lie in a file, and in which order; out: the reader of them, range by range.
import { countOf } from "../../runtime/dimensions.js";
import { byteWidth, elementCount, shapeText, wrongLength } from "./array.js";
import type { DataType, DataValues } from "./array.js";
import { blockBytes, sliceSource } from "./bytes.js";
import type { ByteSource } from "./bytes.js";
import { decodeNumbers } from "./numbers.js";
import type { ArrayReader } from "./reader.js";

export interface ArrayLayout {
  readonly name: string;
  /** As messages name it: the file, or the array in its archive. */
  readonly file: string;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly littleEndian: boolean;
  /** The first axis changes fastest, as Fortran lays arrays out. */
  readonly fortran: boolean;
}

/** The part of a source from `start` on holds the array and nothing else. Throws DataError. */
export async function openBody(
  source: ByteSource,
  start: number,
  layout: ArrayLayout,
): Promise<ArrayReader> {
  const { name, file, shape, dtype } = layout;
  const count = elementCount(shape, file);
  const wanted = count * byteWidth(dtype);
  const refuse = (found: number): Error =>
    wrongLength(file, found, wanted, `the shape ${shapeText(shape)}`);
  if (source.size !== undefined && source.size - start !== wanted)
    throw refuse(source.size - start);
  const isTransposed = layout.fortran && shape.length > 1;
  const read = async function* (begin: number, end: number): AsyncGenerator<DataValues> {
    const pieces = isTransposed ? transposed : straight;
    yield* pieces({ source, start, layout, refuse }, begin, end);
    // Where nothing told the size, bytes that are left over show once the last element is read.
    if (end === count && (await source.read(start + wanted, 1)).length > 0)
      throw refuse(wanted + 1);
    await source.finish();
  };
  await Promise.resolve();
  return { name, file, shape, dtype, read };
}

interface Body {
  readonly source: ByteSource;
  readonly start: number;
  readonly layout: ArrayLayout;
  readonly refuse: (found: number) => Error;
}

/** Elements as they lie, from `begin` to before `end`. */
async function elements(body: Body, begin: number, end: number): Promise<DataValues> {
  const { source, start, layout, refuse } = body;
  const { dtype, littleEndian, file, shape } = layout;
  const width = byteWidth(dtype);
  const bytes = await source.read(start + begin * width, (end - begin) * width);
  if (bytes.length !== (end - begin) * width) throw refuse(begin * width + bytes.length);
  const rowOf = layout.fortran
    ? (at: number): number => (begin + at) % Math.max(1, shape[0] ?? 1)
    : (at: number): number => Math.floor((begin + at) / rowLength(shape));
  return decodeNumbers(bytes, dtype, littleEndian, { file, rowOf });
}

function rowLength(shape: readonly number[]): number {
  return Math.max(1, countOf(shape.slice(1)));
}

async function* straight(body: Body, begin: number, end: number): AsyncGenerator<DataValues> {
  const most = blockBytes / byteWidth(body.layout.dtype);
  for (let at = begin; at < end; at += most) yield elements(body, at, Math.min(end, at + most));
}

/**
 * Rows of what lies column-major: the rows wanted of one column after the other (each a run of bytes), put
 * where they belong. Bytes between the runs are not read where they are many.
 */
async function* transposed(body: Body, begin: number, end: number): AsyncGenerator<DataValues> {
  const { shape, file } = body.layout;
  const [rows = 0, ...inner] = shape;
  const width = rowLength(shape);
  const first = Math.floor(begin / width);
  const last = Math.min(rows, Math.ceil(end / width));
  if (last <= first) return;
  const windowed: Body = { ...body, source: windowSource(body.source, file) };
  let result: DataValues | undefined;
  const offsetOf = columnOffsets(inner);
  for (let column = 0; column < width; column++) {
    const run = await elements(windowed, column * rows + first, column * rows + last);
    result ??= emptyLike(run, (last - first) * width);
    const offset = offsetOf(column);
    for (let row = 0; row < run.length; row++) result[row * width + offset] = run[row] ?? 0;
  }
  if (result !== undefined) yield result.subarray(begin - first * width, end - first * width);
}

function emptyLike(values: DataValues, length: number): DataValues {
  const Elements = values.constructor as new (length: number) => DataValues;
  return new Elements(length);
}

/** Where in a row-major row the element stands that is `column`-th in the order of Fortran. */
function columnOffsets(inner: readonly number[]): (column: number) => number {
  const strides = inner.map((_, axis) => countOf(inner.slice(axis + 1)));
  return (column) => {
    let rest = column;
    let offset = 0;
    inner.forEach((size, axis) => {
      offset += (rest % size) * (strides[axis] ?? 1);
      rest = Math.floor(rest / size);
    });
    return offset;
  };
}

/** Small reads one after the other are served from one block. */
function windowSource(source: ByteSource, file: string): ByteSource {
  const windowBytes = 1 << 16;
  let begin = 0;
  let block: Uint8Array = new Uint8Array(0);
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const end = begin + block.length;
    if (offset < begin || offset >= end) {
      begin = offset;
      block = await source.read(offset, Math.max(length, windowBytes));
    } else if (offset + length > end) {
      // A source that only goes forward is not asked again for what it has given.
      const more = await source.read(end, Math.max(offset + length - end, windowBytes));
      block = Buffer.concat([block.subarray(offset - begin), more]);
      begin = offset;
    }
    return block.subarray(offset - begin, offset - begin + length);
  };
  return { ...sliceSource(source, 0, Infinity), file, read };
}
