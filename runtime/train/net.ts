// An open session in; the net of the training interface out: the inference net with step, report, fit, evaluate, prepare and save.

import type {
  EvaluateOptions,
  FitOptions,
  InferenceNet,
  SaveOptions,
  StepOptions,
  TrainingLoadOptions,
  TrainingNet,
} from "../api.js";
import { at, fail, unknownName } from "../errors.js";
import { ownBytes, type Beginning } from "../load.js";
import { createNet, type Written } from "../net.js";
import { stepKinds, type PlanStage } from "../plan.js";
import type { TrainingSession } from "../session.js";
import { ignore } from "../webgpuFaults.js";
import { guardedStream } from "../stream.js";
import { fetchWeights } from "../weights.js";
import { createCalls } from "./calls.js";
import { captureTrainer } from "./capture.js";
import { ofPass } from "./carried.js";
import { resumeTrainer, saveTrainer } from "./checkpoint.js";
import {
  bindBatch,
  hasBuffers,
  inputsOf,
  isEvaluation,
  isFitted,
  ownBatch,
  type Batch,
} from "./data.js";
import { fit } from "./fit.js";
import { openData, type OpenData } from "./opened.js";
import { checkStepOptions } from "./options.js";
import { reportLatest } from "./report.js";
import { restoreTrainer, type Loaded } from "./restore.js";
import { positionOfRun } from "./run.js";
import { evaluate, prepare } from "./setCalls.js";
import { refuseEndless } from "./sizes.js";
import { keepWritten, takeSnapshot } from "./snapshot.js";
import { freshState } from "./state.js";
import {
  breathe,
  checkBatch,
  createTrainer,
  enterStage,
  executeStep,
  stageOf,
  type Trainer,
} from "./trainer.js";
import { givenStep, updatesOfStep } from "./turns.js";
import { rememberStep } from "./undo.js";
import { refuseUnprepared } from "./unprepared.js";

export async function createTrainingNet(
  session: TrainingSession,
  options: Beginning<TrainingLoadOptions>,
): Promise<TrainingNet> {
  const { seed, partial = false, weights: bytes } = options;
  if (typeof (options.readFile ?? ignore) !== "function") fail("option", "readFile is a function");
  const written: Written = new Map();
  const net = await createNet(session, options, written);
  const fitted = fittedNames(session);
  const loaded = net.loaded?.matched ?? [];
  const isFitted = bytes !== undefined && fitted.every((name) => loaded.includes(name));
  const readFile: Trainer["readFile"] = async (file, parameters) => {
    const content = options.readFile ? await options.readFile(file, parameters) : file;
    return fetchWeights(ownBytes(content), file);
  };
  const calls = createCalls(session);
  calls.watch();
  const trainer = createTrainer(session, calls, freshState(seed, isFitted), readFile, written);
  // Taken in part, a file gives weights alone: its run was another model's.
  if (bytes && !partial) await resumeTrainer(trainer, bytes, seed);
  await session.backend.ready();
  const methods = { ...guarded(trainer, net), ...trainingCalls(trainer) };
  const changing = changingCalls(trainer, net, { bytes, seed, isFitted }, written);
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
  const looking = <T>(call: string, action: () => Promise<T>): Promise<T> =>
    calls.run("read", () => {
      refuseUnprepared(trainer, call);
      return action();
    });
  return {
    predict: ((...given: Parameters<InferenceNet["predict"]>) =>
      looking("predict", () => predict(...given))) as InferenceNet["predict"],
    ...guardedStream(net, looking),
    read: (name) => calls.run("read", () => read(name)),
    destroy: () => {
      destroy();
      calls.end();
    },
  };
}

type TrainingCalls = Pick<TrainingNet, "step" | "report" | "fit" | "evaluate" | "prepare" | "save">;

