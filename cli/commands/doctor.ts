// In: `nnc doctor FILE`; out: what short runs found, each with where, why and what to do; exit code 0, whatever was found.
import type { Command } from "commander";
import type { DoctorOptions } from "../doctor/options.js";
import type { DoctorResult } from "../doctor/run.js";
import { counted, tableText } from "../numbers.js";
import {
  addDataOptions,
  backendOption,
  jsonOption,
  modelOption,
  rootOption,
  rowsOption,
  seedOption,
  setOption,
  threadsOption,
} from "../options.js";
import type { Terminal } from "../terminal.js";

export function doctorText({ model, findings, measured }: DoctorResult): string {
  const rows = measured.map(({ what, value, wanted }) => [what, value, `(${wanted})`]);
  const told = findings.map(
    ({ what, where, why, todo }, at) =>
      `${at + 1}. ${what}\n   where: ${where}\n   why: ${why}\n   do: ${todo}`,
  );
  const verdict =
    findings.length === 0
      ? `${model}: nothing stands in the way of a long run.`
      : `${model}: ${counted(findings.length, "thing")} to look at before a long run.`;
  return `${[tableText(rows, 3), "", verdict, ...told].join("\n")}\n`;
}

export function addDoctor(program: Command, terminal: Terminal): void {
  addDataOptions(
    program
      .command("doctor")
      .summary("what stands in the way of a long run")
      .description(
        "Before a long run: looks at the scale of inputs, saturated and dead units and the size of updates, learns 50 examples by heart, compares the loss with chance, and says what to change. Writes nothing.",
      )
      .argument("<file>", "a .nn file"),
  )
    .addOption(rowsOption())
    .addOption(modelOption())
    .option("--stage <name>", "the stage to try (default: the first)")
    .addOption(setOption())
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(seedOption("of first weights and of what is picked from the data"))
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  nnc doctor lenet.nn --data image=train-images-idx3-ubyte.gz --data digit=train-labels-idx1-ubyte.gz
  nnc doctor table.nn --data table.csv --json`,
    )
    .action(async (file: string, options: DoctorOptions) => {
      const { examine } = await import("../doctor/run.js");
      const result = await examine(file, options, terminal);
      terminal.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : doctorText(result));
    });
}
