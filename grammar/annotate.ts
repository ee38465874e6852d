// The marked columns of one source line come in; the lines of underlines and texts below it go out.

import { displayWidth } from "./displayLine.js";

/** A stretch of cells to underline, with the text beside it, if any. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly primary: boolean;
  readonly text?: string;
}

/** A piece of an annotation line: spaces are plain, the rest has the colour of its mark. */
export interface Piece {
  readonly cell: number;
  readonly text: string;
  readonly primary: boolean;
}

/**
 * The annotation lines of one source line. The rightmost text stands beside its underline; the others
 * hang below theirs, on bars, from right to left.
 */
export function annotate(marks: readonly Mark[]): Piece[][] {
  const ordered = [...marks].sort((a, b) => a.from - b.from || a.to - b.to);
  const withText = ordered.filter((mark) => mark.text !== undefined);
  const last = withText.at(-1);
  const end = Math.max(...ordered.map((mark) => mark.to));
  // Beside the underlines there is room only where nothing else is marked further right.
  const beside =
    last !== undefined && last.to === end && !sharesStart(withText, last) ? last : undefined;
  const underlines = underline(ordered);
  if (beside?.text !== undefined) {
    underlines.push({ cell: end + 1, text: beside.text, primary: beside.primary });
  }
  const hanging = withText.filter((mark) => mark !== beside);
  return [underlines, ...hang(hanging)];
}

function sharesStart(marks: readonly Mark[], mark: Mark): boolean {
  return marks.some((one) => one !== mark && one.from === mark.from);
}

/** Underlines as pieces that do not overlap; the primary mark covers the others. */
function underline(marks: readonly Mark[]): Piece[] {
  const signs = new Map<number, boolean>();
  for (const mark of marks) {
    for (let cell = mark.from; cell < mark.to; cell++) {
      signs.set(cell, mark.primary || signs.get(cell) === true);
    }
  }
  return [...signs]
    .sort(([first], [second]) => first - second)
    .map(([cell, primary]) => ({ cell, text: primary ? "^" : "-", primary }));
}

function hang(marks: readonly Mark[]): Piece[][] {
  if (marks.length === 0) return [];
  const bars = (some: readonly Mark[]): Piece[] => {
    const starts = new Map(some.map((mark) => [mark.from, mark.primary]));
    return [...starts].map(([cell, primary]) => ({ cell, text: "|", primary }));
  };
  const lines = [bars(marks)];
  for (let index = marks.length - 1; index >= 0; index--) {
    const mark = marks[index];
    if (mark?.text === undefined) continue;
    const left = marks.slice(0, index).filter((one) => one.from < mark.from);
    lines.push([...bars(left), { cell: mark.from, text: mark.text, primary: mark.primary }]);
  }
  return lines;
}

/** Lays pieces out on a line, each painted. */
export function joinPieces(
  pieces: readonly Piece[],
  paint: (text: string, primary: boolean) => string,
): string {
  let line = "";
  let cell = 0;
  for (const piece of [...pieces].sort((a, b) => a.cell - b.cell)) {
    line += " ".repeat(Math.max(0, piece.cell - cell)) + paint(piece.text, piece.primary);
    cell = piece.cell + displayWidth(piece.text);
  }
  return line;
}
