// In: a NumPy .npy file; out: the reader of its array (https://numpy.org/neps/nep-0001-npy-format.html).
import { DataError, wrongLength } from "./array.js";
import type { DataType } from "./array.js";
import { openBody } from "./body.js";
import type { ByteSource } from "./bytes.js";
import type { ArrayReader } from "./reader.js";

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
      descr === "["
        ? "in NumPy, each field is an array of its own: numpy.save('field.npy', array['field'])"
        : "in NumPy: array.astype('float32'), where they are numbers",
    );
  const shape = sizes
    .split(",")
    .map((size) => size.trim())
    .filter((size) => size !== "")
    .map(Number);
  return { dtype, littleEndian: endian !== ">", fortran: order === "True", shape };
}

/** Headers are padded to 64 bytes; far longer ones are no headers of arrays. */
const longestHeader = 1 << 16;

export async function openNpy(
  source: ByteSource,
  name: string,
  file = source.file,
): Promise<ArrayReader> {
  const bytes = await source.read(0, longestHeader);
  if (bytes.length < 10 || magic.some((byte, at) => bytes[at] !== byte))
    throw headerError(file, "this is not a .npy file: its first bytes are not NumPy's");
  const major = bytes[6] ?? 0;
  if (major < 1 || major > 3) throw headerError(file, `version ${major} of .npy is unknown`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthEnd = major === 1 ? 10 : 12;
  if (bytes.length < lengthEnd) throw wrongLength(file, bytes.length, lengthEnd, "the header");
  const start = lengthEnd + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < Math.min(start, longestHeader))
    throw wrongLength(file, bytes.length, start, "the header");
  const text = new TextDecoder().decode(bytes.subarray(lengthEnd, start));
  return openBody(source, start, { name, file, ...parseHeader(text, file) });
}
