// In: the text of `--rows` and the number of examples; out: the part of the examples to take.
import { counted } from "../numbers.js";
import { DataError } from "./array.js";

/** From `begin` to before `end`; without `end`, to the last. Counted from 0. */
export interface RowRange {
  readonly begin: number;
  readonly end: number | undefined;
}

/** `A:B`, `A:` or `:B`; what is wrong with the text where it is none of these (wrong usage). */
export function parseRows(text: string): RowRange | string {
  const [, first, last] = /^(\d*):(\d*)$/.exec(text) ?? [];
  if (first === undefined || last === undefined) return "write A:B, as in --rows 0:8000.";
  const begin = first === "" ? 0 : Number(first);
  const end = last === "" ? undefined : Number(last);
  for (const [written, count] of [[first, begin] as const, [last, end ?? 0] as const])
    if (!Number.isSafeInteger(count)) return `no data have ${written} rows.`;
  if (end !== undefined && end <= begin)
    return `that is no row: the end is excluded and has to be greater than the begin, as in --rows ${begin}:${begin + 1}.`;
  return { begin, end };
}

export function takeRows(
  rows: RowRange | undefined,
  examples: number | undefined,
  file?: string,
): { begin: number; end: number } {
  if (examples === undefined) return { begin: 0, end: 0 };
  if (examples === 0) {
    const details = file === undefined ? {} : { file };
    throw new DataError("data-empty", "the data hold no examples", details);
  }
  const begin = rows?.begin ?? 0;
  const end = rows?.end ?? examples;
  if (begin >= examples || end > examples)
    throw new DataError(
      "data-rows",
      `--rows ${begin}:${rows?.end ?? ""} reaches past the data, which have ${counted(examples, "example")}`,
      { hint: `the last row is ${examples - 1}` },
    );
  return { begin, end };
}
