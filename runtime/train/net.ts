// An open session in; the net of the training interface out: the inference net with step, report, fit, evaluate, prepare and save.

import type { Plan } from "../plan.js";
import type {
  EvaluateOptions,
  FitOptions,
  InferenceNet,
  StepOptions,
  TrainingLoadOptions,
  TrainingNet,
} from "../api.js";
import { fail, unknownName } from "../errors.js";
import { createNet, loadParameters } from "../net.js";
import { checkOpen, refuseMissing, type TrainingSession } from "../session.js";
import { fetchWeights, readWeights } from "../weights.js";
import { resumeTrainer, saveTrainer } from "./checkpoint.js";
import { bindBatch, inputsOf, type Batch } from "./data.js";
import { evaluateSource, fitValues, isEvaluation, isFitted } from "./evaluate.js";
import { fit } from "./fit.js";
import { openJournal } from "./journal.js";
import { openSet } from "./sources.js";
import { freshState } from "./state.js";
import {
  breathe,
  createTrainer,
  enterStage,
  executeStep,
  reportLatest,
  seedOfStage,
  stageOf,
  type Trainer,
} from "./trainer.js";
import { givenStep } from "./turns.js";

export async function createTrainingNet(
  session: TrainingSession,
  options: TrainingLoadOptions,
): Promise<TrainingNet> {
  const { plan } = session;
  const { seed, partial = false } = options;
  const bytes = options.weights === undefined ? undefined : await fetchWeights(options.weights);
  const net = await createNet(session, { ...(bytes && { weights: bytes }), partial });
  const fittedNames = plan.parameters.filter(({ role }) => role === "fitted");
  const loaded = net.loaded?.matched ?? [];
  const fitted = bytes !== undefined && fittedNames.every(({ name }) => loaded.includes(name));
  const readFile = async (file: string): Promise<Uint8Array> => {
    const content = options.readFile ? await options.readFile(file) : file;
    return fetchWeights(content);
  };
  const unwritten = new Set(fittedNames.map(({ name }) => name));
  const trainer = createTrainer(session, freshState(seed, fitted), readFile);
  // Taken in part, a file gives weights alone: its run was another model's.
  if (bytes && !partial) resumeTrainer(trainer, readWeights(bytes), seed);
  await session.backend.ready();
  const busy = exclusive(trainer);
  const training: Omit<TrainingNet, keyof InferenceNet> = {
    step: (batch, wishes = {}) => step(trainer, batch, wishes),
    report: async () => {
      checkOpen(session);
      return reportLatest(trainer);
    },
    fit: (data, wishes: FitOptions = {}) =>
      busy(() => fit(trainer, data, wishes, () => snapshot(trainer))),
    evaluate: (data, wishes: EvaluateOptions = {}) => evaluate(trainer, data, wishes),
    prepare: (data) => busy(() => prepare(trainer, data)),
    save: async (wishes = {}) => {
      checkOpen(session);
      const saved = await saveTrainer(trainer, wishes);
      if (wishes.optimizer === true) trainer.snapshot = saved;
      return saved;
    },
  };
  const inference = { restore: net.restore.bind(net), write: net.write.bind(net) };
  const write: TrainingNet["write"] = async (name, values) => {
    await inference.write(name, values);
    // Once all fitted values are the caller's, there is nothing left to prepare.
    if (unwritten.delete(name) && unwritten.size === 0) trainer.state.fitted = true;
  };
  const restore: TrainingNet["restore"] = async (devices = {}) => {
    await inference.restore(devices);
    const isFitted = fitted || (fittedNames.length > 0 && unwritten.size === 0);
    await rebuild(trainer, bytes, seed, isFitted);
  };
  return Object.assign(net, training, { restore, write });
}

async function snapshot(trainer: Trainer): Promise<void> {
  trainer.snapshot = await saveTrainer(trainer, { optimizer: true });
}

/** On a new device: the last snapshot's weights and state, else those of the beginning. */
async function rebuild(
  trainer: Trainer,
  bytes: Uint8Array | undefined,
  seed: number | undefined,
  fitted: boolean,
): Promise<void> {
  const { session } = trainer;
  Object.assign(trainer, {
    state: freshState(seed, fitted),
    journal: openJournal(session),
    latest: undefined,
    held: [],
    best: undefined,
    pending: [],
  });
  const file = trainer.snapshot ?? bytes;
  if (file) {
    if (trainer.snapshot) await loadParameters(session, { weights: file });
    resumeTrainer(trainer, readWeights(file), seed);
  }
  await session.backend.ready();
}

