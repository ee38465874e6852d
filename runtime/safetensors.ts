// In: the bytes of a safetensors file, or tensors and metadata; out: checked tensors by name, or the bytes.

import { countOf, isSize } from "./dimensions.js";
import { NnError } from "./errors.js";

/** How the elements of every dtype that we read and write lie in memory. */
const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

export type SafetensorsDtype = keyof typeof arrays;

export interface SafetensorsTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Little-endian, row-major; a view into the file, perhaps unaligned. */
  readonly data: Uint8Array;
}

export interface SafetensorsFile {
  readonly tensors: Map<string, SafetensorsTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

export type SafetensorsProblem =
  "truncated" | "header-size" | "header" | "duplicate" | "dtype" | "shape" | "offsets" | "metadata";

const headerLimit = 100_000_000;

/** In words for the file's owner; `problem` is for programs. */
export function failFile(problem: SafetensorsProblem, message: string): never {
  throw new NnError("weights", message, { problem });
}

/** What is wrong with a file, where that is what was thrown. */
export function problemOf(error: unknown): SafetensorsProblem | undefined {
  return error instanceof NnError
    ? (error.details["problem"] as SafetensorsProblem | undefined)
    : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return Object(value) === value && !Array.isArray(value);
}

/** JSON.parse keeps the last of two equal keys; `text` is valid JSON, so a string before `:` is a key. */
function refuseDuplicateKeys(text: string): void {
  const open: Set<string>[] = [];
  for (const [token, quoted] of text.matchAll(/[{}]|("[^"\\]*(?:\\.[^"\\]*)*")\s*:?/g)) {
    if (token === "{") open.push(new Set());
    if (token === "}") open.pop();
    if (quoted === undefined || !token.endsWith(":")) continue;
    const key = JSON.parse(quoted) as string;
    const keys = open.at(-1);
    if (keys?.has(key)) failFile("duplicate", `the name "${key}" stands twice in the header`);
    keys?.add(key);
  }
}

/** What other files begin with that are often found in place of weights. */
const otherFiles: readonly (readonly [RegExp, string])[] = [
  [/^<[!?a-z]/i, "HTML or XML"],
  [/^\{\s*["}]/, "JSON"],
  [/^version https:\/\/git-lfs/, "a git-lfs pointer: run git lfs pull"],
  [/^(PK|\x80[\x02-\x05])/, "a pickle or zip archive of torch.save"],
  [/^\x1f\x8b/, "packed with gzip"],
];

/** `bytes` may end with the header. */
export function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; end: number } {
  try {
    return parseHeader(bytes);
  } catch (error) {
    const start = String.fromCharCode(...bytes.subarray(0, 32));
    const text = start.replace(/^(\xef\xbb\xbf)?\s*/, "");
    const [, kind] = otherFiles.find(([beginning]) => beginning.test(text)) ?? [];
    if (kind === undefined) throw error;
    return failFile("header", `it is ${kind}`);
  }
}

function parseHeader(bytes: Uint8Array): { header: Record<string, unknown>; end: number } {
  if (bytes.length < 8) failFile("truncated", `the file ends after ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > headerLimit) failFile("header-size", `its header claims to have ${length} bytes`);
  const end = 8 + length;
  if (end > bytes.length)
    failFile("truncated", `its header should end at byte ${end}, the file ends at ${bytes.length}`);
  let header: unknown;
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(8, end),
    );
    header = JSON.parse(text);
  } catch {
    failFile("header", "its header is not JSON");
  }
  if (!text.startsWith("{") || !isRecord(header))
    failFile("header", "its header is no JSON object");
  refuseDuplicateKeys(text);
  return { header, end };
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value) || Object.values(value).some((entry) => typeof entry !== "string"))
    failFile("metadata", "__metadata__ is not a map of strings");
  return value as Record<string, string>;
}

interface Entry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export function readEntry(name: string, value: unknown): Entry {
  if (!isRecord(value)) failFile("header", `the entry "${name}" is no JSON object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(arrays, dtype))
    failFile("dtype", `"${name}" has the unknown element type ${JSON.stringify(dtype)}`);
  if (!Array.isArray(shape) || !shape.every(isSize))
    failFile("shape", `the shape of "${name}" is no list of sizes`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    failFile("offsets", `the offsets of "${name}" are not two byte positions`);
  const [begin = 0, end = 0] = offsets;
  const size = countOf(shape) * arrays[dtype as SafetensorsDtype].BYTES_PER_ELEMENT;
  if (end - begin !== size)
    failFile(
      "offsets",
      `"${name}" has ${end - begin} bytes, its shape [${shape.join(", ")}] ${size}`,
    );
  return { name, dtype: dtype as SafetensorsDtype, shape, begin, end };
}

/**
 * Reads a whole file. The tensors' data are views into `bytes`, in the order of the file.
 * Throws NnError "weights" where the file is not exactly of the format: every byte after the header
 * belongs to exactly one tensor (https://github.com/huggingface/safetensors, section "Format").
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, end: start } = readHeader(bytes);
  const metadata = readMetadata(header["__metadata__"]);
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => readEntry(name, value))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  const tensors = new Map<string, SafetensorsTensor>();
  let position = 0;
  for (const { name, dtype, shape, begin, end } of entries) {
    if (begin !== position)
      failFile("offsets", `"${name}" starts at byte ${begin} of the data, not at ${position}`);
    if (start + end > bytes.length)
      failFile("truncated", `"${name}" ends at byte ${start + end}, the file at ${bytes.length}`);
    tensors.set(name, { dtype, shape, data: bytes.subarray(start + begin, start + end) });
    position = end;
  }
  if (start + position !== bytes.length)
    failFile("offsets", `${bytes.length - start - position} bytes at the end belong to no tensor`);
  return { tensors, metadata };
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Writes a file: wide element types first and names sorted, so that every tensor is aligned and the
 * same tensors give the same bytes. Throws NnError "weights" where data and shape disagree.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(
    ([a, x], [b, y]) =>
      arrays[y.dtype].BYTES_PER_ELEMENT - arrays[x.dtype].BYTES_PER_ELEMENT || compareNames(a, b),
  );
  const entries: [string, unknown][] = [];
  const notes = Object.entries(metadata).sort(([a], [b]) => compareNames(a, b));
  if (notes.length > 0) entries.push(["__metadata__", Object.fromEntries(notes)]);
  let position = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    if (name === "__metadata__") failFile("header", "no tensor may be called __metadata__");
    const end = position + data.length;
    entries.push([name, { dtype, shape, data_offsets: [position, end] }]);
    readEntry(name, { dtype, shape, data_offsets: [position, end] });
    position = end;
  }
  // Object.fromEntries would move names that look like integers to the front; joined text keeps the order.
  const fields = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${fields.join(",")}}`);
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + position).fill(32, 8, start);
  new DataView(bytes.buffer).setUint32(0, start - 8, true);
  bytes.set(text, 8);
  let at = start;
  for (const [, { data }] of sorted) {
    bytes.set(data, at);
    at += data.length;
  }
  return bytes;
}

/** IEEE 754 binary16 to a number. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export type TensorValues =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array;

/**
 * The tensor's elements: a view where the data lie aligned, else a copy. F16 and BF16 come as f32,
 * BOOL as bytes.
 */
export function tensorValues({ dtype, data }: SafetensorsTensor): TensorValues {
  const Elements = arrays[dtype] as new (
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ) => TensorValues;
  const width = arrays[dtype].BYTES_PER_ELEMENT;
  // Not `slice`: that of Node's buffers copies nothing.
  const bytes = data.byteOffset % width === 0 ? data : Uint8Array.from(data);
  const values = new Elements(bytes.buffer, bytes.byteOffset, bytes.length / width);
  if (dtype === "F16") return Float32Array.from(values as Uint16Array, halfToNumber);
  if (dtype !== "BF16") return values;
  const words = Uint32Array.from(values as Uint16Array, (half) => half << 16);
  return new Float32Array(words.buffer);
}

/** The tensor's elements as f32, whatever they were. */
export function tensorFloats(tensor: SafetensorsTensor): Float32Array {
  const values = tensorValues(tensor);
  if (values instanceof Float32Array) return values;
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float32Array.from(values, Number)
    : Float32Array.from(values);
}

/** A typed array as the bytes of a tensor, without copying. */
export function tensorBytes(values: TensorValues): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
