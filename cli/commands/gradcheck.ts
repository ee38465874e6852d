// In: `nnc gradcheck FILE`; out: derivatives against central differences, and exit code 1 where one is wrong.
import type { Command } from "commander";
import { Reported } from "../failure.js";
import { tableText } from "../numbers.js";
import { addDataOptions, jsonOption, modelOption, rootOption, setOption } from "../options.js";
import type { ModelOptions } from "../options.js";
import type { Terminal } from "../terminal.js";
import type { CheckResult } from "../gradcheck/run.js";

export interface GradcheckOptions extends ModelOptions {
  readonly data: readonly string[];
  readonly header?: boolean;
  readonly json?: true;
}

function resultText({ parameters, unchecked }: CheckResult): string {
  const rows = parameters.map(({ model, objective, name, entries, error, kinks, ok }) => [
    model,
    objective,
    name,
    String(entries),
    error.toExponential(1),
    kinks === 0 ? "" : String(kinks),
    ok ? "ok" : "WRONG",
  ]);
  const head = ["model", "objective", "parameter", "entries", "error", "kinks", ""];
  const rest =
    unchecked.length === 0 ? "" : `\nnot checked for want of time: ${unchecked.join(", ")}`;
  return `${tableText([head, ...rows], 3)}${rest}\n`;
}

async function runGradcheck(
  file: string,
  options: GradcheckOptions,
  terminal: Terminal,
): Promise<void> {
  const { checkGradients } = await import("../gradcheck/run.js");
  const result = await checkGradients(file, options, terminal);
  terminal.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : resultText(result));
  if (!result.ok) throw new Reported(1);
}

export function addGradcheck(program: Command, terminal: Terminal): void {
  addDataOptions(
    program
      .command("gradcheck")
      .summary("derivatives against central differences")
      .description(
        "Compares the derivatives of every objective with central differences in double precision.",
      )
      .argument("<file>", "a .nn file"),
  )
    .addOption(modelOption())
    .addOption(setOption())
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  nnc gradcheck own_parts.nn --json")
    .action((file: string, options: GradcheckOptions) => runGradcheck(file, options, terminal));
}
