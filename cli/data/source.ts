// In: one `--data` argument, `NAME=PATH`, `NAME=PATH:columns` or `PATH`; out: what its file holds, by the reader of its extension.
import { tensorFloats } from "../../runtime/safetensors.js";
import type { SafetensorsTensor } from "../../runtime/safetensors.js";
import { DataError, elementCount } from "./array.js";
import type { DataArray, DataType } from "./array.js";
import type { CsvTable } from "./csv.js";
import { readDataFile } from "./file.js";
import { readIdx } from "./idx.js";
import { readNpy } from "./npy.js";
import { decodeNumbers } from "./numbers.js";
import { readTensorFile } from "./tensors.js";

export interface DataArgument {
  /** The input or target meant; without it, every array that bears an input's name. */
  readonly name: string | undefined;
  readonly file: string;
  /** Columns of a CSV file, or the array of an archive. */
  readonly parts: readonly string[] | undefined;
}

export type DataSource =
  | { readonly kind: "array"; readonly array: DataArray }
  | { readonly kind: "archive"; readonly arrays: readonly DataArray[] }
  | { readonly kind: "table"; readonly table: CsvTable }
  | { readonly kind: "text"; readonly text: string };

export function parseDataArgument(argument: string): DataArgument {
  const named = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/s.exec(argument);
  const path = named?.[2] ?? argument;
  const picked = /^(.+\.(?:csv|npz|safetensors)(?:\.gz)?):([^/\\]+)$/is.exec(path);
  const parts = picked?.[2]?.split(",").map((part) => part.trim());
  return { name: named?.[1], file: picked?.[1] ?? path, parts };
}

function fromTensor(name: string, tensor: SafetensorsTensor, file: string): DataArray {
  const { dtype, shape, data: bytes } = tensor;
  const count = elementCount(shape, file);
  if (dtype === "BF16") return { name, file, shape, dtype: "f32", data: tensorFloats(tensor) };
  const type = dtype.toLowerCase() as DataType;
  const data = decodeNumbers(bytes, type, true, file, count / Math.max(1, shape[0] ?? 1));
  return { name, file, shape, dtype: type, data };
}

function readTensors(bytes: Uint8Array, file: string): DataArray[] {
  const { tensors } = readTensorFile(bytes, file);
  return [...tensors].map(([name, tensor]) => fromTensor(name, tensor, file));
}

function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DataError("text-encoding", "the file is not UTF-8 text", { file });
  }
}

/** The modules of CSV and zip are loaded only for files that need them, for a quick start. */
export async function readSource(file: string): Promise<DataSource> {
  const { bytes, kindPath } = readDataFile(file);
  const path = kindPath.toLowerCase();
  const base = path.replace(/^.*[\\/]/, "");
  if (path.endsWith(".npy")) return { kind: "array", array: readNpy(bytes, "", file) };
  if (path.endsWith(".idx") || /idx\d*-(?:ubyte|byte|short|int|float|double)$/.test(path))
    return { kind: "array", array: readIdx(bytes, "", file) };
  if (path.endsWith(".npz")) {
    const { readNpz } = await import("./npz.js");
    return { kind: "archive", arrays: readNpz(bytes, file) };
  }
  if (path.endsWith(".safetensors")) return { kind: "archive", arrays: readTensors(bytes, file) };
  if (path.endsWith(".csv")) {
    const { parseCsv } = await import("./csv.js");
    return { kind: "table", table: parseCsv(decodeText(bytes, file), file) };
  }
  if (path.endsWith(".txt")) return { kind: "text", text: decodeText(bytes, file) };
  const dot = base.lastIndexOf(".");
  throw new DataError(
    "data-kind",
    dot < 0 ? "no reader for a file without an extension" : `no reader for "${base.slice(dot)}"`,
    {
      file,
      hint: "…idx3-ubyte, .npy, .npz, .csv, .safetensors and .txt are read, each also as .gz",
    },
  );
}
