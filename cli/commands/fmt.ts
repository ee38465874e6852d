// In: `nnc fmt FILE…`; out: the files in canonical layout, or with `--check` a list of those that differ.
import type { Command } from "commander";
import { WriteError, writeWhole } from "../data/atomic.js";
import { hasErrors } from "../../grammar/diagnostics.js";
import { printDiagnostics } from "../diagnostics.js";
import { Failure, Reported } from "../failure.js";
import { readNnFile } from "../sources.js";
import { paint } from "../terminal.js";
import type { Terminal } from "../terminal.js";

interface FmtOptions {
  readonly check?: true;
}

/** The canonical text, or undefined where the file does not parse (its diagnostics are printed). */
async function formatFile(file: string, terminal: Terminal): Promise<string | undefined> {
  const text = readNnFile(file);
  const { parse } = await import("../../grammar/parse.js");
  const { diagnostics } = parse({ name: file, text });
  await printDiagnostics(diagnostics, terminal);
  if (hasErrors(diagnostics)) return undefined;
  const [{ format }, plugin] = await Promise.all([
    import("prettier"),
    import("../../grammar/prettier/index.js"),
  ]);
  return format(text, { parser: "nn", plugins: [plugin] });
}

async function runFmt(
  files: readonly string[],
  options: FmtOptions,
  terminal: Terminal,
): Promise<void> {
  let failed = false;
  for (const file of files) {
    try {
      const formatted = await formatFile(file, terminal);
      if (formatted === undefined) failed = true;
      else if (formatted !== readNnFile(file)) {
        if (options.check) failed = true;
        else writeWhole(file, formatted);
        terminal.write(`${file}\n`);
      }
    } catch (error) {
      if (!(error instanceof Failure || error instanceof WriteError)) throw error;
      failed = true;
      terminal.note(`${paint(terminal, "red", "error")}: ${file}: ${error.message}`);
    }
  }
  if (failed) throw new Reported(1);
}

export function addFmt(program: Command, terminal: Terminal): void {
  program
    .command("fmt")
    .summary("canonical layout")
    .description("Writes files in canonical layout, in place, and lists those that changed.")
    .argument("<file...>", ".nn files")
    .option("--check", "writes nothing; lists what differs, and exits 1 where something does")
    .addHelpText("after", "\nExample:\n  nnc fmt --check lenet.nn")
    .action((files: readonly string[], options: FmtOptions) => runFmt(files, options, terminal));
}
