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
import type { Beginning } from "../load.js";
import { createNet, loadParameters } from "../net.js";
import type { PlanStage } from "../plan.js";
import { refuseMissing, type TrainingSession } from "../session.js";
import { fetchWeights, readWeights } from "../weights.js";
import { createCalls } from "./calls.js";
import { resumeTrainer, saveTrainer } from "./checkpoint.js";
import { bindBatch, inputsOf, ownBatch, type Batch } from "./data.js";
import { evaluateSource, fitValues, isEvaluation, isFitted } from "./evaluate.js";
import { fit } from "./fit.js";
import { openJournal } from "./journal.js";
import { checkEvaluateOptions, checkSaveOptions, checkStepOptions } from "./options.js";
import { positionOfRun } from "./resume.js";
import { openSet } from "./sources.js";
import { freshState } from "./state.js";
import {
  breathe,
  checkBatch,
  createTrainer,
  enterStage,
  executeStep,
  reportLatest,
  seedOfStage,
  stageOf,
  type Trainer,
} from "./trainer.js";
import { givenStep, updatesOfStep } from "./turns.js";
import { rememberStep } from "./undo.js";

export async function createTrainingNet(
  session: TrainingSession,
  options: Beginning<TrainingLoadOptions>,
): Promise<TrainingNet> {
  const { seed, partial = false, weights: bytes } = options;
  if (typeof (options.readFile ?? ignore) !== "function") fail("option", "readFile is a function");
  const net = await createNet(session, options);
  const fitted = fittedNames(session);
  const loaded = net.loaded?.matched ?? [];
  const isFitted = bytes !== undefined && fitted.every((name) => loaded.includes(name));
  const readFile: Trainer["readFile"] = async (file, parameters) => {
    const content = options.readFile ? await options.readFile(file, parameters) : file;
    return fetchWeights(content, file);
  };
  const calls = createCalls(session);
  calls.watch();
  const trainer = createTrainer(session, calls, freshState(seed, isFitted), readFile);
  // Taken in part, a file gives weights alone: its run was another model's.
  if (bytes && !partial) resumeTrainer(trainer, readWeights(bytes), seed);
  await session.backend.ready();
  const methods = { ...guarded(trainer, net), ...trainingCalls(trainer) };
  const changing = changingCalls(trainer, net, { bytes, seed, isFitted });
  Object.assign(net, methods, changing);
  return Object.defineProperty(net, "run", {
    get: () => positionOfRun(trainer),
    enumerable: true,
  }) as TrainingNet;
}

function fittedNames({ plan }: TrainingSession): string[] {
  return plan.parameters.filter(({ role }) => role === "fitted").map(({ name }) => name);
}

/** What an inference net has too, among the other calls. */
function guarded(
  trainer: Trainer,
  net: InferenceNet,
): Pick<InferenceNet, "predict" | "read" | "destroy"> {
  const { calls } = trainer;
  const predict = net.predict.bind(net);
  const read = net.read.bind(net);
  const destroy = net.destroy.bind(net);
  return {
    predict: ((...given: Parameters<InferenceNet["predict"]>) =>
      calls.run("read", () => {
        refuseUnprepared(trainer, "predict");
        return predict(...given);
      })) as InferenceNet["predict"],
    read: (name) => calls.run("read", () => read(name)),
    destroy: () => {
      destroy();
      calls.end();
    },
  };
}

type TrainingCalls = Pick<TrainingNet, "step" | "report" | "fit" | "evaluate" | "prepare" | "save">;

