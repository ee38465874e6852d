// In: `nnc predict FILE --weights W --data …`; out: the outputs as .npy, .csv or .json.
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import type { TensorOutput, TrainingNet } from "../../runtime/api.js";
import { evaluateShape } from "../../runtime/dimensions.js";
import type { Plan, PlanOutput } from "../../runtime/plan.js";
import { chunkSize, chunksOf } from "../batches.js";
import { chooseModel, compileFile } from "../compiling.js";
import { writeWhole } from "../data/atomic.js";
import { bindData } from "../data/bind.js";
import type { BoundData } from "../data/bind.js";
import { claimOutputs, dataFiles } from "../data/outputs.js";
import { parseDataArgument } from "../data/source.js";
import { csvText, jsonText, npyBytes, outputFormat } from "../data/write.js";
import type { OutputArray } from "../data/write.js";
import { Failure } from "../failure.js";
import {
  backendOption,
  addDataOptions,
  modelOption,
  numberOption,
  readingOptions,
  rootOption,
  rowsOption,
  seedOption,
  setOption,
  weightsOption,
} from "../options.js";
import type { ComputeOptions } from "../options.js";
import { openNetwork } from "../session.js";
import { inputSpecs, trainedLengths } from "../specs.js";
import type { Terminal } from "../terminal.js";
import { readWeights } from "../weights.js";

interface PredictOptions extends ComputeOptions {
  readonly weights: string;
  readonly output: string;
  readonly outputs?: readonly string[];
  readonly examples: number;
  readonly seed?: number;
}

function wantedOutputs(plan: Plan, names: readonly string[] | undefined): readonly PlanOutput[] {
  if (names === undefined) return plan.outputs;
  return names.map((name) => {
    const output = plan.outputs.find((candidate) => candidate.name === name);
    if (output !== undefined) return output;
    throw new Failure(2, "output", `there is no output "${name}"`, {
      hint: `the outputs: ${plan.outputs.map((one) => one.name).join(", ")}`,
    });
  });
}

