// In: a file and the options of `nnc train`; out: all that a run needs, checked before anything is trained.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CompiledModel } from "../../compiler/index.js";
import type { FitOptions, TrainingNet } from "../../runtime/api.js";
import type { PlanStage } from "../../runtime/plan.js";
import type { TrainOptions } from "./options.js";
import { chooseModel, compileFile } from "../compiling.js";
import { bindData } from "../data/bind.js";
import type { BoundData } from "../data/bind.js";
import { claimOutputs } from "../data/outputs.js";
import { Failure } from "../failure.js";
import { counted } from "../numbers.js";
import { readingOptions } from "../options.js";
import { filesRead } from "../reads.js";
import { openNetwork } from "../session.js";
import { inputSpecs, trainedLengths } from "../specs.js";
import type { Terminal } from "../terminal.js";
import { defaultWeightsPath, readWeights } from "../weights.js";
import type { WeightsFile } from "../weights.js";

/** All that a run knows before it starts. */
export interface Run {
  readonly file: string;
  readonly options: TrainOptions;
  readonly terminal: Terminal;
  readonly model: CompiledModel;
  readonly stages: readonly PlanStage[];
  readonly data: BoundData;
  readonly output: string;
  readonly weights: WeightsFile | undefined;
  readonly resumed: boolean;
}

/** What a file without stages of training leaves out. */
function lacking({ programs }: CompiledModel["plan"]): string {
  const scored = programs.some(({ results }) =>
    results.some(({ name }) => name.startsWith("loss.")),
  );
  return scored ? "the file has no `train` block for it" : "it has no loss";
}

function wantedStages(
  { plan, name }: CompiledModel,
  stage: string | undefined,
  file: string,
): readonly PlanStage[] {
  if (plan.stages.length === 0)
    throw new Failure(1, "no-train", `${name} cannot be trained: ${lacking(plan)}`, {
      file,
      hint: `write what it is to learn in the model, \`target t: [batch]\` and \`loss mse(y, t)\`, and how behind it: \`train ${name} { optimizer adam(lr: 1e-3)  epochs 10 }\``,
    });
  if (stage === undefined) return plan.stages;
  const wanted = plan.stages.filter((candidate) => candidate.name === stage);
  if (wanted.length > 0) return wanted;
  throw new Failure(2, "stage", `there is no stage "${stage}"`, {
    file,
    hint: `its stages: ${plan.stages.map((one) => one.name).join(", ")}`,
  });
}

/** Every path is looked at before anything is trained; then the folder of checkpoints is made. */
function claimRunOutputs(options: TrainOptions, output: string, reads: readonly string[]): void {
  const { checkpoint, folds } = options;
  const outputs = [
    { option: "--checkpoint", folder: checkpoint },
    // Cross-validation writes no weights.
    { option: "-o", file: folds === undefined ? output : undefined },
    { option: "--log", file: options.log },
    { option: "--report", file: options.report },
    {
      option: "--checkpoint",
      file: checkpoint ? checkpointFile(checkpoint) : undefined,
    },
  ];
  claimOutputs(outputs, reads);
}

/** What was trained for hours is not written over without a word: there is time until the first epoch has ended. */
function tellReplaced({ checkpoint }: TrainOptions, terminal: Terminal): void {
  if (checkpoint === undefined || !existsSync(checkpointFile(checkpoint))) return;
  terminal.note(
    `${checkpointFile(checkpoint)} holds an earlier run, in whose place this one is written after its first epoch: --resume goes on with it, and another --checkpoint keeps it`,
  );
}

export function checkpointFile(folder: string): string {
  return join(folder, "checkpoint.safetensors");
}

