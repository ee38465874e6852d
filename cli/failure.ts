// In: whatever a command threw; out: plain words for the user and the exit code that says whose fault it is.
import { CommanderError } from "commander";
import { visibleText } from "../grammar/displayLine.js";
import { DataError } from "./data/array.js";
import { WriteError } from "./data/atomic.js";
import { paint } from "./terminal.js";
import type { Terminal } from "./terminal.js";

/** 1: the user's file or data, 2: wrong usage, 3: the machine; 128 and a signal's number: stopped by it. */
export type ExitCode = 1 | 2 | 3 | 129 | 130 | 143;

export interface FailureDetails {
  readonly file?: string;
  readonly hint?: string | undefined;
}

/** A mistake that is not in the language: said in words, without a stack trace. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly file: string | undefined;
  readonly hint: string | undefined;
  constructor(
    readonly exitCode: ExitCode,
    readonly code: string,
    message: string,
    details: FailureDetails = {},
  ) {
    super(message);
    this.file = details.file;
    this.hint = details.hint;
  }
}

/** Everything has been said already (diagnostics were printed); only the exit code is left. */
export class Reported extends Error {
  override readonly name = "Reported";
  constructor(readonly exitCode: ExitCode) {
    super("reported");
  }
}

/** The file has mistakes, which have been printed; `--json` gives them once more. */
export class DiagnosticsFailure extends Reported {
  constructor(
    readonly diagnostics: readonly unknown[],
    exitCode: ExitCode = 1,
  ) {
    super(exitCode);
  }
}

/** What a failure says, in the words of `--json`. */
export interface FailureReport {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly file?: string | undefined;
  readonly row?: number | undefined;
  readonly hint?: string | undefined;
}

/** Codes of the runtime's errors that are the machine's fault; `internal` is ours, the rest the user's. */
const machineCodes = new Set(["no-adapter", "limits", "out-of-memory", "device-lost"]);

/** What is said of an error: codes, words and whose fault it is. */
export function describeFailure(error: unknown): FailureReport {
  if (error instanceof Failure || error instanceof DataError) {
    const { code, message, file, hint } = error;
    const row = error instanceof DataError ? error.row : undefined;
    const exitCode = error instanceof Failure ? error.exitCode : 1;
    return { exitCode, code, message, file, row, hint };
  }
  if (error instanceof WriteError) {
    const { file, message, machine, hint } = error;
    return { exitCode: machine ? 3 : 1, code: "file-unwritable", message, file, hint };
  }
  if (isRuntimeError(error) && error.code !== "internal") {
    const { code, message } = error;
    return { exitCode: machineCodes.has(code) ? 3 : 1, code, message };
  }
  if (hasNoFolder(error))
    return { exitCode: 1, code: "folder", message: "the folder that this runs in is gone" };
  const message = error instanceof Error ? error.message : String(error);
  return {
    exitCode: 3,
    code: "internal",
    message: `internal error: ${message}`,
    hint: "this is a fault of nnc: please report it, with the file and the command",
  };
}

/** Told by name, so that a command that needs no runtime need not load it. */
function isRuntimeError(error: unknown): error is Error & { readonly code: string } {
  if (!(error instanceof Error) || error.name !== "NnError") return false;
  return "code" in error && typeof error.code === "string";
}

/** Relative paths mean nothing where the current folder was removed. */
function hasNoFolder(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "uv_cwd";
}

/** Prints what is to be said and gives the exit code. */
export function reportFailure(error: unknown, terminal: Terminal, json: boolean): number {
  if (error instanceof Reported) {
    if (json && error instanceof DiagnosticsFailure)
      terminal.write(`${JSON.stringify({ diagnostics: error.diagnostics }, null, 2)}\n`);
    return error.exitCode;
  }
  // Commander has printed its own message; help and version are no failures.
  if (error instanceof CommanderError)
    return error.code === "commander.helpDisplayed" || error.code === "commander.version" ? 0 : 2;
  const report = describeFailure(error);
  const prefix = report.file === undefined ? "" : `${report.file}: `;
  // Names and cells of files stand in messages: none of them may steer the terminal.
  const said = visibleText(`${prefix}${report.message}`);
  terminal.note(`${paint(terminal, "red", "error")}: ${said}`);
  if (report.row !== undefined)
    terminal.note("  = rows are counted from 0, without a header line, as --rows counts them");
  if (report.hint !== undefined) terminal.note(`  = ${visibleText(report.hint)}`);
  if (json) {
    const { code, message, file, row, hint } = report;
    terminal.write(`${JSON.stringify({ error: { code, message, file, row, hint } }, null, 2)}\n`);
  }
  return report.exitCode;
}
