// In: the numbers of a file and the element type that a model declares; out: the numbers in that type, each
// checked, or an error that names the row.
import { DataError } from "./array.js";
import type { DataArray, DataValues } from "./array.js";

export type ElementType = "f32" | "i32" | "u32" | "bool" | "category";

export type BoundValues =
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

export interface ValueSpec {
  readonly name: string;
  readonly type: ElementType;
  readonly categories?: number;
  readonly missing?: number;
}

export interface ValueRange {
  /** Elements from `begin` to before `end` are taken. */
  readonly begin: number;
  readonly end: number;
  /** Elements a row, for naming the row at fault; undefined where the array has no examples. */
  readonly rowLength: number | undefined;
}

function allocate(type: ElementType, length: number): BoundValues {
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

/** What is wrong with one value, or undefined. */
function fault(value: number, spec: ValueSpec): string | undefined {
  if (Number.isNaN(value)) return "a value is missing or NaN";
  if (!Number.isFinite(value)) return "a value is infinite";
  switch (spec.type) {
    case "f32":
      return Number.isFinite(Math.fround(value)) ? undefined : `${value} is too large for f32`;
    case "category": {
      const top = (spec.categories ?? 2 ** 32) - 1;
      if (!Number.isInteger(value)) return `the label ${value} is not a whole number`;
      return value >= 0 && value <= top ? undefined : `the label ${value} is not in 0 to ${top}`;
    }
    case "bool":
      return value === 0 || value === 1 ? undefined : `${value} is neither 0 nor 1`;
    case "i32":
      return value === (value | 0) ? undefined : `${value} is no 32-bit integer`;
    case "u32":
      return value === value >>> 0 ? undefined : `${value} is no unsigned 32-bit integer`;
  }
}

function hintFor(value: number, spec: ValueSpec): string | undefined {
  if (Number.isNaN(value)) return `declare it: input ${spec.name}: … missing -1`;
  if (spec.type === "category" && value === spec.categories)
    return "labels are counted from 0; these seem to be counted from 1";
  return undefined;
}

const isFloat = (data: DataValues): boolean =>
  data instanceof Float32Array || data instanceof Float64Array;

export function convertValues(array: DataArray, spec: ValueSpec, range: ValueRange): BoundValues {
  const { begin, end, rowLength } = range;
  const { data, file } = array;
  const result = allocate(spec.type, end - begin);
  if (spec.type === "f32" && !isFloat(data)) {
    // Integers up to 32 bits are neither NaN nor infinite.
    result.set(data.subarray(begin, end));
    return result;
  }
  for (let at = begin; at < end; at++) {
    let value = data[at] ?? NaN;
    if (Number.isNaN(value) && spec.missing !== undefined) value = spec.missing;
    const wrong = fault(value, spec);
    if (wrong !== undefined) {
      const hint = hintFor(value, spec);
      const row = rowLength === undefined ? undefined : Math.floor(at / Math.max(1, rowLength));
      throw new DataError(
        "data-value",
        `${row === undefined ? "" : `row ${row}: `}${wrong} (for ${spec.name})`,
        { file, ...(row === undefined ? {} : { row }), ...(hint === undefined ? {} : { hint }) },
      );
    }
    result[at - begin] = value;
  }
  return result;
}
