// In: a safetensors file; out: its arrays, each looked at when asked for, or (held whole) its tensors and metadata.
import {
  failFile,
  problemOf,
  readEntry,
  readHeader,
  readSafetensors,
  writeSafetensors,
} from "../../runtime/safetensors.js";
import type { SafetensorsFile, SafetensorsTensor } from "../../runtime/safetensors.js";
import { DataError } from "./array.js";
import type { DataType } from "./array.js";
import { openBody } from "./body.js";
import { sizeOf, sliceSource } from "./bytes.js";
import type { ByteSource } from "./bytes.js";
import type { ArrayArchive } from "./reader.js";

function inFile<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const problem = problemOf(error);
    if (!(error instanceof Error) || problem === undefined) throw error;
    const message = `not a sound safetensors file: ${error.message}`;
    throw new DataError(`safetensors-${problem}`, message, { file });
  }
}

/** Whether the entry is sound but for an element type that is not read: such tensors are no use, and no harm. */
function isOfUnknownType(name: string, entry: unknown): entry is { data_offsets: number[] } {
  try {
    readEntry(name, entry);
    return false;
  } catch (error) {
    if (problemOf(error) !== "dtype") throw error;
    const offsets = (entry as { data_offsets?: unknown }).data_offsets;
    return Array.isArray(offsets) && offsets.every(Number.isSafeInteger);
  }
}

export interface TensorFile extends SafetensorsFile {
  /** The file, without tensors of types that are not read. */
  readonly bytes: Uint8Array;
  /** The names of those. */
  readonly skipped: readonly string[];
}

/** The file with such tensors as plain bytes, so that all else of it can be checked. */
function asBytes(bytes: Uint8Array): { readonly file: Uint8Array; readonly skipped: string[] } {
  const { header, end } = readHeader(bytes);
  const skipped: string[] = [];
  const entries = Object.entries(header).map(([name, entry]): [string, unknown] => {
    if (name === "__metadata__" || !isOfUnknownType(name, entry)) return [name, entry];
    const [begin = 0, stop = 0] = entry.data_offsets;
    skipped.push(name);
    return [name, { dtype: "U8", shape: [stop - begin], data_offsets: [begin, stop] }];
  });
  if (skipped.length === 0) return { file: bytes, skipped };
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, text.length, true);
  return { file: Buffer.concat([length, text, bytes.subarray(end)]), skipped };
}

/** Reads a whole file: weights. Tensors of an element type that is not read are left out. */
export function readTensorFile(bytes: Uint8Array, file: string): TensorFile {
  return inFile(file, () => {
    const { file: plain, skipped } = asBytes(bytes);
    const { tensors, metadata } = readSafetensors(plain);
    if (skipped.length === 0) return { tensors, metadata, bytes, skipped };
    for (const name of skipped) tensors.delete(name);
    return { tensors, metadata, bytes: writeSafetensors(tensors, metadata), skipped };
  });
}

/** As much as a header may have, so that a length that lies is not asked for. */
const longestHeader = 100_000_001;

/** How long the header says that it is. */
function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 8) return 0;
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  return Math.min(Number(length), longestHeader);
}

/** Every byte after the header belongs to exactly one tensor, also to those of types that are not read. */
function refuseUnsoundOffsets(
  names: readonly string[],
  header: Readonly<Record<string, unknown>>,
  size: number,
): void {
  const ranges = names.map((name) => {
    const entry = header[name];
    if (!isOfUnknownType(name, entry)) return readEntry(name, entry);
    const [begin = 0, end = 0] = entry.data_offsets;
    return { name, begin, end };
  });
  ranges.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of ranges) {
    if (begin !== position || end < begin)
      failFile("offsets", `"${name}" starts at byte ${begin} of the data, not at ${position}`);
    position = end;
  }
  if (position > size) failFile("truncated", `its tensors want ${position} bytes, it has ${size}`);
  if (position < size)
    failFile("offsets", `${size - position} bytes at the end belong to no tensor`);
}

interface SoundHeader {
  readonly header: Readonly<Record<string, unknown>>;
  readonly names: readonly string[];
  /** Where the tensors' bytes begin. */
  readonly start: number;
  readonly size: number;
}

async function readSoundHeader(source: ByteSource): Promise<SoundHeader> {
  const { file } = source;
  const size = await sizeOf(source);
  const bytes = await source.read(0, 8 + headerLength(await source.read(0, 8)));
  const { header, end: start } = inFile(file, () => readHeader(bytes));
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  inFile(file, () => {
    refuseUnsoundOffsets(names, header, size - start);
  });
  return { header, names, start, size };
}

/**
 * Of a file however large, the header and the tensors of these names alone: a file of its own, without what is not there. Its
 * metadata lists the first of the others for messages.
 */
export async function readSomeTensors(
  source: ByteSource,
  wanted: readonly string[],
): Promise<Uint8Array> {
  const { file } = source;
  const { header, names, start } = await readSoundHeader(source);
  const tensors = new Map<string, SafetensorsTensor>();
  const others: string[] = [];
  for (const name of names) {
    if (!wanted.includes(name)) {
      const { shape = [] } = Object(header[name]) as { readonly shape?: unknown };
      others.push(`${name} [${String(shape).replaceAll(",", ", ")}]`);
      continue;
    }
    const { dtype, shape, begin, end } = inFile(file, () => readEntry(name, header[name]));
    tensors.set(name, { dtype, shape, data: await source.read(start + begin, end - begin) });
  }
  return writeSafetensors(tensors, { "nnc.others": JSON.stringify(others.slice(0, 100)) });
}

export async function openTensors(source: ByteSource): Promise<ArrayArchive> {
  const { file } = source;
  const { header, names, start, size } = await readSoundHeader(source);
  return {
    names,
    open: async (name) => {
      const { dtype, shape, begin, end } = inFile(file, () => readEntry(name, header[name]));
      if (start + end > size)
        throw new DataError(
          "safetensors-truncated",
          `not a sound safetensors file: "${name}" ends at byte ${start + end}, the file at ${size}`,
          { file },
        );
      const body = sliceSource(source, start + begin, end - begin);
      return openBody(body, 0, {
        name,
        file,
        shape,
        dtype: dtype.toLowerCase() as DataType,
        littleEndian: true,
        fortran: false,
      });
    },
  };
}
