// In: `--data` arguments and what a model wants; out: for each input that is given, the reader of its array or its
// columns of a table, with every file opened once however many arguments name it.
import { resolve } from "node:path";
import { nearest } from "../../grammar/nearest.js";
import { DataError } from "./array.js";
import { readText } from "./bind-text.js";
import { allColumns, columnIndices, listed, pickColumns } from "./columns.js";
import type { TextOptions } from "./bind-text.js";
import type { CsvTable } from "./csv.js";
import type { ArrayArchive, ArrayReader } from "./reader.js";
import { readerOf } from "./reader.js";
import { openData, parseDataArgument } from "./source.js";
import type { DataArgument, DataSource } from "./source.js";
import type { InputSpec } from "./spec.js";

export interface ReaderFound {
  readonly kind: "reader";
  readonly spec: InputSpec;
  readonly file: string;
  readonly reader: ArrayReader;
}

export interface ColumnsFound {
  readonly kind: "columns";
  readonly spec: InputSpec;
  readonly file: string;
  readonly table: CsvTable;
  /** By their indices in the header. */
  readonly columns: readonly number[];
}

export type FoundData = ReaderFound | ColumnsFound;

export interface CollectOptions extends TextOptions {
  readonly header?: boolean;
}

/** What an argument gives for one name of the model. */
type Given = { readonly name: string } & (
  Pick<ReaderFound, "kind" | "reader"> | Pick<ColumnsFound, "kind" | "table" | "columns">
);

/** A file that was to give what bears the names of the model, and what its own names are. */
export interface NamedContent {
  readonly file: string;
  readonly noun: "column" | "array";
  readonly names: readonly string[];
}

export interface CollectedData {
  readonly found: readonly FoundData[];
  readonly contents: readonly NamedContent[];
  /** The characters of text inputs. */
  readonly vocabularies: ReadonlyMap<string, readonly string[]>;
  readonly close: () => Promise<void>;
}

function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined
    ? `the model's names are ${known.join(", ")}`
    : `did you mean ${near}? The model's names are ${known.join(", ")}`;
}

function refuseUnfit({ name, file, parts }: DataArgument, kind: DataSource["kind"]): void {
  if (parts === undefined) return;
  const written = parts.join(",");
  if (kind === "array" || kind === "text")
    throw new DataError(
      "data-pick",
      `nothing can be picked from it: ":${written}" does not apply`,
      {
        file,
        hint: "columns of .csv files and arrays of .npz and .safetensors files can be picked",
      },
    );
  if (parts.includes(""))
    throw new DataError("data-pick", `a name is missing in ":${written}"`, {
      file,
      hint: `write ${kind === "table" ? "NAME=FILE:colA,colB" : "NAME=FILE:array"}`,
    });
  if (kind === "archive" && parts.length > 1)
    throw new DataError(
      "data-pick",
      `":${written}" picks ${parts.length} arrays, an input takes one`,
      {
        file,
        hint: "give each array its own --data NAME=FILE:array",
      },
    );
  if (name === undefined)
    throw new DataError("data-pick", `it is not said which input takes ":${written}"`, {
      file,
      hint: `write NAME=${file}:${written}`,
    });
}

function fromTable(
  { name, parts }: DataArgument,
  table: CsvTable,
  specs: readonly InputSpec[],
): Given[] {
  if (name !== undefined) {
    const columns = parts === undefined ? allColumns(table) : columnIndices(table, parts);
    return [{ kind: "columns", name, table, columns }];
  }
  return specs
    .filter((spec) => table.header.includes(spec.name))
    .map((spec) => ({
      kind: "columns",
      name: spec.name,
      table,
      columns: columnIndices(table, [spec.name]),
    }));
}

async function fromArchive(
  { name, file, parts }: DataArgument,
  { names, open }: ArrayArchive,
  specs: readonly InputSpec[],
): Promise<Given[]> {
  const read = async (target: string, array: string): Promise<Given> => ({
    kind: "reader",
    name: target,
    reader: await open(array),
  });
  if (name === undefined) {
    const wanted = [...new Set(names)].filter((array) => specs.some((spec) => spec.name === array));
    return Promise.all(wanted.map((array) => read(array, array)));
  }
  const wanted = parts?.[0] ?? name;
  const only = names.length === 1 && parts === undefined ? names[0] : undefined;
  const array = names.includes(wanted) ? wanted : only;
  if (array !== undefined) return [await read(name, array)];
  throw new DataError("data-array", `there is no array "${wanted}" in it`, {
    file,
    hint: `it holds ${listed(names)}`,
  });
}

