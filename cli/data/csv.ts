// In: the text of a CSV file with a header; out: the columns asked for as one array [rows, columns].
import Papa from "papaparse";
import { DataError } from "./array.js";
import type { DataArray } from "./array.js";

export interface CsvTable {
  readonly file: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const numberForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const notANumber = /^[+-]?nan$/i;
const infinite = /^([+-]?)inf(?:inity)?$/i;

/** Delimiter `,`, `;` or tab, whichever fits; quoted cells may hold anything; empty lines are skipped. */
export function parseCsv(text: string, file: string): CsvTable {
  const parsed = Papa.parse<string[]>(text.startsWith("\uFEFF") ? text.slice(1) : text, {
    skipEmptyLines: true,
    delimitersToGuess: [",", ";", "\t"],
  });
  const broken = parsed.errors.find((error) => error.type === "Quotes");
  if (broken !== undefined) {
    const row = Math.max(0, (broken.row ?? 1) - 1);
    throw new DataError("csv-quotes", `row ${row}: a quote is opened and not closed`, {
      file,
      row,
    });
  }
  const [header = [], ...rows] = parsed.data;
  const names = header.map((name) => name.trim());
  if (names.length === 0 || names.every((name) => name === ""))
    throw new DataError("csv-header", "the file has no header line", { file });
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new DataError("csv-header", `two columns are called "${twice}"`, { file });
  rows.forEach((cells, row) => {
    if (cells.length !== names.length)
      throw new DataError(
        "csv-row",
        `row ${row}: found ${cells.length} cells, the header has ${names.length}`,
        { file, row },
      );
  });
  return { file, header: names, rows };
}

function cellNumber(cell: string): number | undefined {
  const text = cell.trim();
  if (text === "" || notANumber.test(text)) return NaN;
  if (numberForm.test(text)) return Number(text);
  const sign = infinite.exec(text)?.[1];
  return sign === undefined ? undefined : sign === "-" ? -Infinity : Infinity;
}

/** Empty cells and `nan` become NaN, which only a declared `missing` value lets through. */
export function csvArray(
  table: CsvTable,
  name: string,
  columns: readonly string[] = table.header,
): DataArray {
  const { file, header, rows } = table;
  const places = columns.map((column) => {
    const place = header.indexOf(column);
    if (place < 0)
      throw new DataError("csv-column", `there is no column "${column}"`, {
        file,
        hint: `the columns are ${header.join(", ")}`,
      });
    return place;
  });
  const data = new Float64Array(rows.length * places.length);
  rows.forEach((cells, row) => {
    places.forEach((place, at) => {
      const cell = cells[place] ?? "";
      const value = cellNumber(cell);
      if (value === undefined)
        throw new DataError(
          "csv-text",
          `row ${row}: "${cell.slice(0, 40)}" in column "${header[place] ?? ""}" is not a number`,
          {
            file,
            row,
            hint: `number the labels from 0, or pick columns: ${name}=${file}:colA,colB`,
          },
        );
      data[row * places.length + at] = value;
    });
  });
  return { name, file, shape: [rows.length, places.length], dtype: "f64", data };
}
