// A candidate with all that `nnc train` is asked in; a net trained so, each epoch told of, and its value, out.
import type { TrainingNet } from "../../runtime/api.js";
import { batchOf } from "../batches.js";
import { chooseModel, compileFile } from "../compiling.js";
import type { BoundData } from "../data/bind.js";
import { inputSpecs, trainedLengths } from "../specs.js";
import { backendText, openNetwork } from "../session.js";
import type { Terminal } from "../terminal.js";
import { keptEpoch } from "../training/folds.js";
import { bindTrainingData, lengthOf } from "../training/prepare.js";
import { goalValue } from "./goal.js";
import { programDigest } from "./identity.js";
import type { TrialJob } from "./messages.js";

export interface TrialEvents {
  readonly onOpened: (backend: string) => void;
  /** Says whether the trial goes on. */
  readonly onEpoch: (epoch: number, value: number) => Promise<boolean>;
}

export interface TrainedTrial {
  readonly net: TrainingNet;
  readonly data: BoundData;
  readonly isStopped: boolean;
  readonly value: number;
  readonly epochs: number;
  /** Seconds before the first step. */
  readonly preparing: number;
}

/** The data that the trial before read, while the next wants the same of it. */
export interface DataCache {
  key?: string;
  data?: BoundData;
}

/** The file is another than when the search began. */
export class ChangedProgram extends Error {
  override readonly name = "ChangedProgram";
}

/** Throws what stands in the way of training, and ChangedProgram. */
export async function trainTrial(
  { file, options, goal, program }: TrialJob,
  events: TrialEvents,
  cache: DataCache,
  terminal: Terminal,
): Promise<TrainedTrial> {
  const started = performance.now();
  const { models, imports } = await compileFile(file, options, terminal);
  if (programDigest(file, imports) !== program)
    throw new ChangedProgram(`${file} was changed while it is searched`);
  const model = chooseModel(models, file);
  const { stages } = model.plan;
  const needed = new Set(stages.flatMap(({ inputs }) => inputs));
  const key = JSON.stringify([
    inputSpecs(model.plan, needed),
    [...trainedLengths(model.plan)],
    [...needed],
  ]);
  if (cache.key !== key) {
    cache.data = await bindTrainingData({ model, stages }, options);
    cache.key = key;
  }
  const data = cache.data ?? (await bindTrainingData({ model, stages }, options));
  const { backend, threads } = options;
  const net = await openNetwork(model, { backend, threads, source: file, quiet: true }, terminal);
  events.onOpened(backendText(net));
  const preparing = (performance.now() - started) / 1000;
  try {
    return { net, data, preparing, ...(await fitTrial(net, data, { options, goal }, events)) };
  } catch (error) {
    net.destroy();
    throw error;
  }
}

async function fitTrial(
  net: TrainingNet,
  data: BoundData,
  { options, goal }: Pick<TrialJob, "options" | "goal">,
  { onEpoch }: TrialEvents,
): Promise<Pick<TrainedTrial, "isStopped" | "value" | "epochs">> {
  const controller = new AbortController();
  let epochs = 0;
  const history = await net.fit(batchOf(data.arrays), {
    ...lengthOf(options),
    signal: controller.signal,
    onEpoch: async (report) => {
      epochs++;
      const value = goalValue(goal, report);
      if (value !== undefined && !(await onEpoch(epochs, value))) controller.abort();
    },
  });
  const kept = keptEpoch(history);
  const value = kept === undefined ? undefined : goalValue(goal, kept);
  return { isStopped: controller.signal.aborted, value: value ?? NaN, epochs };
}
