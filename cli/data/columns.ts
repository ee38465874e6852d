// In: a table's header and the names picked; out: the indices of the columns meant, or an error that says
// what there is.
import { nearest } from "../../grammar/nearest.js";
import { DataError } from "./array.js";
import type { CsvTable } from "./csv.js";
import type { InputSpec } from "./spec.js";

/** The indices of columns by their names. */
export function columnIndices(table: CsvTable, names: readonly string[]): number[] {
  const { header, file } = table;
  const indices = new Map<string, number[]>();
  header.forEach((column, index) => {
    const known = indices.get(column);
    if (known === undefined) indices.set(column, [index]);
    else known.push(index);
  });
  const picked = new Set<string>();
  return names.map((column) => {
    const [index, ...others] = indices.get(column) ?? [];
    if (index === undefined) throw noColumn(table, column);
    if (others.length > 0)
      throw new DataError("csv-header", `${others.length + 1} columns are called "${column}"`, {
        file,
        hint: "give each column a name of its own",
      });
    if (picked.has(column))
      throw new DataError("csv-column", `the column "${column}" is picked twice`, { file });
    picked.add(column);
    return index;
  });
}

/** So many names are listed. */
const mostListed = 20;

export function listed(names: readonly string[]): string {
  const rest = names.length - mostListed;
  const shown = names.slice(0, mostListed).join(", ") || "nothing";
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

/** How to pick as many columns as an example of the input has values: by name, where the rest of the table is as many. */
export function pickColumns(
  { name, shape }: InputSpec,
  { file, names }: { readonly file: string; readonly names: readonly string[] },
  specs: readonly InputSpec[],
): string {
  const width = shape.reduce<number>((product, size) => product * (Number(size) || 1), 1);
  const rest = names.filter((column) => !specs.some((spec) => spec.name === column));
  const plain = rest.length <= mostListed && rest.every((column) => /^[\w.-]+$/.test(column));
  const any = width > 4 ? ["COLUMN", "…", "COLUMN"] : Array.from({ length: width }, () => "COLUMN");
  const columns = plain && rest.length === width ? rest : any;
  return `pick ${width === 1 ? "one" : width} by --data ${name}=${file}:${columns.join(",")}`;
}

function noColumn({ header, file }: CsvTable, column: string): DataError {
  const near = nearest(column, header);
  const hint = `the columns are ${listed(header)}`;
  return new DataError("csv-column", `there is no column "${column}"`, {
    file,
    hint: near === undefined ? hint : `did you mean "${near}"? ${hint}`,
  });
}

/** All columns; the one without a name that a separator at the end of lines makes is none. */
export function allColumns({ header, file }: CsvTable): number[] {
  const named = header.at(-1) === "" ? header.slice(0, -1) : header;
  const unnamed = named.indexOf("");
  if (unnamed >= 0)
    throw new DataError("csv-header", `column ${unnamed} (counted from 0) has no name`, {
      file,
      hint: "pick the columns wanted: NAME=FILE.csv:colA,colB",
    });
  const twice = new Set<string>();
  for (const name of named) {
    if (twice.has(name))
      throw new DataError("csv-header", `two columns are called "${name}"`, { file });
    twice.add(name);
  }
  return named.map((_, index) => index);
}
