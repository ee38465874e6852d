// Diagnostics come in; the text that people read, or the JSON that programs read, goes out.

import { annotate, joinPieces, type Mark } from "./annotate.js";
import type { Diagnostic, Label } from "./diagnostics.js";
import { displayLine, type DisplayLine, visibleText, windowOf } from "./displayLine.js";
import {
  type LineTable,
  lineTable,
  lineText,
  type Position,
  positionAt,
  type SourceFile,
  type Span,
} from "./span.js";

export interface RenderOptions {
  /** Whether to write ANSI colours; not unless said. */
  readonly color?: boolean;
}

/** How many cells of a source line are shown; a longer one is cut around what is marked. */
const windowWidth = 120;
/** Shown lines lose their common indentation and stand this far from the bar. */
const sourceIndent = "  ";

type Style = "error" | "warning" | "label" | "strong" | "plain";
type Paint = (style: Style, text: string) => string;

const codes: Readonly<Record<Style, string>> = {
  error: "\u001b[1;31m",
  warning: "\u001b[1;33m",
  label: "\u001b[1;34m",
  strong: "\u001b[1m",
  plain: "",
};

const plainPaint: Paint = (_, text) => text;
const colorPaint: Paint = (style, text) =>
  style === "plain" || text === "" ? text : `${codes[style]}${text}\u001b[0m`;

/** Renders one diagnostic, without a line ending after it. */
export function render(diagnostic: Diagnostic, options: RenderOptions = {}): string {
  return renderWith(new Map(), diagnostic, options);
}

/** Renders diagnostics one after the other with a blank line between; empty where there are none. */
export function renderAll(diagnostics: readonly Diagnostic[], options: RenderOptions = {}): string {
  const tables: Tables = new Map();
  return diagnostics.map((one) => `${renderWith(tables, one, options)}\n`).join("\n");
}

type Tables = Map<SourceFile, LineTable>;

function tableOf(tables: Tables, file: SourceFile): LineTable {
  const known = tables.get(file);
  if (known !== undefined) return known;
  const table = lineTable(file);
  tables.set(file, table);
  return table;
}

/** What is marked in a source line; a mark knows its line and its columns in units. */
interface Annotation {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly primary: boolean;
  readonly text?: string;
}

/** One stretch of one file to show. */
interface Section {
  readonly arrow: string;
  readonly file: SourceFile;
  readonly place: Position;
  readonly annotations: readonly Annotation[];
}

/** Messages quote names and strings of sources: what would steer a terminal is shown instead. */
function visibleDiagnostic(diagnostic: Diagnostic): Diagnostic {
  const { message, labels, notes, hint, calls } = diagnostic;
  const visible = (label: Label): Label => ({ ...label, text: visibleText(label.text) });
  return {
    ...diagnostic,
    message: visibleText(message),
    labels: labels.map(visible),
    notes: notes.map(visibleText),
    ...(hint === undefined ? {} : { hint: visibleText(hint) }),
    ...(calls === undefined ? {} : { calls: calls.map(visible) }),
  };
}

function renderWith(tables: Tables, given: Diagnostic, options: RenderOptions): string {
  const diagnostic = visibleDiagnostic(given);
  const paint = options.color === true ? colorPaint : plainPaint;
  const sections = sectionsOf(tables, diagnostic);
  const deepest = sections.flatMap((one) => one.annotations.map((annotation) => annotation.line));
  const gutter = String(deepest.reduce((most, line) => Math.max(most, line), 1)).length;
  const title = paint(diagnostic.severity, `${diagnostic.severity}[${diagnostic.code}]`);
  const lines = [`${title}${paint("strong", `: ${diagnostic.message}`)}`];
  const outside: string[] = [];
  for (const section of sections) {
    const severity = diagnostic.severity;
    lines.push(...renderSection({ tables, section, gutter, paint, severity, outside }));
  }
  const margin = " ".repeat(gutter + 2);
  const notes = [...outside, ...diagnostic.notes];
  if (diagnostic.hint !== undefined) notes.push(`hint: ${diagnostic.hint}`);
  for (const note of notes) lines.push(`${margin}${paint("label", "=")} ${note}`);
  return lines.join("\n");
}

