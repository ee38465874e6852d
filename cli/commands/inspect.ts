// In: `nnc inspect FILE`; out: parameters, shapes, costs and memory, or any stage of the compiler as text.
import { Option } from "commander";
import type { Command } from "commander";
import { compileFile } from "../compiling.js";
import { describePlan, descriptionText } from "../inspection.js";
import { jsonOption, modelOption, numberOption, rootOption, setOption } from "../options.js";
import type { Settings } from "../options.js";
import type { Terminal } from "../terminal.js";

interface InspectOptions {
  readonly batch?: number;
  readonly json?: true;
  readonly stage?: Stage;
  readonly svg?: string;
  readonly set: Settings;
  readonly model?: string;
  readonly root?: string;
}

const stages = ["ast", "graph", "gradient", "schedule", "kernels", "wgsl", "js"] as const;
type Stage = (typeof stages)[number];

async function runInspect(
  file: string,
  options: InspectOptions,
  terminal: Terminal,
): Promise<void> {
  const models = await compileFile(file, options, terminal);
  const descriptions = models.map(({ plan }) => describePlan(plan, options.batch));
  if (options.json) {
    terminal.write(`${JSON.stringify(descriptions, null, 2)}\n`);
    return;
  }
  terminal.write(`${descriptions.map(descriptionText).join("\n\n")}\n`);
}

export function addInspect(program: Command, terminal: Terminal): void {
  program
    .command("inspect")
    .summary("what a model is made of")
    .description(
      "Prints parameters, shapes, operations, memory and kernels, or a stage of compiling.",
    )
    .argument("<file>", "a .nn file")
    .addOption(numberOption("--batch <n>", "examples in a batch (default: as trained)"))
    .addOption(new Option("--stage <stage>", "prints this stage instead").choices(stages))
    .option("--svg <file>", "writes the graph as a picture")
    .addOption(modelOption())
    .addOption(setOption())
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  nnc inspect alexnet.nn\n  nnc inspect lenet.nn --stage wgsl",
    )
    .action((file: string, options: InspectOptions) => runInspect(file, options, terminal));
}
