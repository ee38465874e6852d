// The comments of a file come in; the doc comment above an offset, and the file's own, go out.

import type { Comment } from "../ast.js";
import { type LineTable, lineTable, positionAt, type SourceFile } from "../span.js";

export interface DocComments {
  /** The doc comment whose last line is directly above the line of an offset. */
  above(offset: number): string | undefined;
  /** The doc comment at the top of the file that no declaration follows directly. */
  readonly ofFile: string | undefined;
}

/** Gathers the doc comments that stand on lines of their own. */
export function docComments(file: SourceFile, comments: readonly Comment[]): DocComments {
  const table = lineTable(file);
  // A plain comment between a doc comment and its declaration does not part them.
  const lines = new Map<number, Comment>();
  for (const comment of comments) {
    if (isAlone(table, comment)) lines.set(lineOf(table, comment), comment);
  }
  const above = (offset: number): string | undefined => {
    const bottom = positionAt(table, offset).line - 1;
    let top = bottom;
    while (lines.has(top - 1)) top--;
    return lines.has(bottom) ? joinLines(lines, top, bottom) : undefined;
  };
  return { above, ofFile: fileDoc(table, comments, lines) };
}

function lineOf(table: LineTable, comment: Comment): number {
  return positionAt(table, comment.span.start).line;
}

function isAlone(table: LineTable, comment: Comment): boolean {
  const start = table.starts[lineOf(table, comment) - 1] ?? 0;
  return /^[\ufeff \t]*$/.test(table.text.slice(start, comment.span.start));
}

function fileDoc(
  table: LineTable,
  comments: readonly Comment[],
  lines: ReadonlyMap<number, Comment>,
): string | undefined {
  const opening = comments.find((comment) => comment.doc);
  if (opening === undefined || !isAtTop(table, comments, opening)) return undefined;
  const top = lineOf(table, opening);
  if (!lines.has(top)) return undefined;
  let bottom = top;
  while (lines.has(bottom + 1)) bottom++;
  const below = table.starts[bottom];
  const apart = below === undefined || /^[ \t]*(?:[\r\n]|$)/.test(table.text.slice(below));
  return apart ? joinLines(lines, top, bottom) : undefined;
}

/** Whether nothing but other comments stands before a comment. */
function isAtTop(table: LineTable, comments: readonly Comment[], comment: Comment): boolean {
  let offset = 0;
  for (const before of [
    ...comments.filter((one) => one.span.start < comment.span.start),
    comment,
  ]) {
    if (!/^[\ufeff\s]*$/.test(table.text.slice(offset, before.span.start))) return false;
    offset = before.span.end;
  }
  return true;
}

/** The doc comments of some lines as one text; undefined where there are none among them. */
function joinLines(
  lines: ReadonlyMap<number, Comment>,
  top: number,
  bottom: number,
): string | undefined {
  const texts: string[] = [];
  for (let line = top; line <= bottom; line++) {
    const comment = lines.get(line);
    if (comment?.doc === true) texts.push(comment.text.trimEnd());
  }
  if (texts.length === 0) return undefined;
  const indent = texts
    .filter((text) => text !== "")
    .reduce((least, text) => Math.min(least, text.search(/\S|$/)), Infinity);
  return texts.map((text) => (Number.isFinite(indent) ? text.slice(indent) : text)).join("\n");
}
