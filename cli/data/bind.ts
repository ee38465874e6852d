// In: what a model's inputs and targets want and the `--data` arguments; out: arrays that fit, in the types
// declared, or one DataError before anything is trained.
import { DataError, shapeText } from "./array.js";
import type { DataArray } from "./array.js";
import { fitShape } from "./fit.js";
import { nearest } from "../../grammar/nearest.js";
import { takeRows } from "./rows.js";
import type { RowRange } from "./rows.js";
import { parseDataArgument, readSource } from "./source.js";
import type { DataArgument, DataSource } from "./source.js";
import { bindText } from "./bind-text.js";
import type { TextOptions } from "./bind-text.js";
import { convertValues } from "./values.js";
import type { InputSpec } from "./spec.js";
import type { BoundValues } from "./values.js";

export interface BoundArray {
  readonly name: string;
  readonly file: string;
  readonly shape: readonly number[];
  readonly data: BoundValues;
  /** The first axis is `batch`. */
  readonly perExample: boolean;
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
}

interface Found {
  readonly spec: InputSpec;
  readonly array: DataArray;
}

function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined
    ? `the model's names are ${known.join(", ")}`
    : `did you mean ${near}? The model's names are ${known.join(", ")}`;
}

/** The arrays that one argument gives, by the names of the model. */
async function named(
  argument: DataArgument,
  source: DataSource,
  specs: readonly InputSpec[],
): Promise<[string, DataArray][]> {
  const { name, file, parts } = argument;
  switch (source.kind) {
    case "text":
      throw new Error("text is bound elsewhere");
    case "array": {
      if (name !== undefined) return [[name, source.array]];
      throw new DataError("data-name", "the file does not say which input it is for", {
        file,
        hint: `write NAME=${file}`,
      });
    }
    case "table": {
      const { csvArray } = await import("./csv.js");
      if (name !== undefined) return [[name, csvArray(source.table, name, parts)]];
      return specs
        .filter((spec) => source.table.header.includes(spec.name))
        .map((spec) => [spec.name, csvArray(source.table, spec.name, [spec.name])]);
    }
    case "archive": {
      const names = source.arrays.map((array) => array.name);
      if (name === undefined)
        return source.arrays
          .filter((array) => specs.some((spec) => spec.name === array.name))
          .map((array) => [array.name, array]);
      const wanted = parts?.[0] ?? name;
      const only = source.arrays.length === 1 && parts === undefined ? source.arrays[0] : undefined;
      const array = source.arrays.find((candidate) => candidate.name === wanted) ?? only;
      if (array !== undefined) return [[name, array]];
      throw new DataError("data-array", `there is no array "${wanted}" in it`, {
        file,
        hint: `it holds ${names.join(", ") || "nothing"}`,
      });
    }
  }
}

async function collect(
  specs: readonly InputSpec[],
  args: readonly string[],
  options: BindOptions,
  vocabularies: Map<string, readonly string[]>,
): Promise<Found[]> {
  const found = new Map<string, Found>();
  const known = specs.map((spec) => spec.name);
  for (const text of args) {
    const argument = parseDataArgument(text);
    const { name, file } = argument;
    if (name !== undefined && !known.includes(name))
      throw new DataError("data-name", `the model has no input or target "${name}"`, {
        file,
        hint: suggestion(name, known),
      });
    const source = await readSource(file);
    const arrays: readonly (readonly [string, DataArray])[] =
      source.kind === "text"
        ? bindText(argument, source.text, specs, options, vocabularies)
        : await named(argument, source, specs);
    if (arrays.length === 0)
      throw new DataError("data-name", "nothing in it bears the name of an input or target", {
        file,
        hint: `the model's names are ${known.join(", ")}`,
      });
    for (const [target, array] of arrays) {
      const spec = specs.find((candidate) => candidate.name === target);
      if (spec === undefined) continue;
      if (found.has(target))
        throw new DataError("data-twice", `"${target}" is given twice`, { file });
      found.set(target, { spec, array });
    }
  }
  return [...found.values()];
}

function refuseMissing(specs: readonly InputSpec[], found: readonly Found[]): void {
  const missing = specs.filter(
    (spec) => !spec.optional && !found.some((one) => one.spec.name === spec.name),
  );
  const first = missing[0];
  if (first === undefined) return;
  const list = missing.map((spec) => `${spec.role} ${spec.name}: ${shapeText(spec.shape)}`);
  throw new DataError("data-missing", `no data for ${list.join(", ")}`, {
    hint: `--data ${first.name}=PATH`,
  });
}

interface Fitted extends Found {
  readonly shape: readonly number[];
}

function fit({ spec, array }: Found): Fitted {
  const shape = fitShape(array.shape, spec.shape);
  if (shape !== undefined) return { spec, array, shape };
  throw new DataError(
    "data-shape",
    `the shape found is ${shapeText(array.shape)}, the shape wanted for ${spec.name} is ${shapeText(spec.shape)}`,
    {
      file: array.file,
      hint: "axes of length 1 may be missing or extra, a flat row may be reshaped, nothing else",
    },
  );
}

/** Equal names have equal lengths in all arrays; `batch` is the number of examples. */
function unify(fitted: readonly Fitted[]): Map<string, number> {
  const lengths = new Map<string, { length: number; by: Fitted }>();
  for (const one of fitted) {
    one.spec.shape.forEach((size, axis) => {
      if (typeof size !== "string" || !/^\w+$/.test(size)) return;
      const length = one.shape[axis] ?? 0;
      const known = lengths.get(size);
      if (known === undefined) lengths.set(size, { length, by: one });
      else if (known.length !== length) {
        const what = size === "batch" ? "examples" : size;
        throw new DataError(
          size === "batch" ? "data-examples" : "data-free",
          `${one.spec.name} has ${length} ${what}, ${known.by.spec.name} has ${known.length} (${known.by.array.file})`,
          { file: one.array.file },
        );
      }
    });
  }
  return new Map([...lengths].map(([name, { length }]) => [name, length]));
}

function convert({ spec, array, shape }: Fitted, rows: { begin: number; end: number }): BoundArray {
  const { name } = spec;
  const { file } = array;
  if (spec.shape[0] !== "batch") {
    const end = array.data.length;
    const data = convertValues(array, spec, { begin: 0, end, rowLength: undefined });
    return { name, file, shape, data, perExample: false };
  }
  const rowLength = shape.slice(1).reduce((a, b) => a * b, 1);
  const data = convertValues(array, spec, {
    begin: rows.begin * rowLength,
    end: rows.end * rowLength,
    rowLength,
  });
  return {
    name,
    file,
    shape: [rows.end - rows.begin, ...shape.slice(1)],
    data,
    perExample: true,
  };
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
  const vocabularies = new Map<string, readonly string[]>();
  const found = await collect(specs, args, options, vocabularies);
  refuseMissing(specs, found);
  const fitted = found.map(fit);
  const free = unify(fitted);
  const examples = free.get("batch");
  const rows = takeRows(options.rows, examples);
  const arrays = new Map(fitted.map((one) => [one.spec.name, convert(one, rows)]));
  const taken = examples === undefined ? undefined : rows.end - rows.begin;
  if (taken !== undefined) free.set("batch", taken);
  return { arrays, examples: taken, free, vocabularies };
}
