// In: what a model's inputs and targets want and the `--data` arguments; out: arrays that fit, in the types
// declared, or one DataError before anything is trained.
import { countOf } from "../../runtime/dimensions.js";
import { DataError, refuseTooMany, shapeText } from "./array.js";
import { collectData, contentText } from "./collect.js";
import { listed } from "./columns.js";
import type { CollectedData, ColumnsFound, FoundData, ReaderFound } from "./collect.js";
import { fitShape } from "./fit.js";
import { takeRows } from "./rows.js";
import type { RowRange } from "./rows.js";
import type { TextOptions } from "./bind-text.js";
import { openSink } from "./values.js";
import type { InputSpec } from "./spec.js";
import type { BoundValues, ValueSink } from "./values.js";

export interface BoundArray {
  readonly name: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly data: BoundValues;
  /** The first axis is `batch`. */
  readonly perExample: boolean;
  /** Names of the columns of a table that it was taken from. */
  readonly columns?: readonly string[];
}

export interface BoundData {
  readonly arrays: ReadonlyMap<string, BoundArray>;
  /** The length of `batch`, after `--rows`; undefined where no array has examples. */
  readonly examples: number | undefined;
  readonly free: ReadonlyMap<string, number>;
  /** The characters of text inputs, to be kept with the weights. */
  readonly vocabularies: ReadonlyMap<string, readonly string[]>;
}

export interface BindOptions extends TextOptions {
  readonly rows?: RowRange;
  /** Without `rows`: as many from the first on, or all where there are fewer. */
  readonly firstRows?: number;
  /** Whether the first line of CSV files names their columns; without it, each file tells. */
  readonly header?: boolean;
}

function refuseMissing(
  specs: readonly InputSpec[],
  { found, contents }: Pick<CollectedData, "found" | "contents">,
): void {
  const missing = specs.filter(
    (spec) => !spec.optional && !found.some((one) => one.spec.name === spec.name),
  );
  const first = missing[0];
  if (first === undefined) return;
  const list = missing.map((spec) => `${spec.role} ${spec.name}: ${shapeText(spec.shape)}`);
  throw new DataError("data-missing", `no data for ${list.join(", ")}`, {
    hint: [
      ...contents.map((content) => contentText(content, first, specs)),
      `--data ${first.name}=PATH`,
    ].join("; or another file: "),
  });
}

const reshaping =
  "axes of length 1 may be missing or extra, a flat row may be reshaped, nothing else";

const oneRow =
  "this is one example without an axis of examples in front: in NumPy, array[None] gives it one";

function fit(
  found: readonly (number | string)[],
  spec: InputSpec,
  file: string,
  hint = reshaping,
): readonly number[] {
  // How many rows a table has shows only when it is read; that it has one is not presumed.
  const known = found.map((size) => (typeof size === "number" ? size : NaN));
  const shape = fitShape(known, spec.shape);
  if (shape !== undefined) return shape;
  const isRow = fitShape([1, ...known], spec.shape) !== undefined;
  throw new DataError(
    "data-shape",
    `the shape found is ${shapeText(found)}, the shape wanted for ${spec.name} is ${shapeText(spec.shape)}`,
    { file, hint: isRow ? oneRow : hint },
  );
}

const isPerExample = ({ shape }: InputSpec): boolean => shape[0] === "batch";

/** A shape as far as it is known: NaN stands for the rows of a table that was not read to its end. */
interface Fitted {
  readonly spec: InputSpec;
  readonly file: string;
  readonly shape: readonly number[];
}

/** Equal names have equal lengths in all arrays; `batch` is the number of examples. */
function unify(fitted: readonly Fitted[]): Map<string, number> {
  const lengths = new Map<string, { length: number; by: Fitted }>();
  for (const one of fitted) {
    one.spec.shape.forEach((size, axis) => {
      if (typeof size !== "string" || !/^\w+$/.test(size)) return;
      const length = one.shape[axis] ?? 0;
      if (Number.isNaN(length)) return;
      const known = lengths.get(size);
      if (known === undefined) lengths.set(size, { length, by: one });
      else if (known.length !== length) {
        const what = size === "batch" ? "examples" : size;
        throw new DataError(
          size === "batch" ? "data-examples" : "data-free",
          `${one.spec.name} has ${length} ${what}, ${known.by.spec.name} has ${known.length} (${known.by.file})`,
          { file: one.file },
        );
      }
    });
  }
  return new Map([...lengths].map(([name, { length }]) => [name, length]));
}

interface ReadColumns extends Fitted {
  readonly data: BoundValues;
  readonly columns: readonly string[];
}

interface ColumnsReading {
  readonly found: ColumnsFound;
  readonly sink: ValueSink;
  /** NaN stands for the rows. */
  readonly shape: readonly number[];
  rows: number;
}

/** What was taken of a table that does not fit. */
function taken(columns: readonly string[]): string {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined && /\S[ |:]+\S/.test(only))
    return `the only column found is "${only}": columns are separated by a comma, a semicolon or a tab`;
  return `the columns taken are ${listed(columns)}; others are picked by NAME=FILE.csv:colA,colB`;
}

function namesOf({ columns, table }: ColumnsFound): readonly string[] {
  return columns.map((column) => table.header[column] ?? "");
}

function openReading(found: ColumnsFound, first: number): ColumnsReading {
  const { spec, file, columns } = found;
  const names = namesOf(found);
  // Without examples, the rows of a table are an axis like others.
  const shape = isPerExample(spec) ? fit(["rows", columns.length], spec, file, taken(names)) : [];
  const position = { file, columns: names, row: [columns.length], begin: first * columns.length };
  return { found, sink: openSink(spec, position, undefined), shape, rows: 0 };
}

