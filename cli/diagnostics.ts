// In: diagnostics of the compiler; out: their rendered text on stderr, and their form for `--json`.
import type { Diagnostic, Label } from "../grammar/diagnostics.js";
import { lineTable, positionAt } from "../grammar/span.js";
import type { Position, SourceFile, Span } from "../grammar/span.js";
import type { Terminal } from "./terminal.js";

export interface RangeJson {
  readonly start: Position;
  readonly end: Position;
}

export interface DiagnosticJson {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly file: string;
  readonly range: RangeJson;
  readonly labels: readonly { file: string; range: RangeJson; text: string }[];
  readonly notes: readonly string[];
  readonly hint: string | undefined;
}

function rangeJson(file: SourceFile, span: Span): RangeJson {
  const table = lineTable(file);
  return { start: positionAt(table, span.start), end: positionAt(table, span.end) };
}

function labelJson({ file, span, text }: Label): DiagnosticJson["labels"][number] {
  return { file: file.name, range: rangeJson(file, span), text };
}

/** Lines and columns count from 1. */
export function diagnosticJson(diagnostic: Diagnostic): DiagnosticJson {
  const { code, severity, message, file, span, labels, notes, hint } = diagnostic;
  return {
    code,
    severity,
    message,
    file: file.name,
    range: rangeJson(file, span),
    labels: labels.map(labelJson),
    notes,
    hint,
  };
}

export async function printDiagnostics(
  diagnostics: readonly Diagnostic[],
  terminal: Terminal,
): Promise<void> {
  if (diagnostics.length === 0) return;
  const { render } = await import("../grammar/render.js");
  for (const diagnostic of diagnostics)
    terminal.note(`${render(diagnostic, { colour: terminal.colour }).trimEnd()}\n`);
}