function trainingCalls(trainer: Trainer): TrainingCalls {
  const { calls } = trainer;
  return {
    step: (batch, wishes = {}) => calls.run("step", () => step(trainer, batch, wishes)),
    report: () => calls.run("read", () => reportLatest(trainer)),
    fit: (data, wishes: FitOptions = {}) =>
      calls.run("fit", async () => {
        const history = await fit(trainer, data, wishes, () => snapshot(trainer));
        if (trainer.session.backend.kind === "webgpu") await snapshot(trainer);
        return history;
      }),
    evaluate: (data, wishes: EvaluateOptions = {}) =>
      calls.run("evaluate", () => evaluate(trainer, data, wishes)),
    prepare: (data) => calls.run("prepare", () => prepare(trainer, data)),
    save: (wishes = {}) =>
      calls.run("read", async () => {
        checkSaveOptions(wishes);
        const saved = await saveTrainer(trainer, wishes);
        // The caller may transfer what it is given.
        if (wishes.optimizer === true) trainer.snapshot = saved.slice();
        return saved;
      }),
  };
}

/** What the net was loaded with. */
interface Loaded {
  readonly bytes: Uint8Array | undefined;
  readonly seed: number | undefined;
  readonly isFitted: boolean;
}

function changingCalls(
  trainer: Trainer,
  net: InferenceNet,
  { bytes, seed, isFitted }: Loaded,
): Pick<TrainingNet, "write" | "restore"> {
  const { session, calls } = trainer;
  const fitted = fittedNames(session);
  const unwritten = new Set(fitted);
  const inference = { restore: net.restore.bind(net), write: net.write.bind(net) };
  return {
    write: (name, values) =>
      calls.run("write", async () => {
        await inference.write(name, values);
        // Once all fitted values are the caller's, there is nothing left to prepare.
        if (unwritten.delete(name) && unwritten.size === 0) trainer.state.fitted = true;
      }),
    restore: (devices = {}) =>
      calls.run("restore", async () => {
        // Of a device that is not lost, all goes on where it is.
        const kept = trainer.snapshot;
        await snapshot(trainer).catch(ignore);
        try {
          await inference.restore(devices);
        } catch (error) {
          trainer.snapshot = kept;
          throw error;
        }
        await rebuild(
          trainer,
          bytes,
          seed,
          isFitted || (fitted.length > 0 && unwritten.size === 0),
        );
        calls.watch();
      }),
  };
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
    before: undefined,
    pending: [],
    queue: undefined,
  });
  const file = trainer.snapshot ?? bytes;
  if (file) {
    if (trainer.snapshot) await loadParameters(session, { weights: file });
    resumeTrainer(trainer, readWeights(file), seed);
  }
  await session.backend.ready();
}

async function prepare(trainer: Trainer, data: unknown): Promise<void> {
  const { state } = trainer;
  const { plan } = trainer.session;
  // A model may have fitted values and no train block of its own.
  const stage = plan.stages.length === 0 ? undefined : stageOf(plan, state.stage);
  const batch = stage?.dimensions["batch"] ?? trainedBatch(plan);
  const source = await openSet(trainer, data, inputsOf(plan, isFitted), {
    batch,
    series: "fitted",
    purpose: "fitting",
  });
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
  checkEvaluateOptions(options);
  const { session, state } = trainer;
  const { plan } = session;
  const name = options.stage ?? state.stage;
  const stage = name === undefined ? plan.stages.at(-1) : stageOf(plan, name);
  const batch = options.batch ?? stage?.dimensions["batch"] ?? trainedBatch(plan);
  const wanted = inputsOf(plan, isEvaluation);
  const source = await openSet(trainer, data, wanted, {
    batch,
    series: "evaluation",
    purpose: "evaluation",
    examples: options.examples,
  });
  refuseMissing(plan, stage?.inputs ?? [...wanted], source.names);
  // Values under way to being fitted are neither the old nor the new.
  while (trainer.fitting) await trainer.fitting;
  refuseUnprepared(trainer, "evaluate");
  const seed = options.seed ?? (stage ? seedOfStage(trainer, stage) : (state.seed ?? 0));
  return evaluateSource(trainer, source, stage, { seed, purpose: "evaluation" });
}

/** Answers from fitted values that are still 0 look like answers. */
function refuseUnprepared({ session, state }: Trainer, call: string): void {
  const { plan } = session;
  if (state.fitted || !plan.programs.some(isFitted)) return;
  fail("not-prepared", `${plan.model} has fitted values: await net.prepare(data) before ${call}`);
}

