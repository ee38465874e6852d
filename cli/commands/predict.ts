// In: `nnc predict FILE --weights W --data …`; out: the outputs as .npy, .csv or .json.
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { membersSuffix } from "../../runtime/plan.js";
import type { Plan, PlanOutput } from "../../runtime/plan.js";
import { chooseModel, compileFile } from "../compiling.js";
import { writeWhole } from "../data/atomic.js";
import { bindData } from "../data/bind.js";
import { claimOutputs } from "../data/outputs.js";
import { parseDataArgument } from "../data/source.js";
import {
  csvPieces,
  jsonPieces,
  npyPieces,
  outputFormat,
  refuseWithoutLines,
} from "../data/write.js";
import type { OutputArray } from "../data/write.js";
import { Failure } from "../failure.js";
import {
  addWeightedCommand,
  numberOption,
  readingOptions,
  rootOption,
  seedOption,
} from "../options.js";
import type { ComputeOptions, GivenWeights } from "../options.js";
import { openNetwork } from "../session.js";
import { isPerExample, predictAll } from "../predicting.js";
import { inputSpecs, planShape, refuseUndrawn, trainedLengths } from "../specs.js";
import { filesRead } from "../reads.js";
import type { Terminal } from "../terminal.js";
import { weightsFor } from "../weights.js";

interface PredictOptions extends ComputeOptions {
  readonly weights?: GivenWeights;
  readonly output: string;
  readonly outputs?: readonly string[];
  readonly examples?: number;
  readonly seed?: number;
  readonly members?: boolean;
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

/** How many members an ensemble has, where what each says is asked for. */
function askedMembers(plan: Plan, { members = false }: PredictOptions): number | undefined {
  if (!members) return undefined;
  const results = plan.programs.flatMap((program) => program.results);
  const count = results.find(({ name }) => name.endsWith(membersSuffix))?.shape[0];
  if (typeof count === "number") return count;
  throw new Failure(2, "option", `${plan.model} is no ensemble, so there are no members`, {
    hint: "`ensemble 5` in a train block makes one; leave out --members",
  });
}

/** A mistake in how outputs and their file go together is told before anything is computed. */
function checkFormat(file: string, outputs: readonly PlanOutput[], members = false): void {
  switch (outputFormat(file)) {
    case undefined:
      throw new Failure(2, "output", `the extension of "${file}" is none of .npy, .csv and .json`);
    case "csv":
      refuseWithoutLines(
        outputs.map((output) => ({
          name: output.name,
          perExample: !members && isPerExample(output),
        })),
        (name) => [
          ...(members ? ["members"] : []),
          ...planShape(outputs.find((output) => output.name === name)?.shape ?? []),
        ],
      );
      break;
    case "npy":
      if (outputs.length !== 1)
        throw new Failure(2, "output", "a .npy file holds one output", {
          hint: `say which: --outputs ${outputs.map(({ name }) => name).join(" | ")}`,
        });
      break;
    case "json":
      break;
  }
}

/** The whole file is never one string: that has a limit, which large outputs pass. */
function* contentOf(file: string, outputs: readonly OutputArray[]): Generator<string | Uint8Array> {
  switch (outputFormat(file)) {
    case "csv":
      yield* csvPieces(outputs);
      break;
    case "npy":
      for (const output of outputs) yield* npyPieces(output);
      break;
    case "json":
    case undefined:
      yield* jsonPieces(outputs);
  }
}

function writeOutputs(file: string, outputs: readonly OutputArray[], terminal: Terminal): void {
  if (file === "-") {
    for (const text of jsonPieces(outputs)) terminal.write(text);
    return;
  }
  writeWhole(file, contentOf(file, outputs));
  terminal.note(`wrote ${file}`);
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
  if (options.output !== "-") {
    if (outputFormat(options.output) === undefined) checkFormat(options.output, []);
  }
  const compiled = await compileFile(file, options, terminal);
  if (options.output !== "-")
    claimOutputs([{ option: "-o", file: options.output }], filesRead(file, compiled, options));
  const model = chooseModel(compiled.models, file);
  const { plan } = model;
  const outputs = wantedOutputs(plan, options.outputs);
  const members = askedMembers(plan, options);
  checkFormat(options.output, outputs, members !== undefined);
  const needed = new Set(outputs.flatMap(({ needs }) => needs));
  const specs = inputSpecs(plan, needed).filter(
    ({ role, name }) => role === "input" || needed.has(name),
  );
  const weights = weightsFor(plan, options.weights);
  const { backend, threads } = options;
  const unneeded = new Set(
    plan.inputs.map(({ name }) => name).filter((name) => !specs.some((spec) => spec.name === name)),
  );
  const data = await bindData(specs, withoutTargets(options.data, unneeded, terminal), {
    lengths: trainedLengths(plan),
    ...(weights === undefined ? {} : { vocabularies: weights.vocabularies }),
    ...readingOptions(options),
  });
  refuseUndrawn(plan, data, options.examples);
  const session = { backend, threads, source: file, ...(weights === undefined ? {} : { weights }) };
  const net = await openNetwork(model, session, terminal);
  const { examples = 1, seed } = options;
  const arrays = await predictAll(net, plan, outputs, data, {
    examples,
    ...(seed === undefined ? {} : { seed }),
    ...(members === undefined ? {} : { members }),
  });
  net.destroy();
  writeOutputs(options.output, arrays, terminal);
}

function parseNames(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new InvalidArgumentError("write NAME,NAME.");
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} stands there twice.`);
  return names;
}

export function addPredict(program: Command, terminal: Terminal): void {
  addWeightedCommand(program, "predict", {
    summary: "outputs for given inputs",
    description: "Computes the outputs of trained weights for given inputs.",
  })
    .option("-o, --output <file>", ".npy, .csv or .json; - prints JSON on stdout", "-")
    .addOption(new Option("--outputs <names>", "the outputs wanted").argParser(parseNames))
    .option("--members", "what each member of an ensemble says, not their mean")
    .addOption(numberOption("--examples <n>", "how many, where every input is drawn (default: 1)"))
    .addOption(seedOption("of what is drawn"))
    .addOption(rootOption())
    .addHelpText(
      "after",
      "\nExample:\n  nnc predict lenet.nn --weights lenet.safetensors --data image=digits.npy -o probabilities.csv",
    )
    .action((file: string, options: PredictOptions) => runPredict(file, options, terminal));
}
