// In: a `--data` argument, `NAME=PATH`, `NAME=PATH:columns` or `PATH`; out: what its file holds, by the reader of its
// extension: headers are read, numbers only when they are asked for.
import { DataError } from "./array.js";
import { openSource } from "./bytes.js";
import type { ByteSource } from "./bytes.js";
import type { CsvOptions, CsvTable } from "./csv.js";
import { refuseNoFile } from "./file.js";
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
  const picked = fileAndParts.exec(path);
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

interface Format {
  /** The end of a file's name, without the dot and without `.gz`, in small letters. */
  readonly extension: string;
  /** Other names that tell it. */
  readonly named?: { readonly pattern: RegExp; readonly example: string };
  readonly open: (source: ByteSource, options: CsvOptions) => Promise<DataContent>;
}

/** All that is read; the modules of CSV and zip are loaded only for files that need them, for a quick start. */
const formats: readonly Format[] = [
  {
    extension: "idx",
    named: { pattern: /idx\d*-(?:ubyte|byte|short|int|float|double)$/, example: "…idx3-ubyte" },
    open: async (source) => ({ kind: "array", array: await openIdx(source, "") }),
  },
  {
    extension: "npy",
    open: async (source) => ({ kind: "array", array: await openNpy(source, "") }),
  },
  {
    extension: "npz",
    open: async (source) => {
      const { openNpz } = await import("./npz.js");
      return { kind: "archive", archive: await openNpz(source) };
    },
  },
  {
    extension: "csv",
    open: async (source, options) => {
      const { openCsv } = await import("./csv.js");
      return { kind: "table", table: await openCsv(source, options) };
    },
  },
  {
    extension: "safetensors",
    open: async (source) => ({ kind: "archive", archive: await openTensors(source) }),
  },
  {
    extension: "txt",
    open: (source) => {
      const text = { [Symbol.asyncIterator]: () => decodeText(source) };
      return Promise.resolve({ kind: "text", text });
    },
  },
];

const extensions = formats.map(({ extension }) => extension).join("|");
const fileAndParts = new RegExp(String.raw`^(.+\.(?:${extensions})(?:\.gz)?):(.*)$`, "is");

/** As the reader is told by: without `.gz`, in small letters. */
function kindName(file: string): string {
  return file.replace(/\.gz$/i, "").toLowerCase();
}

/** Throws DataError where nothing reads files of this name. */
function formatOf(file: string): Format {
  const path = kindName(file);
  const format = formats.find(
    ({ extension, named }) => path.endsWith(`.${extension}`) || named?.pattern.test(path) === true,
  );
  if (format === undefined) throw noReader(path, file);
  return format;
}

function noReader(path: string, file: string): DataError {
  const base = path.replace(/^.*[\\/]/, "");
  const dot = base.lastIndexOf(".");
  const message =
    dot < 0 ? "no reader for a file without an extension" : `no reader for "${base.slice(dot)}"`;
  const known = formats.map(({ extension, named }) => named?.example ?? `.${extension}`);
  const hint = `${known.slice(0, -1).join(", ")} and ${known.at(-1) ?? ""} are read, each also as .gz`;
  return new DataError("data-kind", message, { file, hint });
}

/** Throws DataError where the file cannot be read or is not what its name says. */
export async function openData(file: string, options: CsvOptions = {}): Promise<DataSource> {
  refuseNoFile(file);
  // What has no reader is not read, however long a pipe may give.
  const format = formatOf(file);
  const source = await openSource(file);
  try {
    return { ...(await format.open(source, options)), close: source.close };
  } catch (error) {
    await source.close();
    throw error;
  }
}