/** The main place with the labels in its file, then labels in other files, then the calls, innermost first. */
function sectionsOf(tables: Tables, diagnostic: Diagnostic): Section[] {
  const { file, span, labels, calls = [] } = diagnostic;
  const table = tableOf(tables, file);
  const own = labels.find((one) => one.file === file && sameSpan(one.span, span));
  const near = labels.filter((one) => one.file === file && one !== own);
  const main = annotationsOf(table, span, true, own?.text);
  const beside = near.flatMap((one) => annotationsOf(table, one.span, false, one.text));
  const place = positionAt(table, span.start);
  const sections: Section[] = [{ arrow: "-->", file, place, annotations: [...main, ...beside] }];
  const others = labels.filter((one) => one.file !== file);
  for (const one of [...others, ...calls.toReversed()]) sections.push(sectionOf(tables, one));
  return sections;
}

function sectionOf(tables: Tables, label: Label): Section {
  const table = tableOf(tables, label.file);
  const annotations = annotationsOf(table, label.span, false, label.text);
  const place = positionAt(table, label.span.start);
  return { arrow: ":::", file: label.file, place, annotations };
}

function sameSpan(first: Span, second: Span): boolean {
  return first.start === second.start && first.end === second.end;
}

/** A span on one line is one mark; a longer one is marked on its first and its last line. */
function annotationsOf(
  table: LineTable,
  span: Span,
  primary: boolean,
  text: string | undefined,
): Annotation[] {
  const start = positionAt(table, span.start);
  const end = positionAt(table, Math.max(span.start, span.end));
  const shown = text === undefined ? {} : { text };
  if (start.line === end.line) {
    const last = Math.max(end.column, start.column + 1);
    return [{ line: start.line, start: start.column, end: last, primary, ...shown }];
  }
  const firstLine = lineText(table, start.line);
  const lastLine = lineText(table, end.line);
  const indent = lastLine.search(/\S|$/);
  return [
    {
      line: start.line,
      start: start.column,
      end: Math.max(firstLine.trimEnd().length + 1, start.column + 1),
      primary,
    },
    {
      line: end.line,
      start: Math.min(indent + 1, end.column),
      end: Math.max(end.column, indent + 2),
      primary,
      ...shown,
    },
  ];
}

interface SectionContext {
  readonly tables: Tables;
  readonly section: Section;
  readonly gutter: number;
  readonly paint: Paint;
  readonly severity: Diagnostic["severity"];
  /** Texts of marks that fall out of the window of a long line. */
  readonly outside: string[];
}

function renderSection(context: SectionContext): string[] {
  const { section, gutter, paint } = context;
  const { file, place } = section;
  const table = tableOf(context.tables, file);
  const bar = paint("label", `${" ".repeat(gutter + 2)}|`);
  const arrow = paint("label", `${" ".repeat(gutter + 1)}${section.arrow}`);
  const lines = [`${arrow} ${visibleText(file.name)}:${place.line}:${place.column}`, bar];
  if (file.text === "") return lines.slice(0, 1);
  const shown = shownLines(section.annotations);
  const indent = commonIndent(shown.map((line) => lineText(table, line)));
  shown.forEach((line, index) => {
    const before = shown[index - 1];
    if (before !== undefined && line > before + 1) lines.push("...");
    lines.push(...renderLine(context, table, line, indent));
  });
  return lines;
}

/** The annotated lines in order, and a single line between two of them. */
function shownLines(annotations: readonly Annotation[]): number[] {
  const lines = new Set(annotations.map((one) => one.line));
  for (const line of [...lines]) if (lines.has(line + 2)) lines.add(line + 1);
  return [...lines].sort((first, second) => first - second);
}

/** How many leading units are the same white space in all lines. */
function commonIndent(lines: readonly string[]): number {
  const filled = lines.filter((line) => line.trim() !== "");
  const first = filled[0] ?? "";
  let indent = first.search(/\S|$/);
  for (const line of filled) {
    while (!line.startsWith(first.slice(0, indent))) indent--;
  }
  return indent;
}

