// In: `nnc inspect FILE`; out: parameters, shapes, costs and memory, or any stage of the compiler as text.
import { Option } from "commander";
import type { Command } from "commander";
import type { CompiledModel } from "../../compiler/index.js";
import { compileFile } from "../compiling.js";
import { writeWhole } from "../data/atomic.js";
import { claimOutputs } from "../data/outputs.js";
import { describeModel, descriptionText } from "../inspection.js";
import {
  jsonOption,
  modelOption,
  numberOption,
  recomputeOption,
  rootOption,
  setOption,
} from "../options.js";
import type { ModelOptions } from "../options.js";
import { filesRead } from "../reads.js";
import type { Terminal } from "../terminal.js";

/** Known before the compiler is loaded; its own list of stages must have the same names. */
const stages = ["ast", "graph", "passes", "gradient", "schedule", "kernels", "wgsl", "js"] as const;
type Stage = (typeof stages)[number];

interface InspectOptions extends ModelOptions {
  readonly batch?: number;
  readonly json?: true;
  readonly stage?: Stage;
  readonly svg?: string;
}

async function writePicture(
  file: string,
  models: readonly CompiledModel[],
  terminal: Terminal,
): Promise<void> {
  const { pictureText } = await import("../picture.js");
  const roots = models.flatMap(({ name, typed }) =>
    [...typed.inference.outputs, ...typed.inference.losses].map((one) => ({
      name: models.length > 1 ? `${name}.${one.name}` : one.name,
      value: one.value,
    })),
  );
  writeWhole(file, pictureText(models.map(({ name }) => name).join(", "), roots));
  terminal.note(`wrote ${file}`);
}

async function writeStage(
  stage: Stage,
  models: readonly CompiledModel[],
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const { stageText } = await import("../../compiler/stages.js");
  // The syntax tree is the file's, whatever models it holds.
  const wanted = stage === "ast" ? models.slice(0, 1) : models;
  const texts = wanted.map((model) => ({
    model: model.name,
    stage,
    text: stageText(model, stage),
  }));
  if (json) terminal.write(`${JSON.stringify(texts, null, 2)}\n`);
  else terminal.write(`${texts.map(({ text }) => text.trimEnd()).join("\n\n")}\n`);
}

async function runInspect(
  file: string,
  options: InspectOptions,
  terminal: Terminal,
): Promise<void> {
  const compiled = await compileFile(file, options, terminal);
  const { models } = compiled;
  claimOutputs([{ option: "--svg", file: options.svg }], filesRead(file, compiled, {}));
  const json = options.json === true;
  if (options.svg !== undefined) await writePicture(options.svg, models, terminal);
  if (options.stage !== undefined) {
    await writeStage(options.stage, models, json, terminal);
    return;
  }
  const descriptions = models.map((model) => describeModel(model, options.batch));
  if (json) terminal.write(`${JSON.stringify(descriptions, null, 2)}\n`);
  else terminal.write(`${descriptions.map(descriptionText).join("\n\n")}\n`);
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
    .addOption(recomputeOption())
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  nnc inspect alexnet.nn\n  nnc inspect lenet.nn --stage wgsl",
    )
    .action((file: string, options: InspectOptions) => runInspect(file, options, terminal));
}
