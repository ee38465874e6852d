// In: the bytes of a file; out: all that it holds, by the readers of the command.
import { countOf } from "../../../runtime/dimensions.js";
import { memorySource } from "../../../cli/data/bytes.js";
import type { ByteSource } from "../../../cli/data/bytes.js";
import type { DataArray, DataValues } from "../../../cli/data/array.js";
import { allColumns, columnIndices } from "../../../cli/data/columns.js";
import { openCsv } from "../../../cli/data/csv.js";
import type { CsvOptions, TableRows } from "../../../cli/data/csv.js";
import { openIdx } from "../../../cli/data/idx.js";
import { openNpy } from "../../../cli/data/npy.js";
import { openNpz } from "../../../cli/data/npz.js";
import type { ArrayReader } from "../../../cli/data/reader.js";

/** The elements from `begin` to before `end`; without them, all. */
export async function readWhole(
  reader: ArrayReader,
  begin = 0,
  end = countOf(reader.shape),
): Promise<DataArray> {
  const pieces: DataValues[] = [];
  for await (const piece of reader.read(begin, end)) pieces.push(piece);
  const [first] = pieces;
  const { name, file, shape, dtype } = reader;
  if (first !== undefined && pieces.length === 1) return { name, file, shape, dtype, data: first };
  const data = Float64Array.from(pieces.flatMap((piece) => [...piece]));
  return { name, file, shape, dtype, data };
}

export async function readIdx(bytes: Uint8Array, file = "x"): Promise<DataArray> {
  return readWhole(await openIdx(memorySource(bytes, file), "x"));
}

export async function readNpy(bytes: Uint8Array, file = "x"): Promise<DataArray> {
  return readWhole(await openNpy(memorySource(bytes, file), "x"));
}

export async function readNpz(bytes: Uint8Array, file = "x"): Promise<DataArray[]> {
  const { names, open } = await openNpz(memorySource(bytes, file));
  const arrays: DataArray[] = [];
  for (const name of names) arrays.push(await readWhole(await open(name)));
  return arrays;
}

export interface CsvReading extends CsvOptions {
  readonly columns?: readonly string[];
  readonly rows?: TableRows;
  /** Reads the file in blocks of so many bytes. */
  readonly block?: number;
}

/** A source whose blocks are as short as is said, and that tells how far, and how much, was read. */
export function countedSource(
  bytes: Uint8Array,
  file: string,
  block = Infinity,
): {
  readonly source: ByteSource;
  readonly furthest: () => number;
  readonly total: () => number;
} {
  const memory = memorySource(bytes, file);
  let furthest = 0;
  let total = 0;
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const piece = await memory.read(offset, Math.min(length, block));
    furthest = Math.max(furthest, offset + piece.length);
    total += piece.length;
    return piece;
  };
  return { source: { ...memory, read }, furthest: () => furthest, total: () => total };
}

export async function readCsv(
  content: string | Uint8Array,
  { columns, rows = { begin: 0, end: undefined }, block, ...options }: CsvReading = {},
): Promise<{ shape: number[]; data: number[]; total: number | undefined }> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const table = await openCsv(countedSource(bytes, "x.csv", block).source, options);
  const indices = columns === undefined ? allColumns(table) : columnIndices(table, columns);
  const data: number[] = [];
  const take = (values: Float64Array): void => {
    data.push(...values);
  };
  const total = await table.read([{ columns: indices, take }], rows);
  return { shape: [data.length / indices.length, indices.length], data, total };
}