/** Where nothing has to be awaited before, the batches are in the device's hands when this returns. */
async function step(
  trainer: Trainer,
  given: object | undefined,
  options: StepOptions,
): Promise<void> {
  checkStepOptions(options);
  const { session, state } = trainer;
  const { plan } = session;
  const stage = stageOf(plan, options.stage ?? state.stage);
  refuseUnprepared(trainer, "step");
  const objectives = wantedObjectives(stage.objectives, options.objective);
  const batches = givenBatches(trainer, given, stage);
  refuseMore(stage, objectives, batches.length);
  const isSingle = !Array.isArray(given);
  const isHeld = isSingle && stage.accumulate > 1;
  if (isHeld) for (const batch of batches) checkBatch(trainer, objectives, batch);
  const reads = state.stage !== stage.name && stage.start.length > 0;
  if (trainer.queue || isHeld || reads) {
    const owned = Promise.all(batches.map((batch) => ownBatch(session, batch)));
    await inTurn(trainer, async () => {
      const own = await owned;
      await enterStage(trainer, stage);
      await makeStep(trainer, stage, objectives, { batches: own, isHeld, options });
    });
  } else {
    // Nothing is awaited in here.
    const entered = enterStage(trainer, stage);
    await makeStep(trainer, stage, objectives, { batches, isHeld, options });
    await entered;
  }
  await breathe(trainer);
}

/** Batches that no update of the step would take. */
function refuseMore(stage: PlanStage, objectives: PlanStage["objectives"], given: number): void {
  const taken = updatesOfStep({ objectives }) * stage.accumulate;
  if (given <= taken) return;
  const several = taken > 1 ? `at most ${taken} batches` : "one batch";
  fail(
    "data",
    `a step of the stage ${stage.name} takes ${several}, not ${given}: call step for each, or let \`accumulate\` in its train block join them to an update`,
  );
}

/** One after the other, in the order of the calls; a step that fails holds no other back. */
async function inTurn(trainer: Trainer, action: () => Promise<void>): Promise<void> {
  const turn = (trainer.queue ?? Promise.resolve()).then(action);
  const settled = turn.then(ignore, ignore);
  trainer.queue = settled;
  try {
    await turn;
  } finally {
    if (trainer.queue === settled) trainer.queue = undefined;
  }
}

const ignore = (): void => undefined;

/** A single batch waits until there are enough to accumulate. Submits before it awaits; rejects where the device refuses. */
async function makeStep(
  trainer: Trainer,
  stage: PlanStage,
  objectives: PlanStage["objectives"],
  given: {
    readonly batches: readonly Batch[];
    readonly isHeld: boolean;
    readonly options: StepOptions;
  },
): Promise<void> {
  const { state, held } = trainer;
  const { options } = given;
  let { batches } = given;
  if (given.isHeld) {
    held.push(...batches);
    if (held.length < stage.accumulate) return;
    batches = held.splice(0);
  }
  const steps = stage.steps ?? Infinity;
  const progress = options.progress ?? Math.min(1, state.steps / steps);
  const work = givenStep(stage, objectives, batches, progress);
  const undo = rememberStep(trainer, stage);
  try {
    // Any step may be the one that is reported.
    executeStep(trainer, stage, work, { epoch: options.epoch ?? 0, monitored: true });
    await trainer.session.backend.settled();
  } catch (error) {
    undo();
    throw error;
  }
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

function givenBatches({ session }: Trainer, given: object | undefined, stage: PlanStage): Batch[] {
  const wanted = inputsOf(
    session.plan,
    (program) => program.stage === stage.name && ["step", "gather"].includes(program.kind),
  );
  const bind = (batch: unknown): Batch => bindBatch(session, batch, wanted, stage.dimensions);
  if (!Array.isArray(given)) return [bind(given === undefined ? {} : given)];
  if (given.length === 0) fail("data", "a step was given an empty list of batches");
  return given.map(bind);
}
