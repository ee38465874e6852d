// In: the characters of a CSV file, piece by piece; out: its header, and the columns and rows asked for, in
// one reading.
import Papa from "papaparse";
import { DataError } from "./array.js";
import type { ByteSource } from "./bytes.js";
import { cellNumber, isMissingWord, looksLikeValue } from "./cells.js";
import { decodeText } from "./utf8.js";

/** Columns of a table that are wanted together, as `[rows, columns]`. */
export interface TableRequest {
  /** By their indices in the header. */
  readonly columns: readonly number[];
  /** Takes the numbers of whole rows, in order. */
  readonly take: (values: Float64Array) => void;
}

export interface TableRows {
  readonly begin: number;
  /** Without it, to the last. */
  readonly end: number | undefined;
}

export interface CsvTable {
  readonly file: string;
  /** Names of the columns; where the file has no header, `#0`, `#1`, … */
  readonly header: readonly string[];
  /** Reads the rows wanted, no further. Gives how many there are, where it came to the end. */
  readonly read: (
    requests: readonly TableRequest[],
    rows: TableRows,
  ) => Promise<number | undefined>;
}

export interface CsvOptions {
  /** Whether the first line names the columns; without it, it does unless all of it are numbers. */
  readonly header?: boolean;
  readonly limits?: CsvLimits;
}

export interface CsvLimits {
  /** A row of more characters than this has lost a closing quote. */
  readonly longestRow: number;
  /** So many characters are looked at to choose the delimiter. */
  readonly leastText: number;
}

const usualLimits: CsvLimits = { longestRow: 1 << 26, leastText: 1 << 16 };

interface ParsedRows {
  readonly data: string[][];
  readonly errors: readonly {
    readonly type: string;
    readonly code: string;
    readonly row?: number;
    /** Of the first character behind the quote that opens the cell. */
    readonly index?: number;
  }[];
  readonly meta: { readonly cursor: number };
}

function delimiterOf(text: string): string {
  const { meta } = Papa.parse<string[]>(text, {
    preview: 10,
    newline: "\n",
    skipEmptyLines: true,
    delimitersToGuess: [",", ";", "\t"],
  });
  return meta.delimiter;
}

/** Windows' written as text once more has two returns. */
const lineEnd = /\r{0,2}\n|\r/g;

/** Spreadsheets say the delimiter in a line of its own, in front of the header. */
const saidDelimiter = /^"?sep=([^"\n])"?\n/i;

/** Line ends of every kind become `\n`. */
async function* oneLineEnd(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = "";
  for await (const piece of pieces) {
    const text = held + piece;
    held = /\r{0,2}$/.exec(text)?.[0] ?? "";
    yield text.slice(0, text.length - held.length).replace(lineEnd, "\n");
  }
  if (held !== "") yield held.replace(lineEnd, "\n");
}

/** A quote that has no end, or an end with text behind it. */
type QuoteFault = "open" | "followed";

interface RowsRead {
  readonly rows: readonly string[][];
  /** What is wrong with the quotes of the row behind these: nothing is read behind it. */
  readonly fault: QuoteFault | undefined;
}

