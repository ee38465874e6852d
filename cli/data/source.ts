// In: a `--data` argument, `NAME=PATH`, `NAME=PATH:columns` or `PATH`; out: what its file holds, by the reader of its
// extension: headers are read, numbers only when they are asked for.
import { DataError } from "./array.js";
import { openSource } from "./bytes.js";
import type { ByteSource } from "./bytes.js";
import type { CsvOptions, CsvTable } from "./csv.js";
import { openIdx } from "./idx.js";
import { openNpy } from "./npy.js";
import type { ArrayArchive, ArrayReader } from "./reader.js";
import { openTensors } from "./tensors.js";
import { decodeText } from "./utf8.js";

export interface DataArgument {
  /** The input or target meant; without it, every array that bears an input's name. */
  readonly name: string | undefined;
  readonly file: string;
  /** Columns of a CSV file, or the array of an archive. */
  readonly parts: readonly string[] | undefined;
}

export type DataContent =
  | { readonly kind: "array"; readonly array: ArrayReader }
  | { readonly kind: "archive"; readonly archive: ArrayArchive }
  | { readonly kind: "table"; readonly table: CsvTable }
  | { readonly kind: "text"; readonly text: AsyncIterable<string> };

export type DataSource = DataContent & { readonly close: () => Promise<void> };

export function parseDataArgument(argument: string): DataArgument {
  const named = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/s.exec(argument);
  const path = named?.[2] ?? argument;
  const name = named?.[1];
  const picked = /^(.+\.(?:csv|npz|safetensors|npy|idx|txt)(?:\.gz)?):(.*)$/is.exec(path);
  const parts = picked?.[2] === undefined ? undefined : pickedNames(picked[2]);
  return { name, file: picked?.[1] ?? path, parts };
}

/** Names between commas; one that holds a comma stands in quotes, a quote in it twice, as in CSV. */
function pickedNames(text: string): string[] {
  const names = text.match(/(?:^|,)(?:\s*"(?:[^"]|"")*"\s*(?=,|$)|[^,]*)/g) ?? [];
  return names.map((written, at) => {
    const name = (at === 0 ? written : written.slice(1)).trim();
    return /^"(?:[^"]|"")*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
  });
}

const arrayFile = /idx\d*-(?:ubyte|byte|short|int|float|double)$/;

/** As the reader is told by: without `.gz`, in small letters. */
function kindName(file: string): string {
  return file.replace(/\.gz$/i, "").toLowerCase();
}

/** The modules of CSV and zip are loaded only for files that need them, for a quick start. */
async function openContent(source: ByteSource, options: CsvOptions): Promise<DataContent> {
  const { file } = source;
  const path = kindName(file);
  if (path.endsWith(".npy")) return { kind: "array", array: await openNpy(source, "") };
  if (path.endsWith(".idx") || arrayFile.test(path))
    return { kind: "array", array: await openIdx(source, "") };
  if (path.endsWith(".npz")) {
    const { openNpz } = await import("./npz.js");
    return { kind: "archive", archive: await openNpz(source) };
  }
  if (path.endsWith(".safetensors")) return { kind: "archive", archive: await openTensors(source) };
  if (path.endsWith(".csv")) {
    const { openCsv } = await import("./csv.js");
    return { kind: "table", table: await openCsv(source, options) };
  }
  if (path.endsWith(".txt"))
    return { kind: "text", text: { [Symbol.asyncIterator]: () => decodeText(source) } };
  throw noReader(path, file);
}

function noReader(path: string, file: string): DataError {
  const base = path.replace(/^.*[\\/]/, "");
  const dot = base.lastIndexOf(".");
  const message =
    dot < 0 ? "no reader for a file without an extension" : `no reader for "${base.slice(dot)}"`;
  const hint = "…idx3-ubyte, .npy, .npz, .csv, .safetensors and .txt are read, each also as .gz";
  return new DataError("data-kind", message, { file, hint });
}

/** Throws DataError where the file cannot be read or is not what its name says. */
export async function openData(file: string, options: CsvOptions = {}): Promise<DataSource> {
  // What has no reader is not read, however long a pipe may give.
  const path = kindName(file);
  if (!/\.(?:npy|idx|npz|safetensors|csv|txt)$/.test(path) && !arrayFile.test(path))
    throw noReader(path, file);
  const source = openSource(file);
  try {
    return { ...(await openContent(source, options)), close: source.close };
  } catch (error) {
    await source.close();
    throw error;
  }
}
