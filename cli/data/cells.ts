// In: the text of one cell of a table; out: the number that it is, or undefined where it is none.

const numberForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const notANumber = /^[+-]?nan$/i;
const truth = /^(?:(true)|false)$/i;
const infinite = /^([+-]?)inf(?:inity)?$/i;

/** `true` and `false`, which `predict` writes too, are 1 and 0; empty cells and `nan` become NaN, which only a declared `missing` value lets through. */
export function cellNumber(cell: string): number | undefined {
  if (numberForm.test(cell)) return finite(Number(cell));
  const text = withoutBlanks(cell);
  if (text === "" || notANumber.test(text)) return NaN;
  if (text.length < cell.length && numberForm.test(text)) return finite(Number(text));
  const word = truth.exec(text);
  if (word !== null) return word[1] === undefined ? 0 : 1;
  const sign = infinite.exec(text)?.[1];
  return sign === undefined ? undefined : sign === "-" ? -Infinity : Infinity;
}

/** Spaces and tabs around a number mean nothing; what else looks like a space is not a part of any number. */
function withoutBlanks(cell: string): string {
  const isBlank = (at: number): boolean => cell[at] === " " || cell[at] === "\t";
  let begin = 0;
  let end = cell.length;
  while (begin < end && isBlank(begin)) begin++;
  while (begin < end && isBlank(end - 1)) end--;
  return cell.slice(begin, end);
}

/** Digits that no double can hold are not infinity. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** Words by which other programs mark a missing value; they are not guessed to be one. */
export function isMissingWord(text: string): boolean {
  return /^(?:na|n\/a|<na>|null|none|nil|missing|-+|\?|#n\/a)$/i.test(text);
}

/** Digits with whatever separates or follows them in other positions: what a column is hardly called. */
const numeral = /^[+-]?[\d.,_' \u00a0\u202f]*\d[\d.,_' \u00a0\u202f%]*(?:e[+-]?\d+)?$/i;

/** Whether a cell looks like a value, in our form of numbers or in another, rather than like a name. */
export function looksLikeValue(cell: string): boolean {
  const text = cell.trim();
  return cellNumber(text) !== undefined || numeral.test(text) || isMissingWord(text);
}