/** One fit or prepare at a time: two at once would train on each other's weights. */
function exclusive(trainer: Trainer): <T>(action: () => Promise<T>) => Promise<T> {
  let running = false;
  return async (action) => {
    checkOpen(trainer.session);
    if (running) fail("option", "a fit is under way on this net: await it first");
    running = true;
    try {
      return await action();
    } finally {
      running = false;
    }
  };
}

async function prepare(trainer: Trainer, data: unknown): Promise<void> {
  const { state } = trainer;
  const { plan } = trainer.session;
  // A model may have fitted values and no train block of its own.
  const stage = plan.stages.length === 0 ? undefined : stageOf(plan, state.stage);
  const batch = stage?.dimensions["batch"] ?? trainedBatch(plan);
  const source = await openSet(trainer, data, inputsOf(plan, isFitted), batch);
  await fitValues(trainer, source, stage ? seedOfStage(trainer, stage) : (state.seed ?? 0));
}

function trainedBatch({ dimensions }: Plan): number {
  return dimensions.find(({ name }) => name === "batch")?.trained ?? 1;
}

async function evaluate(
  trainer: Trainer,
  data: unknown,
  options: EvaluateOptions,
): ReturnType<TrainingNet["evaluate"]> {
  const { session, state } = trainer;
  checkOpen(session);
  const { plan } = session;
  const name = options.stage ?? state.stage;
  const stage = name === undefined ? plan.stages.at(-1) : stageOf(plan, name);
  const batch = options.batch ?? stage?.dimensions["batch"] ?? trainedBatch(plan);
  const wanted = inputsOf(plan, isEvaluation);
  const source = await openSet(trainer, data, wanted, batch, options.examples);
  refuseMissing(plan, stage?.inputs ?? [...wanted], source.names);
  const seed = options.seed ?? (stage ? seedOfStage(trainer, stage) : (state.seed ?? 0));
  return evaluateSource(trainer, source, stage, seed);
}

async function step(
  trainer: Trainer,
  given: object | undefined,
  options: StepOptions,
): Promise<void> {
  const { session, state } = trainer;
  checkOpen(session);
  const { plan } = session;
  const stage = stageOf(plan, options.stage ?? state.stage);
  if (!state.fitted && plan.programs.some(isFitted)) {
    fail("not-prepared", `${plan.model} has fitted values: await net.prepare(data) before step`);
  }
  const objectives = wantedObjectives(stage.objectives, options.objective);
  await enterStage(trainer, stage);
  const batches = collectGiven(trainer, given, stage);
  if (batches) {
    const steps = stage.steps ?? Infinity;
    const progress = options.progress ?? Math.min(1, state.steps / steps);
    const work = givenStep(stage, objectives, batches, progress);
    // Any step may be the one that is reported.
    executeStep(trainer, stage, work, { epoch: options.epoch ?? 0, monitored: true });
  }
  await breathe(trainer);
}

function wantedObjectives<O extends { readonly name: string }>(
  objectives: readonly O[],
  wanted: string | undefined,
): readonly O[] {
  if (wanted === undefined) return objectives;
  const found = objectives.filter(({ name }) => name === wanted);
  if (found.length > 0) return found;
  return unknownName(
    "objective",
    wanted,
    objectives.map(({ name }) => name),
  );
}

/** The batches of a step; undefined while single batches wait until there are enough to accumulate. */
function collectGiven(
  trainer: Trainer,
  given: object | undefined,
  stage: Trainer["session"]["plan"]["stages"][number],
): Batch[] | undefined {
  const { session } = trainer;
  const wanted = inputsOf(
    session.plan,
    (program) => program.stage === stage.name && ["step", "gather"].includes(program.kind),
  );
  const bind = (batch: unknown): Batch => bindBatch(session, batch, wanted, stage.dimensions);
  if (Array.isArray(given)) {
    if (given.length === 0) fail("data", "a step was given an empty list of batches");
    return given.map(bind);
  }
  const batch = bind(given ?? {});
  if (stage.accumulate === 1) return [batch];
  trainer.held.push(ownCopy(batch));
  return trainer.held.length < stage.accumulate ? undefined : trainer.held.splice(0);
}

/** A batch that waits must not change with the caller's arrays. */
function ownCopy(batch: Batch): Batch {
  const inputs = new Map(
    [...batch.inputs].map(([name, values]) => [name, "slice" in values ? values.slice() : values]),
  );
  return { ...batch, inputs };
}
