// A code, a place and words come in; a Diagnostic, the value that reports a mistake in a `.nn` file, goes out.

import type { DiagnosticCode } from "./catalogue/index.js";
import type { SourceFile, Span } from "./span.js";

export type { DiagnosticCode } from "./catalogue/index.js";

export type Severity = "error" | "warning";

/** Text beside another span; one with the diagnostic's own span is written at its carets. */
export interface Label {
  readonly span: Span;
  readonly file: SourceFile;
  readonly text: string;
}

/** One mistake of the user's. Data only: `render.ts` prints it. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  readonly message: string;
  readonly file: SourceFile;
  readonly span: Span;
  readonly labels: readonly Label[];
  /** What was expected and what was found, one sentence each. */
  readonly notes: readonly string[];
  /** What to do about it. */
  readonly hint?: string;
  /** The calls of layers and functions that led here, outermost first. */
  readonly calls?: readonly Label[];
}

/** What a caller must and may say of a mistake; the rest has defaults. */
export interface DiagnosticDetails {
  readonly file: SourceFile;
  readonly span: Span;
  readonly message: string;
  readonly severity?: Severity;
  readonly labels?: readonly Label[];
  readonly notes?: readonly string[];
  readonly hint?: string | undefined;
  readonly calls?: readonly Label[] | undefined;
}

/** Makes a Diagnostic, an error unless said otherwise. */
export function diagnostic(code: DiagnosticCode, details: DiagnosticDetails): Diagnostic {
  const { hint, calls } = details;
  return {
    code,
    severity: details.severity ?? "error",
    message: details.message,
    file: details.file,
    span: details.span,
    labels: details.labels ?? [],
    notes: details.notes ?? [],
    ...(hint === undefined ? {} : { hint }),
    ...(calls === undefined || calls.length === 0 ? {} : { calls }),
  };
}

/** Whether any of them is an error, so that nothing may be built. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((one) => one.severity === "error");
}

/** What the last mistake of a list says of those that are not in it; `isCutOff`: nobody looked at the rest. */
export function unlistedNotes(count: number, isCutOff = false): string[] {
  const mistakes = count === 1 ? "mistake" : "mistakes";
  if (count > 0)
    return [
      `and ${isCutOff ? "at least " : ""}${count} more ${mistakes}, not listed: mend these first`,
    ];
  return isCutOff ? ["what follows was not read for mistakes: mend these first"] : [];
}
