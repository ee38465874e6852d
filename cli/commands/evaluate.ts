// In: `nnc evaluate FILE --weights W --data …`; out: losses, metrics and confusion tables over the examples.
import type { Command } from "commander";
import { chooseModel, compileFile } from "../compiling.js";
import { confusionPairs, confusionTable, confusionText } from "../confusion.js";
import type { Confusion } from "../confusion.js";
import { bindData } from "../data/bind.js";
import type { BoundData } from "../data/bind.js";
import { batchOf, chunkSize, chunksOf } from "../batches.js";
import { Failure } from "../failure.js";
import { countText, tableText, valueText } from "../numbers.js";
import {
  addWeightedCommand,
  jsonOption,
  numberOption,
  readingOptions,
  rootOption,
} from "../options.js";
import type { ComputeOptions, GivenWeights } from "../options.js";
import { openNetwork } from "../session.js";
import type { TrainingNet } from "../../runtime/api.js";
import { inputSpecs, refuseUndrawn, trainedLengths } from "../specs.js";
import type { Terminal } from "../terminal.js";
import { weightsFor } from "../weights.js";
import type { Plan } from "../../runtime/plan.js";

interface EvaluateOptions extends ComputeOptions {
  readonly weights?: GivenWeights;
  readonly examples?: number;
  readonly json?: true;
}

/** Given inputs of the programs that evaluate. */
function neededInputs(plan: Plan): Set<string> {
  const reached = plan.programs
    .filter(({ series }) => series === "evaluation")
    .flatMap(({ inputs }) => inputs);
  const given = plan.inputs.filter(({ source }) => source === "given").map(({ name }) => name);
  return new Set(given.filter((name) => reached.includes(name)));
}

/** Without a loss and a metric, the only answer would be a loss of 0. */
function refuseNothing({ model, programs }: Plan, file: string): void {
  if (programs.some(({ series }) => series === "evaluation")) return;
  throw new Failure(
    1,
    "no-loss",
    `${model} has no loss and no metric: there is nothing to evaluate`,
    {
      file,
      hint: "nnc predict gives its outputs",
    },
  );
}

async function confusions(net: TrainingNet, plan: Plan, data: BoundData): Promise<Confusion[]> {
  const found: Confusion[] = [];
  for (const pair of confusionPairs(plan)) {
    const labels = data.arrays.get(pair.target.name);
    const given = pair.output.needs.every((name) => data.arrays.has(name));
    if (labels === undefined || !given || data.examples === undefined) continue;
    const inputs = new Map([...data.arrays].filter(([name]) => pair.output.needs.includes(name)));
    const scores = new Float32Array(data.examples * (pair.target.categories ?? 0));
    let at = 0;
    for (const part of chunksOf(inputs, data.examples, chunkSize)) {
      const outputs = await net.predict(part, { outputs: [pair.output.name] as never[] });
      const values = (outputs as Readonly<Record<string, Float32Array>>)[pair.output.name];
      if (values !== undefined) scores.set(values, at);
      at += values?.length ?? 0;
    }
    found.push(confusionTable(pair, labels.data, scores));
  }
  return found;
}

async function runEvaluate(
  file: string,
  options: EvaluateOptions,
  terminal: Terminal,
): Promise<void> {
  const { models } = await compileFile(file, options, terminal);
  const model = chooseModel(models, file);
  const { plan } = model;
  refuseNothing(plan, file);
  const weights = weightsFor(plan, options.weights);
  const data = await bindData(inputSpecs(plan, neededInputs(plan)), options.data, {
    lengths: trainedLengths(plan),
    ...(weights === undefined ? {} : { vocabularies: weights.vocabularies }),
    ...readingOptions(options),
  });
  refuseUndrawn(plan, data, options.examples);
  const { backend, threads, examples } = options;
  const session = { backend, threads, source: file, ...(weights === undefined ? {} : { weights }) };
  const net = await openNetwork(model, session, terminal);
  const wishes = examples === undefined ? {} : { examples };
  const result = await net.evaluate(batchOf(data.arrays), wishes);
  const confusion = await confusions(net, plan, data);
  net.destroy();
  if (options.json) {
    const value = confusion.length === 0 ? result : { ...result, confusion };
    terminal.write(`${JSON.stringify(value, null, 2)}\n`);
    return;
  }
  const lines: [string, string][] = [["loss", valueText(result.loss)]];
  if (Object.keys(result.losses).length > 1)
    for (const [name, value] of Object.entries(result.losses)) lines.push([name, valueText(value)]);
  if (result.penalty !== 0) lines.push(["penalty", valueText(result.penalty)]);
  for (const [name, value] of Object.entries(result.metrics)) lines.push([name, valueText(value)]);
  lines.push(["examples", countText(result.examples)]);
  terminal.write(`${tableText(lines)}\n`);
  for (const table of confusion) terminal.write(`\n${confusionText(table)}\n`);
}

export function addEvaluate(program: Command, terminal: Terminal): void {
  addWeightedCommand(program, "evaluate", {
    summary: "losses and metrics of trained weights",
    description: "Computes losses, metrics and, for classes, a confusion table over given data.",
  })
    .addOption(
      numberOption(
        "--examples <n>",
        "how many to draw, where every input is drawn (default: 4096)",
      ),
    )
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExample:\n  nnc evaluate lenet.nn --weights lenet.safetensors --data image=test-images-idx3-ubyte --data digit=test-labels-idx1-ubyte",
    )
    .action((file: string, options: EvaluateOptions) => runEvaluate(file, options, terminal));
}
