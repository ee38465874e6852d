// In: `nnc check FILE…`; out: all diagnostics of the files, and exit code 1 where one is an error.
import type { Command } from "commander";
import { hasErrors, type Diagnostic } from "../../grammar/diagnostics.js";
import type { JsonDiagnostic } from "../../grammar/render.js";
import { compilerOptions } from "../compiling.js";
import { printDiagnostics } from "../diagnostics.js";
import { Failure, Reported } from "../failure.js";
import { jsonOption, rootOption, setOption } from "../options.js";
import type { FileOptions } from "../options.js";
import { readNnFile } from "../sources.js";
import { paint } from "../terminal.js";
import type { Terminal } from "../terminal.js";

interface CheckOptions extends FileOptions {
  readonly json?: true;
}

/** A file that cannot be read, in the form of a diagnostic. */
function unreadable({ code, message, file }: Failure): JsonDiagnostic {
  const start = { line: 1, column: 1 };
  return {
    code,
    severity: "error",
    message,
    file: file ?? "",
    range: { start, end: start },
    labels: [],
    notes: [],
  };
}

async function runCheck(
  files: readonly string[],
  options: CheckOptions,
  terminal: Terminal,
): Promise<void> {
  const { check, toJson } = await import("../../compiler/index.js");
  const found: Diagnostic[] = [];
  const json: JsonDiagnostic[] = [];
  let failed = false;
  for (const file of files) {
    try {
      const { diagnostics } = check(readNnFile(file), compilerOptions(file, options));
      found.push(...diagnostics);
      json.push(...diagnostics.map(toJson));
      failed ||= hasErrors(diagnostics);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed = true;
      json.push(unreadable(error));
      terminal.note(`${paint(terminal, "red", "error")}: ${file}: ${error.message}`);
    }
  }
  await printDiagnostics(found, terminal);
  if (options.json) terminal.write(`${JSON.stringify(json, null, 2)}\n`);
  else if (!failed)
    terminal.write(`${files.length === 1 ? "1 file" : `${files.length} files`}, no mistakes\n`);
  if (failed) throw new Reported(1);
}

export function addCheck(program: Command, terminal: Terminal): void {
  program
    .command("check")
    .summary("parse and check files")
    .description("Parses and checks files, and prints all mistakes with their places.")
    .argument("<file...>", ".nn files")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(rootOption())
    .addHelpText("after", "\nExample:\n  nnc check lenet.nn blocks.nn --json")
    .action((files: readonly string[], options: CheckOptions) =>
      runCheck(files, options, terminal),
    );
}