/** Options that say two different things, told before anything is read. */
function refuseContradictions(options: TrainOptions): void {
  const { folds, resume, weights, epochs, steps } = options;
  if (epochs !== undefined && steps !== undefined)
    throw new Failure(2, "usage", "--epochs and --steps say two different lengths", {
      hint: "leave one of them out",
    });
  if (resume === true && weights !== undefined)
    throw new Failure(2, "usage", "--resume and --weights say two different starts");
  if (folds === undefined) return;
  if (resume === true)
    throw new Failure(2, "usage", "--folds cannot go on with --resume", {
      hint: "the saved weights have seen every row, so no fold could judge them",
    });
  if (weights !== undefined)
    throw new Failure(2, "usage", "--folds cannot start from --weights", {
      hint: "weights that have seen the rows of a fold could not be judged by them: leave --weights out, and each fold begins anew",
    });
  const written = [
    ["-o", options.output],
    ["--save", options.save],
    ["--log", options.log],
    ["--checkpoint", options.checkpoint],
  ].flatMap(([name, path]) => (path === undefined ? [] : [name]));
  if (written.length > 0)
    throw new Failure(
      2,
      "usage",
      `--folds writes no files but --report, so it takes no ${written.join(", ")}`,
      {
        hint: "cross-validation prints its table and keeps no weights: train once more without --folds for a net to keep",
      },
    );
}

/** The weights to start from, and whether they are those of a run to go on with. */
function startingWeights(
  options: TrainOptions,
  output: string,
): { weights: WeightsFile | undefined; resumed: boolean } {
  const { resume, checkpoint, weights } = options;
  if (resume !== true)
    return { weights: weights === undefined ? undefined : readWeights(weights), resumed: false };
  return {
    weights: readWeights([checkpoint === undefined ? output : checkpointFile(checkpoint)]),
    resumed: true,
  };
}

export async function prepareRun(
  file: string,
  options: TrainOptions,
  terminal: Terminal,
): Promise<Run> {
  refuseContradictions(options);
  const compiled = await compileFile(file, options, terminal);
  const model = chooseModel(compiled.models, file);
  const stages = wantedStages(model, options.stage, file);
  const output = options.output ?? defaultWeightsPath(file);
  claimRunOutputs(options, output, filesRead(file, compiled, { ...options, stages }));
  const { weights, resumed } = startingWeights(options, output);
  if (!resumed) tellReplaced(options, terminal);
  const data = await bindTrainingData({ model, stages }, options, weights?.vocabularies);
  return { file, options, terminal, model, stages, data, output, weights, resumed };
}

/** The data that stages of a model read, as they want them. Throws DataError. */
export function bindTrainingData(
  {
    model,
    stages,
  }: { readonly model: Pick<CompiledModel, "plan">; readonly stages: Run["stages"] },
  options: Pick<TrainOptions, "data" | "rows" | "header">,
  vocabularies?: WeightsFile["vocabularies"],
): Promise<BoundData> {
  const needed = new Set(stages.flatMap(({ inputs }) => inputs));
  return bindData(inputSpecs(model.plan, needed), options.data, {
    lengths: trainedLengths(model.plan),
    ...(vocabularies === undefined ? {} : { vocabularies }),
    ...readingOptions(options),
  });
}

/** What matched of `--weights` and what did not. Throws Failure where nothing did. */
export function tellLoaded(
  { terminal, model, weights, resumed }: Run,
  { loaded }: TrainingNet,
): void {
  if (weights === undefined || loaded === undefined) return;
  const { matched, missing, extra, mismatched } = loaded;
  terminal.note(
    `${resumed ? "resuming from" : "starting from"} ${weights.file}: ${counted(matched.length, "tensor")} matched`,
  );
  const lists: [string, readonly string[]][] = [
    ["not in the file", missing],
    ["of another shape", mismatched],
    ["not in the model", extra],
  ];
  for (const [what, names] of lists)
    if (names.length > 0) terminal.note(`  ${what}: ${names.join(", ")}`);
  if (matched.length === 0)
    throw new Failure(1, "weights", `nothing in it fits ${model.name}`, { file: weights.file });
}

export function openRunNetwork(run: Run, seed: number | undefined): Promise<TrainingNet> {
  const { model, options, file, weights, resumed, terminal } = run;
  return openNetwork(
    model,
    {
      backend: options.backend,
      threads: options.threads,
      source: file,
      partial: !resumed,
      ...(weights === undefined ? {} : { weights }),
      ...(seed === undefined ? {} : { seed }),
    },
    terminal,
  );
}

/** The length of a stage that the options or the file give it. */
export function lengthOf(options: TrainOptions): Pick<FitOptions, "epochs" | "steps"> {
  return {
    ...(options.epochs === undefined ? {} : { epochs: options.epochs }),
    ...(options.steps === undefined ? {} : { steps: options.steps }),
  };
}
