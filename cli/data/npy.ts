// In: the bytes of a NumPy .npy file; out: its array, row-major (https://numpy.org/neps/nep-0001-npy-format.html).
import { byteWidth, DataError, elementCount, shapeText, wrongLength } from "./array.js";
import type { DataArray, DataType, DataValues } from "./array.js";
import { decodeNumbers } from "./numbers.js";

interface NpyHeader {
  readonly dtype: DataType;
  readonly littleEndian: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const elementTypes: ReadonlyMap<string, DataType> = new Map([
  ["b1", "bool"],
  ["i1", "i8"],
  ["i2", "i16"],
  ["i4", "i32"],
  ["i8", "i64"],
  ["u1", "u8"],
  ["u2", "u16"],
  ["u4", "u32"],
  ["u8", "u64"],
  ["f2", "f16"],
  ["f4", "f32"],
  ["f8", "f64"],
]);

function headerError(file: string, message: string, hint?: string): DataError {
  return new DataError("npy-header", message, { file, ...(hint === undefined ? {} : { hint }) });
}

/** The header is a Python dictionary of three known keys; anything else in it is refused. */
function parseHeader(text: string, file: string): NpyHeader {
  const descr = /'descr':\s*('[^']*'|\[)/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined)
    throw headerError(file, "its header is not that of a .npy file");
  const [, endian = "", kind = ""] = /^'([<>|=]?)(\w+)'$/.exec(descr) ?? [];
  const dtype = elementTypes.get(kind);
  if (dtype === undefined)
    throw headerError(
      file,
      `its elements are ${descr === "[" ? "records" : descr}, not numbers`,
      "in NumPy: array.astype('float32')",
    );
  const shape = sizes
    .split(",")
    .map((size) => size.trim())
    .filter((size) => size !== "")
    .map(Number);
  return { dtype, littleEndian: endian !== ">", fortran: order === "True", shape };
}

/** Reads what lies column-major (first axis fastest) as row-major. */
function fromFortran(data: DataValues, shape: readonly number[]): DataValues {
  const result = data.slice();
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  let source = 0;
  for (let at = 0; at < result.length; at++) {
    result[at] = data[source] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      const stride = strides[axis] ?? 0;
      source += stride;
      index[axis] = next;
      if (next < (shape[axis] ?? 0)) break;
      source -= stride * next;
      index[axis] = 0;
    }
  }
  return result;
}

export function readNpy(bytes: Uint8Array, name: string, file: string): DataArray {
  if (bytes.length < 10 || magic.some((byte, at) => bytes[at] !== byte))
    throw headerError(file, "this is not a .npy file: its first bytes are not NumPy's");
  const major = bytes[6] ?? 0;
  if (major < 1 || major > 3) throw headerError(file, `version ${major} of .npy is unknown`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthEnd = major === 1 ? 10 : 12;
  if (bytes.length < lengthEnd) throw wrongLength(file, bytes.length, lengthEnd, "the header");
  const start = lengthEnd + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < start) throw wrongLength(file, bytes.length, start, "the header");
  const text = new TextDecoder().decode(bytes.subarray(lengthEnd, Math.min(start, 65_536)));
  const { dtype, littleEndian, fortran, shape } = parseHeader(text, file);
  const count = elementCount(shape, file);
  const wanted = count * byteWidth(dtype);
  const body = bytes.subarray(start);
  if (body.length !== wanted)
    throw wrongLength(file, body.length, wanted, `the shape ${shapeText(shape)}`);
  const rowLength = fortran ? count : count / Math.max(1, shape[0] ?? 1);
  const data = decodeNumbers(body, dtype, littleEndian, file, rowLength);
  const transposed = fortran && shape.length > 1 ? fromFortran(data, shape) : data;
  return { name, file, shape, dtype, data: transposed };
}