function renderLine(
  context: SectionContext,
  table: LineTable,
  line: number,
  indent: number,
): string[] {
  const { section, gutter, paint, severity, outside } = context;
  const annotations = section.annotations.filter((one) => one.line === line);
  // A line may have millions of characters; those far behind the marks are not shown.
  const reach = Math.max(0, ...annotations.map(({ end }) => end)) + 2 * windowWidth;
  const text = lineText(table, line).slice(indent, indent + reach);
  const display = displayLine(text);
  const marks = annotations.map((one) => markOf(display, one, indent));
  const { from, to } = windowAround(display, marks);
  const number = paint("label", `${String(line).padStart(gutter + 1)} |`);
  const source = windowOf(display, from, to).trimEnd();
  const rendered = [source === "" ? number : `${number} ${sourceIndent}${source}`];
  const visible: Mark[] = [];
  for (const mark of marks) {
    if (mark.from < from || mark.from > to) {
      if (mark.text !== undefined) outside.push(`line ${line}, further along: ${mark.text}`);
    } else {
      visible.push({ ...mark, from: mark.from - from, to: Math.min(mark.to, to + 1) - from });
    }
  }
  if (visible.length === 0) return rendered;
  const bar = paint("label", `${" ".repeat(gutter + 2)}|`);
  const style = (piece: string, primary: boolean): string =>
    paint(primary ? severity : "label", piece);
  for (const pieces of annotate(visible)) {
    rendered.push(`${bar} ${sourceIndent}${joinPieces(pieces, style)}`);
  }
  return rendered;
}

function markOf(display: DisplayLine, annotation: Annotation, indent: number): Mark {
  const last = display.cells.length - 1;
  const cellAt = (column: number): number => {
    const unit = Math.max(0, column - 1 - indent);
    return unit <= last ? (display.cells[unit] ?? 0) : (display.cells[last] ?? 0) + unit - last;
  };
  const from = cellAt(annotation.start);
  const to = Math.max(cellAt(annotation.end), from + 1);
  const { primary, text } = annotation;
  return { from, to, primary, ...(text === undefined ? {} : { text }) };
}

/** The whole line where it fits, else the part around the primary mark. */
function windowAround(display: DisplayLine, marks: readonly Mark[]): { from: number; to: number } {
  const end = display.cells.at(-1) ?? 0;
  if (end <= windowWidth) return { from: 0, to: end + 1 };
  const centre = (marks.find((mark) => mark.primary) ?? marks[0])?.from ?? 0;
  const from = Math.max(0, Math.min(centre - windowWidth / 2, end - windowWidth));
  return { from, to: from + windowWidth };
}

/** A range as `nnc check --json` gives it; the end is the place after the last character. */
export interface JsonRange {
  readonly start: Position;
  readonly end: Position;
}

export interface JsonLabel {
  readonly file: string;
  readonly range: JsonRange;
  readonly text: string;
}

export interface JsonDiagnostic {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly file: string;
  readonly range: JsonRange;
  readonly labels: readonly JsonLabel[];
  readonly notes: readonly string[];
  readonly hint?: string;
  readonly calls?: readonly JsonLabel[];
}

/** One element of the array that `nnc check --json` prints. */
export function toJson(diagnostic: Diagnostic): JsonDiagnostic {
  const tables: Tables = new Map();
  const range = (file: SourceFile, span: Span): JsonRange => {
    const table = tableOf(tables, file);
    return { start: positionAt(table, span.start), end: positionAt(table, span.end) };
  };
  const label = ({ file, span, text }: Label): JsonLabel => ({
    file: file.name,
    range: range(file, span),
    text,
  });
  const { code, severity, message, file, span, labels, notes, hint, calls } = diagnostic;
  return {
    code,
    severity,
    message,
    file: file.name,
    range: range(file, span),
    labels: labels.map(label),
    notes,
    ...(hint === undefined ? {} : { hint }),
    ...(calls === undefined ? {} : { calls: calls.map(label) }),
  };
}
