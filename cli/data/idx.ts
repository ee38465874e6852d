// In: an IDX file (http://yann.lecun.com/exdb/mnist, "the IDX file format"); out: the reader of its array.
import { DataError, wrongLength } from "./array.js";
import type { DataType } from "./array.js";
import { openBody } from "./body.js";
import type { ByteSource } from "./bytes.js";
import type { ArrayReader } from "./reader.js";

const elementTypes: ReadonlyMap<number, DataType> = new Map([
  [0x08, "u8"],
  [0x09, "i8"],
  [0x0b, "i16"],
  [0x0c, "i32"],
  [0x0d, "f32"],
  [0x0e, "f64"],
]);

/** The header has at most 255 axes. */
const longestHeader = 4 + 4 * 255;

/** Magic number 0, 0, type, rank; sizes as big-endian u32; then big-endian numbers, last axis fastest. */
export async function openIdx(source: ByteSource, name: string): Promise<ArrayReader> {
  const { file } = source;
  const bytes = await source.read(0, longestHeader);
  const [zero = 1, alsoZero = 1, type = 0, rank = 0] = bytes;
  const dtype = elementTypes.get(type);
  if (zero !== 0 || alsoZero !== 0 || dtype === undefined)
    throw new DataError("idx-magic", "this is not an IDX file: its magic number is unknown", {
      file,
    });
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw wrongLength(file, bytes.length, start, "the header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const layout = { name, file, shape, dtype, littleEndian: false, fortran: false };
  return openBody(source, start, layout);
}