function join(parts: readonly TensorOutput[]): TensorOutput {
  const [first] = parts;
  if (first === undefined) return new Float32Array(0);
  if (parts.length === 1) return first;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = first.slice(0, 0).constructor as new (length: number) => TensorOutput;
  const joined = new whole(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** What is drawn depends on its place in the batch, so cutting the batch would change it. */
function draws({ programs }: Plan): boolean {
  return programs.some(
    ({ kind, uniforms }) =>
      kind === "draw" || (kind === "predict" && uniforms.some((one) => one.kind === "counter")),
  );
}

/** Outputs with a line an example are joined over the chunks; others want all examples at once. */
async function predictAll(
  net: TrainingNet,
  plan: Plan,
  outputs: readonly PlanOutput[],
  data: BoundData,
  options: PredictOptions,
): Promise<OutputArray[]> {
  const names = outputs.map(({ name }) => name);
  const count = data.examples ?? options.examples;
  const perExample = outputs.every(({ shape }) => shape[0] === "batch");
  const size = perExample && !draws(plan) ? chunkSize : count;
  const parts = new Map<string, TensorOutput[]>(names.map((name) => [name, []]));
  for (const inputs of chunksOf(data.arrays, count, size)) {
    const result = await net.predict(inputs, {
      outputs: names,
      ...(data.examples === undefined ? { batch: count } : {}),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
    });
    for (const [name, values] of Object.entries(result)) parts.get(name)?.push(values);
  }
  const free = { ...Object.fromEntries(data.free), batch: count };
  return outputs.map(({ name, shape, type }) => ({
    name,
    shape: evaluateShape(shape, free),
    data: join(parts.get(name) ?? []),
    bool: type === "bool",
  }));
}

function writeOutputs(file: string, outputs: readonly OutputArray[], terminal: Terminal): void {
  switch (outputFormat(file)) {
    case undefined:
      throw new Failure(2, "output", `the extension of "${file}" is none of .npy, .csv and .json`);
    case "json":
      if (file === "-") terminal.write(jsonText(outputs));
      else writeWhole(file, jsonText(outputs));
      break;
    case "csv":
      writeWhole(file, csvText(outputs));
      break;
    case "npy": {
      const [only] = outputs;
      if (only === undefined || outputs.length > 1)
        throw new Failure(2, "output", "a .npy file holds one output", {
          hint: `say which: --outputs ${outputs.map(({ name }) => name).join(" | ")}`,
        });
      writeWhole(file, npyBytes(only));
    }
  }
  if (file !== "-") terminal.note(`wrote ${file}`);
}

/** The `--data` of an evaluation can be given again: targets are not needed here, and their files not read. */
function withoutTargets(
  args: readonly string[],
  unneeded: ReadonlySet<string>,
  terminal: Terminal,
): readonly string[] {
  const isUnneeded = (argument: string): boolean => {
    const { name } = parseDataArgument(argument);
    return name !== undefined && unneeded.has(name);
  };
  const left = args.filter(isUnneeded);
  if (left.length > 0) terminal.note(`not needed to predict: ${left.join(", ")}`);
  return args.filter((argument) => !isUnneeded(argument));
}

async function runPredict(
  file: string,
  options: PredictOptions,
  terminal: Terminal,
): Promise<void> {
  const format = outputFormat(options.output);
  if (format === undefined) writeOutputs(options.output, [], terminal);
  if (options.output !== "-") {
    const reads = [file, options.weights, ...dataFiles(options.data)];
    claimOutputs([{ option: "-o", file: options.output }], reads);
  }
  const compiled = await compileFile(file, options, terminal);
  const model = chooseModel(compiled, file);
  const { plan } = model;
  const outputs = wantedOutputs(plan, options.outputs);
  if (format === "npy" && outputs.length > 1)
    writeOutputs(
      options.output,
      outputs.map(({ name }) => ({ name, shape: [], data: new Float32Array(0) })),
      terminal,
    );
  const needed = new Set(outputs.flatMap(({ needs }) => needs));
  const specs = inputSpecs(plan, needed).filter(
    ({ role, name }) => role === "input" || needed.has(name),
  );
  const weights = readWeights(options.weights);
  const { backend } = options;
  const unneeded = new Set(
    plan.inputs.map(({ name }) => name).filter((name) => !specs.some((spec) => spec.name === name)),
  );
  const data = await bindData(specs, withoutTargets(options.data, unneeded, terminal), {
    lengths: trainedLengths(plan),
    vocabularies: weights.vocabularies,
    ...readingOptions(options),
  });
  const net = await openNetwork(model, { backend, source: file, weights }, terminal);
  const arrays = await predictAll(net, plan, outputs, data, options);
  net.destroy();
  writeOutputs(options.output, arrays, terminal);
}

function parseNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new InvalidArgumentError("write NAME,NAME.");
  return names;
}

export function addPredict(program: Command, terminal: Terminal): void {
  addDataOptions(
    program
      .command("predict")
      .summary("outputs for given inputs")
      .description("Computes the outputs of trained weights for given inputs.")
      .argument("<file>", "a .nn file"),
  )
    .addOption(weightsOption(true))
    .addOption(rowsOption())
    .addOption(modelOption())
    .addOption(setOption())
    .addOption(backendOption())
    .option("-o, --output <file>", ".npy, .csv or .json; - prints JSON on stdout", "-")
    .addOption(new Option("--outputs <names>", "the outputs wanted").argParser(parseNames))
    .addOption(numberOption("--examples <n>", "how many, where every input is drawn").default(1))
    .addOption(seedOption("of what is drawn"))
    .addOption(rootOption())
    .addHelpText(
      "after",
      "\nExample:\n  nnc predict lenet.nn --weights lenet.safetensors --data image=digits.npy -o probabilities.csv",
    )
    .action((file: string, options: PredictOptions) => runPredict(file, options, terminal));
}
