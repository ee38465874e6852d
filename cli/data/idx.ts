// In: the bytes of an IDX file (http://yann.lecun.com/exdb/mnist, "the IDX file format"); out: its array.
import { byteWidth, DataError, elementCount, shapeText, wrongLength } from "./array.js";
import type { DataArray, DataType } from "./array.js";
import { decodeNumbers } from "./numbers.js";

const elementTypes: ReadonlyMap<number, DataType> = new Map([
  [0x08, "u8"],
  [0x09, "i8"],
  [0x0b, "i16"],
  [0x0c, "i32"],
  [0x0d, "f32"],
  [0x0e, "f64"],
]);

/** Magic number 0, 0, type, rank; sizes as big-endian u32; then big-endian numbers, last axis fastest. */
export function readIdx(bytes: Uint8Array, name: string, file: string): DataArray {
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
  const count = elementCount(shape, file);
  const body = bytes.subarray(start);
  const wanted = count * byteWidth(dtype);
  if (body.length !== wanted)
    throw wrongLength(file, body.length, wanted, `the shape ${shapeText(shape)}`);
  const data = decodeNumbers(body, dtype, false, file, count / Math.max(1, shape[0] ?? 1));
  return { name, file, shape, dtype, data };
}