/** A cell whose first line has no closing quote has lost it, whatever quotes stand further down. */
const closedInLine = /^(?:[^"\n]|"")*"/;

function quoteFault({ code, index = 0 }: ParsedRows["errors"][number], text: string): QuoteFault {
  return code === "InvalidQuotes" && closedInLine.test(lineAt(text, index)) ? "followed" : "open";
}

function lineAt(text: string, begin: number): string {
  const end = text.indexOf("\n", begin);
  return text.slice(begin, end < 0 ? text.length : end);
}

/** Rows of cells, some at a time; every line is a row, empty ones too. */
async function* rowsOf(source: ByteSource, limits = usualLimits): AsyncGenerator<RowsRead> {
  let delimiter: string | undefined;
  let rest = "";
  const parse = (given: string, last: boolean): RowsRead => {
    const said = delimiter === undefined ? saidDelimiter.exec(given) : null;
    const text = given.slice(said?.[0].length ?? 0);
    delimiter ??= said?.[1] ?? delimiterOf(text);
    const parser = new Papa.Parser({ delimiter, newline: "\n" });
    const { data, errors, meta } = parser.parse(text, 0, !last) as ParsedRows;
    // Of a cell that is cut after its closing quote, it cannot be told yet that it is sound.
    const isCut = !last && /"[^\S\n]*$/.test(text.slice(-1000));
    const whole = isCut ? data.length : Infinity;
    const broken = errors.find(({ type, row = 0 }) => type === "Quotes" && row < whole);
    rest = text.slice(meta.cursor);
    if (broken !== undefined)
      return { rows: data.slice(0, broken.row), fault: quoteFault(broken, text) };
    return { rows: data, fault: rest.length > limits.longestRow ? "open" : undefined };
  };
  for await (const piece of oneLineEnd(decodeText(source))) {
    const text = rest + piece;
    // The delimiter is chosen by looking at several lines.
    const isLittle = text.length < limits.leastText || !text.includes("\n");
    if (delimiter === undefined && isLittle && text.length <= limits.longestRow) rest = text;
    else yield parse(text, false);
  }
  // Behind the last line end there is no row.
  if (rest.endsWith("\n")) yield parse(rest, false);
  if (rest !== "") yield parse(rest, true);
}

const quoteFaults: Readonly<Record<QuoteFault, string>> = {
  open: "a quote is opened and not closed",
  followed: "text follows the quote that closes a cell",
};

/** Without a row, in the header. */
function brokenQuote(file: string, row: number | undefined, fault: QuoteFault): DataError {
  const place = row === undefined ? "the header" : `row ${row}`;
  return new DataError("csv-quotes", `${place}: ${quoteFaults[fault]}`, {
    file,
    ...(row === undefined ? {} : { row }),
    hint: 'a cell that begins with " ends with one; a " within it is written twice',
  });
}

/** The names of the columns, or an error where it is not clear whether the first line has them. */
function headerOf(first: readonly string[], { header }: CsvOptions, file: string): string[] {
  if (header === false) return first.map((_, position) => `#${position}`);
  const names = first.map((name) => name.trim());
  if (names.every((name) => name === ""))
    throw new DataError("csv-header", "the file has no header line", { file });
  if (header === undefined && names.every(looksLikeValue))
    throw new DataError("csv-header", "every cell of the first line is a number, and none a name", {
      file,
      hint: "--no-header where the file has no header line (columns are then called #0, #1, …), --header where these are names",
    });
  return names;
}

/** Reads the header. Delimiter `,`, `;` or tab, whichever fits; quoted cells may hold anything. */
export async function openCsv(source: ByteSource, options: CsvOptions = {}): Promise<CsvTable> {
  const { file } = source;
  let first: readonly string[] | undefined;
  for await (const { rows, fault } of rowsOf(source, options.limits)) {
    first = rows.find((cells) => !isBlank(cells));
    if (first !== undefined) break;
    if (fault !== undefined)
      throw brokenQuote(file, options.header === false ? 0 : undefined, fault);
  }
  if (first === undefined) throw new DataError("csv-header", "the file is empty", { file });
  const header = headerOf(first, options, file);
  return {
    file,
    header,
    read: (requests, rows) => readTable({ source, header, requests, options }, rows),
  };
}

function isBlank(cells: readonly string[]): boolean {
  return cells.length === 1 && cells[0] === "";
}

interface Reading {
  readonly source: ByteSource;
  readonly header: readonly string[];
  readonly requests: readonly TableRequest[];
  readonly options: CsvOptions;
}

async function readTable(reading: Reading, { begin, end }: TableRows): Promise<number | undefined> {
  const { source, header, options } = reading;
  let hasHeader = options.header === false;
  let count = 0;
  for await (const parsed of rowsOf(source, options.limits)) {
    const rows = parsed.rows.filter((cells) => {
      // Where a row has one cell, an empty line is a row whose cell is empty; elsewhere it cannot be one.
      if (isBlank(cells) && (header.length > 1 || !hasHeader)) return false;
      if (hasHeader) return true;
      hasHeader = true;
      return false;
    });
    const from = Math.max(0, begin - count);
    const to = Math.min(rows.length, (end ?? Infinity) - count);
    refuseRagged(reading, rows.slice(0, Math.max(0, to)), count);
    if (to > from) takeRows(reading, rows.slice(from, to), count + from);
    count += rows.length;
    if (end !== undefined && count >= end) {
      await source.finish();
      return undefined;
    }
    if (parsed.fault !== undefined) throw brokenQuote(source.file, count, parsed.fault);
  }
  await source.finish();
  return count;
}

function refuseRagged(
  { header, source, options }: Reading,
  rows: readonly (readonly string[])[],
  first: number,
): void {
  // A line that ends with a separator has a cell more, which is to be empty as its name is.
  const isUnnamed = header.at(-1) === "";
  const at = rows.findIndex(
    (cells) => cells.length !== header.length || (isUnnamed && cells.at(-1) !== ""),
  );
  if (at < 0) return;
  const found = rows[at]?.length ?? 0;
  const row = first + at;
  if (found === header.length)
    throw new DataError("csv-row", `row ${row}: the last cell stands in a column without a name`, {
      file: source.file,
      row,
      hint: "give the column a name in the header, or take away the separator that ends it",
    });
  const what = options.header === false ? "the first line" : "the header";
  throw new DataError(
    "csv-row",
    `row ${row}: found ${found} ${found === 1 ? "cell" : "cells"}, ${what} has ${header.length}`,
    {
      file: source.file,
      row,
      ...(found === header.length + 1 && (rows[at]?.at(-1) ?? "") === ""
        ? { hint: `the line ends with a separator, which ${what} does not` }
        : {}),
    },
  );
}

function takeRows(
  { header, source, requests }: Reading,
  rows: readonly (readonly string[])[],
  first: number,
): void {
  for (const { columns, take } of requests) {
    const values = new Float64Array(rows.length * columns.length);
    let at = 0;
    rows.forEach((cells, position) => {
      for (const column of columns) {
        const cell = cells[column] ?? "";
        const value = cellNumber(cell);
        if (value === undefined)
          throw notANumber(source.file, cell, first + position, header[column] ?? "");
        values[at++] = value;
      }
    });
    take(values);
  }
}

function notANumber(file: string, cell: string, row: number, column: string): DataError {
  return new DataError(
    "csv-text",
    `row ${row}: ${JSON.stringify(cell.slice(0, 40))} in column "${column}" is not a number`,
    { file, row, hint: hintFor(cell) },
  );
}

/** Its code, since it cannot be seen. */
function strangeSpace(cell: string): string {
  const code = /[^\S \t]/.exec(cell)?.[0].codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

function hintFor(cell: string): string {
  const text = cell.trim();
  if (text !== "" && !Number.isNaN(cellNumber(text) ?? NaN))
    return `only spaces and tabs may stand around a number, and ${strangeSpace(cell)} stands there`;
  if (/^[+-]?[\d.]+e\d+$/i.test(text)) return "the largest number is about 1.8e308";
  if (isMissingWord(text)) return "a value that is missing is written as an empty cell or nan";
  if (/^[+-]?[\d.,' \u00a0\u202f_]+$/.test(text))
    return "numbers have a decimal point and nothing between their digits: 1234.5";
  if (cellNumber(text.replace(/^0x/i, "")) !== undefined && /^0x/i.test(text))
    return "numbers are decimal";
  if (/^(?:yes|no)$/i.test(text)) return "write 0 and 1, or false and true";
  return "only numbers are read: put a number in place of each word, or pick other columns: NAME=FILE.csv:colA,colB";
}
