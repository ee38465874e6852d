// Source text and offsets come in; spans and 1-based line and column positions go out.

/** A half-open range of UTF-16 offsets in one source text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A named source text; `name` is the path as the user wrote it. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** A place as people count it: line and column both start at 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The offset at which each line starts; `starts[0]` is 0. */
export interface LineTable {
  readonly starts: readonly number[];
  readonly text: string;
}

/** The smallest span that covers both. */
export function joinSpans(first: Span, second: Span): Span {
  return {
    start: Math.min(first.start, second.start),
    end: Math.max(first.end, second.end),
  };
}

/** Finds the lines of a text; `\n`, `\r\n` and `\r` each end a line. */
export function lineTable(file: SourceFile): LineTable {
  const starts = [0];
  const text = file.text;
  for (let offset = 0; offset < text.length; offset++) {
    const unit = text.charCodeAt(offset);
    if (unit === 10 || (unit === 13 && text.charCodeAt(offset + 1) !== 10)) starts.push(offset + 1);
  }
  return { starts, text };
}

/** The line and column of an offset; an offset beyond the text is taken as its end. */
export function positionAt(table: LineTable, offset: number): Position {
  const clamped = Math.max(0, Math.min(offset, table.text.length));
  let low = 0;
  let high = table.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((table.starts[middle] ?? 0) <= clamped) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: clamped - (table.starts[low] ?? 0) + 1 };
}

/** The text of a 1-based line, without its line ending. */
export function lineText(table: LineTable, line: number): string {
  const start = table.starts[line - 1] ?? table.text.length;
  const end = table.starts[line] ?? table.text.length;
  return table.text.slice(start, end).replace(/[\r\n]+$/, "");
}