/** What one argument gives, by the names of the model. */
async function givenBy(
  argument: DataArgument,
  source: DataSource,
  specs: readonly InputSpec[],
  options: CollectOptions,
  vocabularies: Map<string, readonly string[]>,
): Promise<Given[]> {
  const { name, file } = argument;
  refuseUnfit(argument, source.kind);
  switch (source.kind) {
    case "text": {
      const arrays = await readText(argument, source.text, specs, options, vocabularies);
      return arrays.map(([target, array]) => ({
        kind: "reader",
        name: target,
        reader: readerOf(array),
      }));
    }
    case "array":
      if (name !== undefined) return [{ kind: "reader", name, reader: source.array }];
      throw new DataError("data-name", "the file does not say which input it is for", {
        file,
        hint: `write NAME=${file}`,
      });
    case "table":
      return fromTable(argument, source.table, specs);
    case "archive":
      return fromArchive(argument, source.archive, specs);
  }
}

/** Files by their names, each opened once. */
function openFiles({ header }: CollectOptions): {
  readonly open: (file: string) => Promise<DataSource>;
  readonly close: () => Promise<void>;
} {
  const sources = new Map<string, DataSource>();
  const settings = header === undefined ? {} : { header };
  const open = async (file: string): Promise<DataSource> => {
    const path = resolve(file);
    const source = sources.get(path) ?? (await openData(file, settings));
    sources.set(path, source);
    return source;
  };
  const close = async (): Promise<void> => {
    for (const source of sources.values()) await source.close();
  };
  return { open, close };
}

function nothingNamed(
  file: string,
  known: readonly string[],
  contents: readonly NamedContent[],
): DataError {
  const theirs = `the model's names are ${known.join(", ")}`;
  const own = contents.map(({ noun, names }) => {
    const near = known.flatMap((name) => nearest(name, names) ?? []);
    const meant = near.length === 0 ? "" : ` (is it ${listed(near)} that is meant?)`;
    return `, the file's ${noun}s are ${listed(names)}${meant}`;
  });
  return new DataError("data-name", "nothing in it bears the name of an input or target", {
    file,
    hint: `${theirs}${own.join("")}`,
  });
}

function contentOf({ name, file }: DataArgument, source: DataSource): readonly NamedContent[] {
  if (name !== undefined) return [];
  if (source.kind === "table") return [{ file, noun: "column", names: source.table.header }];
  if (source.kind === "archive") return [{ file, noun: "array", names: source.archive.names }];
  return [];
}

/** What a file holds in place of a name that it lacks. */
export function contentText(
  content: NamedContent,
  wanted: InputSpec,
  specs: readonly InputSpec[],
): string {
  const { file, noun, names } = content;
  const { name } = wanted;
  const near = nearest(name, names);
  const meant = near === undefined ? "" : `did you mean "${near}"? `;
  const pick =
    noun === "array"
      ? `pick one by --data ${name}=${file}:ARRAY`
      : pickColumns(wanted, content, specs);
  return `${file} has no ${noun} ${name}: ${meant}its ${noun}s are ${listed(names)}; ${pick}`;
}

export async function collectData(
  specs: readonly InputSpec[],
  args: readonly string[],
  options: CollectOptions,
): Promise<CollectedData> {
  const found = new Map<string, FoundData>();
  const contents: NamedContent[] = [];
  const vocabularies = new Map<string, readonly string[]>();
  const known = specs.map((spec) => spec.name);
  const files = openFiles(options);
  try {
    for (const text of args) {
      const argument = parseDataArgument(text);
      const { name, file } = argument;
      if (name !== undefined && !known.includes(name))
        throw new DataError("data-name", `the model has no input or target "${name}"`, {
          file,
          hint: suggestion(name, known),
        });
      const source = await files.open(file);
      const given = await givenBy(argument, source, specs, options, vocabularies);
      const own = contentOf(argument, source);
      if (given.length === 0) throw nothingNamed(file, known, own);
      contents.push(...own);
      for (const one of given) {
        const spec = specs.find((candidate) => candidate.name === one.name);
        if (spec === undefined) continue;
        if (found.has(one.name))
          throw new DataError("data-twice", `"${one.name}" is given twice`, { file });
        found.set(one.name, { ...one, spec, file });
      }
    }
  } catch (error) {
    await files.close();
    throw error;
  }
  return { found: [...found.values()], contents, vocabularies, close: files.close };
}
