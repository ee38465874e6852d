// In: the bytes of equally typed numbers in either byte order; out: a typed array of them in the host's.
import { halfToNumber } from "../../runtime/safetensors.js";
import { byteWidth, DataError } from "./array.js";
import type { DataType, DataValues } from "./array.js";

/** A copy in the host's (little-endian) byte order; an own buffer, so every view is aligned. */
function hostOrder(bytes: Uint8Array, width: number, littleEndian: boolean): Uint8Array {
  const copy = new Uint8Array(bytes);
  if (littleEndian || width === 1) return copy;
  for (let at = 0; at + width <= copy.length; at += width) copy.subarray(at, at + width).reverse();
  return copy;
}

/** Where numbers stand, for the sake of errors. */
export interface NumberPosition {
  readonly file: string;
  /** The row of the `at`-th of the numbers. */
  readonly rowOf: (at: number) => number;
}

function exactDoubles(
  values: BigInt64Array | BigUint64Array,
  { file, rowOf }: NumberPosition,
): Float64Array {
  const doubles = new Float64Array(values.length);
  values.forEach((value, at) => {
    const double = Number(value);
    if (!Number.isSafeInteger(double)) {
      const row = rowOf(at);
      throw new DataError("data-integer", `row ${row}: the integer ${value} is too large`, {
        file,
        row,
        hint: "whole numbers are exact up to 9,007,199,254,740,991",
      });
    }
    doubles[at] = double;
  });
  return doubles;
}

/** `bytes.length` is a multiple of the width. */
export function decodeNumbers(
  bytes: Uint8Array,
  dtype: DataType,
  littleEndian: boolean,
  position: NumberPosition,
): DataValues {
  const { buffer } = hostOrder(bytes, byteWidth(dtype), littleEndian);
  switch (dtype) {
    case "bool":
      return Uint8Array.from(new Uint8Array(buffer), (byte) => (byte === 0 ? 0 : 1));
    case "u8":
      return new Uint8Array(buffer);
    case "i8":
      return new Int8Array(buffer);
    case "i16":
      return new Int16Array(buffer);
    case "u16":
      return new Uint16Array(buffer);
    case "i32":
      return new Int32Array(buffer);
    case "u32":
      return new Uint32Array(buffer);
    case "i64":
      return exactDoubles(new BigInt64Array(buffer), position);
    case "u64":
      return exactDoubles(new BigUint64Array(buffer), position);
    case "f16":
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case "bf16":
      return new Float32Array(
        Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer,
      );
    case "f32":
      return new Float32Array(buffer);
    case "f64":
      return new Float64Array(buffer);
  }
}
