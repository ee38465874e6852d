// A source line comes in; its text as a terminal shows it, and the cell at which each unit of it stands, go out.

const tabWidth = 4;

/** A line ready to print. `cells[i]` is the cell of unit `i`; one entry more gives the end. */
export interface DisplayLine {
  readonly text: string;
  readonly cells: readonly number[];
}

/** Wide and zero-width code points, as terminals draw them (coarse ranges of East Asian Width and emoji). */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const zeroWidth = /[\p{Mn}\p{Me}\u200b-\u200f\u2060\ufeff\ufe00-\ufe0f]/u;

/** Tabs become spaces, control characters become pictures of themselves. */
export function displayLine(line: string): DisplayLine {
  const cells: number[] = [];
  let text = "";
  let cell = 0;
  for (const character of line) {
    for (let unit = 0; unit < character.length; unit++) cells.push(cell);
    const shown =
      character === "\t" ? " ".repeat(tabWidth - (cell % tabWidth)) : visible(character);
    text += shown;
    cell += character === "\t" ? shown.length : cellsOf(shown);
  }
  cells.push(cell);
  return { text, cells };
}

/** Text from outside within a message: as `displayLine` shows it, but lines and tabs stay. */
export function visibleText(text: string): string {
  return text.replace(/[^\x20-\x7e\n\t]/gu, visible);
}

function isPlain(character: string): boolean {
  const code = character.charCodeAt(0);
  return code >= 0x20 && code < 0x7f;
}

function visible(character: string): string {
  if (isPlain(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  // Halves of pairs, and signs that turn the direction of text, would spoil the line.
  const unsafe =
    (code >= 0xd800 && code <= 0xdfff) ||
    /[\u0080-\u009f\u202a-\u202e\u2066-\u2069]/.test(character);
  return unsafe ? "\ufffd" : character;
}

function cellsOf(character: string): number {
  if (isPlain(character)) return 1;
  if (zeroWidth.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** The number of cells that a text takes. */
export function displayWidth(text: string): number {
  return displayLine(text).cells.at(-1) ?? 0;
}

/** The part of a line from one cell to another; what is cut off on a side is marked by `…`. */
export function windowOf(line: DisplayLine, from: number, to: number): string {
  const end = line.cells.at(-1) ?? 0;
  let cell = 0;
  let text = from > 0 ? "…" : "";
  for (const character of line.text) {
    if (cell >= to) break;
    if (cell >= from + (from > 0 ? 1 : 0)) text += character;
    cell += cellsOf(character);
  }
  return to < end ? `${text}…` : text;
}
