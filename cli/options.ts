// In: the text of an option; out: its value, or commander's usage error (exit code 2).
import { statSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { parseDataArgument } from "./data/source.js";
import { Failure } from "./failure.js";
import { parseRows } from "./data/rows.js";
import type { RowRange } from "./data/rows.js";
import { parseSetting } from "./settings.js";
import type { SettingValue } from "./settings.js";

export type Settings = Readonly<Record<string, SettingValue>>;

/** What a command takes that analyses a file. */
export interface FileOptions {
  readonly set: Settings;
  readonly root?: string;
}

/** What a command takes that is about one model of a file. */
export interface ModelOptions extends FileOptions {
  readonly model?: string;
  /** Bytes that a step may take, where a command asks. */
  readonly recompute?: number;
  /** Of `nnc compile`. */
  readonly stream?: true;
}

/** Which part of the data files is read, and how. */
export interface ReadingOptions {
  readonly rows?: RowRange;
  readonly header?: boolean;
}

/** What a command takes that computes on data. */
export interface ComputeOptions extends ModelOptions, ReadingOptions {
  readonly data: readonly string[];
  readonly backend: Backend;
  readonly threads: number | "auto";
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function wholeNumber(least: number, most?: number): (text: string) => number {
  const wanted = most === undefined ? `from ${least} on` : `from ${least} to ${most}`;
  return (text) => {
    const value = Number(text.replaceAll("_", ""));
    const fits = Number.isSafeInteger(value) && value >= least && value <= (most ?? Infinity);
    if (!/^\d[\d_]*$/.test(text) || !fits)
      throw new InvalidArgumentError(`a whole number ${wanted} is wanted.`);
    return value;
  };
}

export function modelOption(): Option {
  return new Option("--model <name>", "the model meant, where the file has several");
}

export function setOption(): Option {
  return new Option("--set <name=value>", "sets a parameter of the model; once for each")
    .argParser((text: string, before: Settings): Settings => {
      const setting = parseSetting(text);
      if (setting === undefined)
        throw new InvalidArgumentError("write name=value, as in --set hidden=[256,128].");
      if (Object.hasOwn(before, setting.name))
        throw new InvalidArgumentError(`${setting.name} is set twice: leave one of them out.`);
      return { ...before, [setting.name]: setting.value };
    })
    .default({}, "the file's own");
}

export function recomputeOption(): Option {
  return numberOption(
    "--recompute <bytes>",
    "computes values of the forward pass again where gradients need them, so that a step takes no more than this, as trained",
  );
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

export function rootOption(): Option {
  return new Option("--root <dir>", "imports may reach up to this folder")
    .argParser((folder: string) => {
      if (!isFolder(folder)) throw new InvalidArgumentError("there is no such folder.");
      return folder;
    })
    .default(undefined, "the folder of the file");
}

function dataOption(): Option {
  return new Option(
    "--data <name=path>",
    "an input or target; FILE.csv:colA,colB picks columns; may be repeated",
  )
    .argParser((text: string, before: readonly string[]) => {
      if (/^$|^=|=$/.test(text)) throw new InvalidArgumentError("write NAME=PATH or PATH.");
      return collect(text, before);
    })
    .default([], "none");
}

export function rowsOption(): Option {
  return new Option("--rows <a:b>", "takes rows a to before b, counted from 0").argParser(
    (text: string): RowRange => {
      const rows = parseRows(text);
      if (typeof rows === "string") throw new InvalidArgumentError(rows);
      return rows;
    },
  );
}

/** What every command takes that reads data; whether CSV files have a header line, each file tells by itself. */
export function addDataOptions(command: Command): Command {
  const seen = new Set<string>();
  for (const option of ["header", "no-header"])
    command.on(`option:${option}`, () => {
      seen.add(option);
      if (seen.size > 1)
        command.error("error: --header and --no-header say the opposite", { exitCode: 2 });
    });
  return command
    .addOption(dataOption())
    .option("--header", "the first line of CSV files names the columns, even if by numbers")
    .option("--no-header", "CSV files have no header line; their columns are #0, #1, …");
}

/** A command that computes with the weights of a file's model on data. */
export function addWeightedCommand(
  program: Command,
  name: string,
  { summary, description }: { readonly summary: string; readonly description: string },
): Command {
  const command = program.command(name).summary(summary).description(description);
  return addDataOptions(command.argument("<file>", "a .nn file"))
    .addOption(weightsOption())
    .addOption(rowsOption())
    .addOption(modelOption())
    .addOption(setOption())
    .addOption(backendOption())
    .addOption(threadsOption());
}

/** What of a command's options is for the readers of data. Throws Failure where there is nothing that it is about. */
export function readingOptions({
  data,
  rows,
  header,
}: ReadingOptions & { readonly data: readonly string[] }): ReadingOptions {
  const isTable = (argument: string): boolean =>
    /\.csv(?:\.gz)?$/i.test(parseDataArgument(argument).file);
  if (header !== undefined && !data.some(isTable))
    throw new Failure(
      2,
      "usage",
      `--${header ? "" : "no-"}header is about CSV files, and --data names none`,
    );
  return {
    ...(rows === undefined ? {} : { rows }),
    ...(header === undefined ? {} : { header }),
  };
}

export type Backend = "auto" | "webgpu" | "cpu";

export function backendOption(): Option {
  return new Option("--backend <kind>", "where to compute")
    .choices(["auto", "webgpu", "cpu"])
    .default("auto");
}

/** As many as the runtime takes. */
const mostThreads = 64;

/** The same numbers come out for any number of threads. */
export function threadsOption(): Option {
  return new Option(
    "--threads <n>",
    'threads on the CPU, up to 64, or "auto": one for each processor, up to 8',
  )
    .argParser((text: string): number | "auto" =>
      text === "auto" ? text : wholeNumber(1, mostThreads)(text),
    )
    .default(1);
}

/** The files of `--weights`, in their order. */
export type GivenWeights = readonly [string, ...string[]];

export function weightsOption(): Option {
  return new Option(
    "--weights <file>",
    "a safetensors file; of several, each with an option of its own, a later one's tensors go before those of earlier ones",
  ).argParser((file: string, before: GivenWeights | undefined): GivenWeights =>
    before === undefined ? [file] : [...before, file],
  );
}

export function jsonOption(): Option {
  return new Option("--json", "one JSON value on stdout");
}

/** An option that takes a whole number. */
export function numberOption(flags: string, description: string, least = 1): Option {
  return new Option(flags, description).argParser(wholeNumber(least));
}

/** An option that takes a time: seconds, or parts of one. */
export function secondsOption(description: string): Option {
  return new Option("--seconds <n>", description).argParser((text: string): number => {
    const value = Number(text);
    if (!/^(\d+\.?\d*|\.\d+)$/.test(text) || value <= 0 || !Number.isFinite(value))
      throw new InvalidArgumentError("a number above 0 is wanted, such as 0.5.");
    return value;
  });
}

/** Generators of random numbers take 32 bits; more would be cut off, and give another seed's draws. */
const largestSeed = 2 ** 32 - 1;

export function seedOption(description: string): Option {
  return new Option("--seed <n>", description).argParser(wholeNumber(0, largestSeed));
}