function trainingCalls(trainer: Trainer): TrainingCalls {
  const { calls, session } = trainer;
  const snapshot = (): Promise<unknown> => takeSnapshot(trainer);
  /** Data is the call's from its beginning on, whatever is fetched before it is looked at. */
  const opened = (data: unknown, reads: Parameters<typeof inputsOf>[1]): Promise<OpenData> =>
    begun(openData(session, data, inputsOf(session.plan, reads)));
  return {
    step: (batch, wishes = {}) => calls.run("step", () => step(trainer, batch, wishes)),
    report: () =>
      calls.run("read", async () =>
        session.backend.inOrder(() => {
          const { latest, journal } = trainer;
          return reportLatest({ latest, journal });
        }),
      ),
    fit: (data, wishes: FitOptions = {}) =>
      calls.run("fit", async () => {
        const history = await fit(trainer, data, wishes, snapshot);
        if (session.backend.kind === "webgpu") await snapshot();
        return history;
      }),
    evaluate: (data, wishes: EvaluateOptions = {}) =>
      calls.run("evaluate", () => evaluate(trainer, opened(data, isEvaluation), wishes)),
    prepare: (data) =>
      calls.run("prepare", async () => {
        await prepare(trainer, opened(data, isFitted));
        if (session.backend.kind === "webgpu") await snapshot();
      }),
    save: (wishes = {}) =>
      calls.run("read", () => {
        const { optimizer } = Object(wishes) as SaveOptions;
        const captured =
          optimizer === true ? takeSnapshot(trainer) : captureTrainer(trainer, false);
        return saveTrainer(trainer, begun(captured), wishes);
      }),
  };
}

function changingCalls(
  trainer: Trainer,
  net: InferenceNet,
  loaded: Loaded,
  written: Written,
): Pick<TrainingNet, "write" | "restore"> {
  const { session, calls } = trainer;
  const { isFitted } = loaded;
  const fitted = fittedNames(session);
  const unwritten = new Set(fitted);
  const inference = { restore: net.restore.bind(net), write: net.write.bind(net) };
  return {
    write: (name, values) =>
      calls.run("write", async () => {
        const writing = inference.write(name, values);
        // Steps that wait come before it.
        const latest = session.backend.inOrder(() => trainer.latest);
        await writing;
        // Once all fitted values are the caller's, there is nothing left to prepare.
        if (unwritten.delete(name) && unwritten.size === 0) trainer.state.fitted = true;
        const [parameter, numbers] = at(
          [...written].filter(([one]) => one.name === name),
          0,
        );
        await keepWritten(trainer, parameter, numbers, await latest);
      }),
    restore: (devices = {}) =>
      calls.run("restore", async () => {
        const isWhole = isFitted || (fitted.length > 0 && unwritten.size === 0);
        await restoreTrainer(trainer, inference.restore, devices, { ...loaded, isFitted: isWhole });
      }),
  };
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
  const batches = ofPass(givenBatches(trainer, given, stage), options.reset ? 0 : 1);
  refuseMore(stage, objectives, batches.length);
  if (stage.progress && (options.progress ?? stage.steps) === undefined)
    await refuseEndless(stage, "`progress`, from 0 to 1, to each step");
  const isSingle = !Array.isArray(given);
  const isHeld = isSingle && stage.accumulate > 1;
  if (isHeld) for (const batch of batches) checkBatch(trainer, objectives, batch);
  const reads = state.stage !== stage.name && stage.start.length > 0;
  let own = batches;
  const owning = async (): Promise<void> => {
    own = await Promise.all(batches.map((batch) => ownBatch(session, batch)));
  };
  // A step changes nothing before it is known that all it is given can be read.
  const owned = batches.some(hasBuffers) ? begun(owning()) : undefined;
  const make = async (): Promise<void> => {
    // Nothing is awaited in here, unless the stage has been entered.
    const entered = enterStage(trainer, stage);
    await makeStep(trainer, stage, objectives, { batches: own, isHeld, options });
    await entered;
  };
  if (trainer.queue || isHeld || reads) {
    await inTurn(trainer, async () => {
      await owned;
      await enterStage(trainer, stage);
      await session.backend.inOrder(make);
    });
  } else await session.backend.inOrder(make, owned);
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

/** A promise that is awaited later: what goes wrong before is met then. */
function begun<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

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
    (program) => program.stage === stage.name && stepKinds.includes(program.kind),
  );
  const bind = (batch: unknown): Batch => bindBatch(session, batch, wanted, stage.dimensions);
  if (!Array.isArray(given)) return [bind(given === undefined ? {} : given)];
  if (given.length === 0) fail("data", "a step was given an empty list of batches");
  return given.map(bind);
}