/** Reads all that is wanted of one table at once: the rows of examples, and all of what has none. */
async function readTable(
  wanted: readonly ColumnsFound[],
  rows: RowRange | undefined,
): Promise<ReadColumns[]> {
  const [first] = wanted;
  if (first === undefined) return [];
  const whole = rows === undefined || !wanted.every(({ spec }) => isPerExample(spec));
  const range = whole ? { begin: 0, end: undefined } : rows;
  const readings = wanted.map((found) => openReading(found, range.begin));
  const requests = readings.map((reading) => {
    const { columns } = reading.found;
    const take = (values: Float64Array): void => {
      reading.rows += values.length / columns.length;
      reading.sink.take(values);
    };
    return { columns, take };
  });
  const total = await first.table.read(requests, range);
  return readings.map(({ found, sink, shape, rows: count }) => {
    const { spec, file } = found;
    const columns = namesOf(found);
    const common = { spec, file, columns, data: sink.end() };
    if (!isPerExample(spec)) return { ...common, shape: fit([count, columns.length], spec, file) };
    const [, ...rest] = shape;
    return whole && rows !== undefined
      ? partOf({ ...common, shape: [count, ...rest] }, rows)
      : { ...common, shape: [total ?? NaN, ...rest] };
  });
}

/** The rows wanted of what had to be read whole. */
function partOf(one: ReadColumns, rows: RowRange): ReadColumns {
  const [count = 0, ...rest] = one.shape;
  const width = countOf(rest);
  const end = Math.min(count, rows.end ?? count);
  return { ...one, data: one.data.slice(rows.begin * width, end * width) };
}

async function readTables(
  found: readonly ColumnsFound[],
  rows: RowRange | undefined,
): Promise<ReadColumns[]> {
  const read: ReadColumns[] = [];
  for (const table of new Set(found.map((one) => one.table)))
    read.push(
      ...(await readTable(
        found.filter((one) => one.table === table),
        rows,
      )),
    );
  return read;
}

type Rows = ReturnType<typeof takeRows>;

async function readArray(
  { spec, file, reader }: ReaderFound,
  shape: readonly number[],
  rows: Rows,
): Promise<BoundArray> {
  const { name } = spec;
  const perExample = isPerExample(spec);
  const [count = 1, ...rest] = shape;
  const width = perExample ? countOf(rest) : 1;
  const total = count * (perExample ? width : countOf(rest));
  const begin = perExample ? rows.begin * width : 0;
  const end = perExample ? rows.end * width : total;
  const taken = perExample ? [rows.end - rows.begin, ...rest] : shape;
  refuseTooMany(taken, file);
  const position = { file, row: perExample ? rest : undefined, begin };
  const sink = openSink(spec, position, end - begin);
  for await (const values of reader.read(begin, end)) sink.take(values);
  return { name, file, shape: taken, data: sink.end(), perExample };
}

function boundColumns({ spec, file, shape, data, columns }: ReadColumns, rows: Rows): BoundArray {
  const perExample = isPerExample(spec);
  const taken = perExample ? [rows.end - rows.begin, ...shape.slice(1)] : shape;
  refuseTooMany(taken, file);
  return { name: spec.name, file, shape: taken, data, perExample, columns };
}

/** The number of examples: what arrays tell, else (of tables that go on) as many as `--rows` asks for. */
function examplesOf(
  free: ReadonlyMap<string, number>,
  specs: readonly InputSpec[],
  rows: RowRange | undefined,
): number | undefined {
  return free.get("batch") ?? (specs.some(isPerExample) ? rows?.end : undefined);
}

async function bindFound(
  found: readonly FoundData[],
  { rows, firstRows }: BindOptions,
): Promise<Pick<BoundData, "arrays" | "examples" | "free">> {
  const readers = found.filter((one) => one.kind === "reader");
  const columns = found.filter((one) => one.kind === "columns");
  const fitted = readers.map((one) => ({
    ...one,
    shape: fit(one.reader.shape, one.spec, one.file),
  }));
  // What headers tell is compared before any number is read.
  unify(fitted);
  const first = firstRows === undefined ? undefined : { begin: 0, end: firstRows };
  const wanted = rows ?? first;
  const tables = await readTables(columns, wanted);
  const free = unify([...fitted, ...tables]);
  const specs = found.map(({ spec }) => spec);
  const examples = examplesOf(free, specs, wanted);
  const there = rows ?? (first && { ...first, end: Math.min(first.end, examples ?? first.end) });
  const range = takeRows(there, examples, found.find(({ spec }) => isPerExample(spec))?.file);
  const arrays = new Map<string, BoundArray>();
  for (const one of fitted) arrays.set(one.spec.name, await readArray(one, one.shape, range));
  for (const one of tables) arrays.set(one.spec.name, boundColumns(one, range));
  const taken = examples === undefined ? undefined : range.end - range.begin;
  if (taken !== undefined) free.set("batch", taken);
  return { arrays, examples: taken, free };
}

/**
 * Reads and checks all data. Throws DataError: a name unknown, given twice or missing, a file that cannot
 * be read, a shape that does not fit, unequal numbers of examples, a value outside its type (by row).
 */
export async function bindData(
  specs: readonly InputSpec[],
  args: readonly string[],
  options: BindOptions = {},
): Promise<BoundData> {
  const collected = await collectData(specs, args, options);
  try {
    const { found, vocabularies } = collected;
    refuseMissing(specs, collected);
    return { ...(await bindFound(found, options)), vocabularies };
  } finally {
    await collected.close();
  }
}
