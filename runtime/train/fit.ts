// Data, stages and callbacks in; a trained net and the history of its epochs out.

import type { EpochReport, FitOptions, History, StageReport, Stopped } from "../api.js";
import { fail } from "../errors.js";
import type { PlanStage } from "../plan.js";
import { Aborted, type Waiting } from "./calls.js";
import { createLastGood, createSureCopy, parameterStorages, type LastGood } from "./copies.js";
import { stopNotFinite, stopOutside, stopUpdate } from "./finite.js";
import { addToSums, meansOf, summarize } from "./journal.js";
import { checkFitOptions } from "./options.js";
import { firstBadParameter, firstNotFinite } from "./numbers.js";
import type { RunData } from "./opened.js";
import { refuseOther, refuseResume } from "./resume.js";
import { isOver, positionOfRun, stagesLeft, termsOf } from "./run.js";
import type { StageSources } from "./otherSources.js";
import { refuseLength } from "./sizes.js";
import { openRun, prepareStage } from "./sources.js";
import { readStart } from "./start.js";
import { freshRun, type RunState } from "./state.js";
import { rememberStep } from "./undo.js";
import {
  collectStep,
  lengthOfRun,
  openPasses,
  updatesOfStep,
  type Passes,
  type RunLength,
} from "./turns.js";
import {
  breathe,
  beginStage,
  dropRun,
  executeStep,
  forgetGathered,
  isLost,
  isRead,
  outsideOf,
  stageOf,
  sumsOfStep,
  type StepRecord,
  type Trainer,
} from "./trainer.js";
import { validate } from "./validate.js";
import { ignore } from "../webgpuFaults.js";

/** Seconds between snapshots that `restore` goes back to. */
const snapshotSeconds = 10;

interface StageRun {
  readonly call: FitCall;
  readonly trainer: Trainer;
  readonly stage: PlanStage;
  readonly run: RunState;
  readonly options: FitOptions;
  readonly sources: StageSources;
  readonly length: RunLength;
  readonly lastGood: LastGood;
  started: number;
  snapshotAt: number;
}

/** What a call of `fit` has and gathers, for all its stages. */
interface FitCall {
  readonly trainer: Trainer;
  readonly options: FitOptions;
  readonly data: RunData;
  /** For callbacks, which a signal does not cut off. */
  readonly telling: Waiting;
  readonly snapshot: () => Promise<unknown>;
  readonly epochs: EpochReport[];
  readonly stages: StageReport[];
  steps: number;
}

/** Runs one stage, or all in the order of the file: anew, or going on where a run was cut off. */
export async function fit(
  trainer: Trainer,
  given: unknown,
  options: FitOptions,
  snapshot: () => Promise<unknown>,
): Promise<History> {
  checkFitOptions(options);
  const { plan } = trainer.session;
  const chosen = options.stage === undefined ? plan.stages : [stageOf(plan, options.stage)];
  if (chosen.length === 0) stageOf(plan, undefined);
  const resumed = options.resume ? positionOfRun(trainer) : undefined;
  const stages = options.resume ? stagesLeft(trainer, chosen) : chosen;
  const waiting = trainer.calls.within(options.signal);
  const opening = openRun(trainer, stages, given, options, waiting);
  opening.catch(ignore);
  // What is wrong with the run is told before what is wrong with the data.
  if (options.resume) await refuseResume(trainer, chosen);
  const data = await opening;
  const own = { epochs: [], stages: [], steps: 0, telling: trainer.calls.within() };
  const call: FitCall = { trainer, options, data, snapshot, ...own };
  let isAborted = false;
  try {
    // A signal that comes later leaves a run to go on with, between two stages too.
    waiting.check();
    // Files that do not fit a later stage are told of before an earlier one has run; what they hold is read when it begins.
    for (const stage of stages.slice(1))
      if (stage.start.length > 0) await readStart(trainer, stage, waiting);
    for (const [index, stage] of stages.entries()) {
      const report = await runStage(call, stage, stages.slice(index));
      call.stages.push(report);
      if (report.stopped === "aborted") break;
      await call.telling.wait(options.onStage?.(report));
    }
  } catch (error) {
    if (!(error instanceof Aborted)) throw error;
    isAborted = true;
  }
  const last = call.stages.at(-1);
  return {
    epochs: call.epochs,
    stages: call.stages,
    steps: call.steps,
    stopped: isAborted ? "aborted" : (last?.stopped ?? "aborted"),
    ...(last?.best && { best: last.best }),
    weights: last?.weights ?? "last",
    ...(resumed && { resumed }),
  };
}

/** `left`: the stage and those after it. */
async function runStage(
  call: FitCall,
  stage: PlanStage,
  left: readonly PlanStage[],
): Promise<StageReport> {
  const { trainer, data, options } = call;
  const { session, state } = trainer;
  await trainer.calls.idle("evaluate");
  const sources = await prepareStage(trainer, stage, data, options);
  const length = lengthOfRun(stage, sources.training, options);
  if (sources.training.once || length.steps === Infinity)
    await refuseLength(stage, sources.training, length, left.length);
  const run = await beginRun(call, stage, left, { sources, length });
  if (stage.stopEarly) trainer.best ??= await createSureCopy(session, parameterStorages(session));
  const context: StageRun = {
    call,
    trainer,
    stage,
    run,
    options,
    sources,
    length,
    lastGood: createLastGood(session),
    started: performance.now(),
    snapshotAt: performance.now(),
  };
  try {
    // Where that fails, batches are gathered here.
    await sources.training.place?.().catch(() => undefined);
    const stopped = await runToEnd(context);
    const position = { stage: stage.name, epoch: run.epoch, step: run.step };
    if (stopped === "aborted") return { ...position, stopped, weights: "last" };
    return { ...position, ...(await endStage(context, stopped)) };
  } catch (error) {
    if (state.run) await foldPending(context);
    throw error;
  } finally {
    context.lastGood.free();
    sources.training.free?.();
    trainer.pending = [];
  }
}

/** The run that is gone on with, on the terms it had; or a new one, in a stage that begins anew. */
async function beginRun(
  { trainer, options, data, stages, telling }: FitCall,
  stage: PlanStage,
  left: readonly PlanStage[],
  { sources, length }: { readonly sources: StageSources; readonly length: RunLength },
): Promise<RunState> {
  const { state } = trainer;
  const terms = termsOf(trainer, left, data, sources.batch);
  // Only the first of the stages that are left was cut off.
  if (options.resume && stages.length === 0 && state.run) {
    const { once } = sources.training;
    await refuseOther(state, state.run, { terms, length, left, once });
    return state.run;
  }
  const run = freshRun(stage, terms);
  await trainer.calls.idle("evaluate");
  await beginStage(trainer, stage, telling);
  state.run = run;
  return run;
}

async function runToEnd(context: StageRun): Promise<Stopped> {
  try {
    const stopped = await runEpochs(context);
    await drain(context, true);
    return stopped;
  } catch (error) {
    if (!(error instanceof Aborted)) throw error;
    await drain(context, true);
    return "aborted";
  }
}

/** The best weights are kept where the stage watches for them. */
async function endStage(
  { trainer, run, lastGood, stage }: StageRun,
  ended: Stopped,
): Promise<Pick<StageReport, "stopped" | "best" | "weights">> {
  await trainer.calls.idle("evaluate");
  const { best, epoch, loss } = run.stopping;
  const isBest = trainer.best !== undefined && best !== undefined;
  if (isBest) trainer.best?.restore();
  await trainer.session.backend.settled();
  dropRun(trainer);
  const tensor = await firstBadParameter(trainer.session);
  if (tensor !== undefined) await stopUpdate(trainer.session, stage, lastGood, tensor);
  return {
    stopped: run.done ? "early" : ended,
    ...(best !== undefined && { best: { epoch, loss: loss ?? best } }),
    weights: isBest ? "best" : "last",
  };
}

async function runEpochs(context: StageRun): Promise<Stopped> {
  const { run, length, sources, trainer } = context;
  const { training } = sources;
  const { waiting } = context.call.data;
  let passes: Passes | undefined;
  try {
    while (!isOver(run, length)) {
      waiting.check();
      passes ??= openPasses(trainer.session, training, run);
      await runEpoch(context, passes);
      if (run.epochSteps === 0) return endOfData(context);
      // A generator gives one epoch after the other; a pass that the last step began goes on.
      if (!training.once && !run.passed) {
        await passes.close();
        passes = undefined;
      }
      await endEpoch(context);
    }
  } finally {
    await passes?.close();
    trainer.held = [];
  }
  return "finished";
}

/** An epoch gave no batch at all, or too few for a step. */
function endOfData({ run, stage, sources }: StageRun): Stopped {
  const updates = updatesOfStep(stage);
  const none = updates > 1 ? `fewer batches than the ${updates} of one step` : "no batch";
  if (run.step === 0) fail("data", `the data gave ${none}`);
  if (sources.training.once) return "exhausted";
  return fail(
    "data",
    `the data gave no batch in epoch ${run.epoch + 1}: an iterable that can be read once is to be a function that returns it anew`,
  );
}

async function runEpoch(context: StageRun, passes: Passes): Promise<void> {
  const { call, trainer, stage, run, length, options, lastGood } = context;
  while (!run.passed && run.step < length.steps && run.epochSteps < length.perEpoch) {
    call.data.waiting.check();
    const from = { passes, isFresh: run.epochSteps === 0 && run.position > 0 };
    const updates = await collectStep(stage, from, run.step / length.steps, 1 / length.steps);
    if (!updates) break;
    // Evaluations that a callback has left under way see the weights that they began with.
    await trainer.calls.idle("evaluate");
    lastGood.before(trainer.state.steps + 1);
    const monitored = endsEpoch(context);
    const undo = rememberStep(trainer, stage);
    let record: StepRecord;
    try {
      record = executeStep(trainer, stage, updates, { epoch: run.epoch, monitored });
    } catch (error) {
      undo();
      throw error;
    }
    trainer.pending.push(record);
    const { pass, position } = passes.reached();
    Object.assign(run, { pass, position, passed: pass > run.pass });
    run.step++;
    run.epochSteps++;
    call.steps++;
    const { journal } = trainer;
    const asks = options.onStep && journal.reading() === 0;
    if (asks || journal.unread() >= 32) void journal.read();
    await breathe(trainer, options.onStep !== undefined);
    await drain(context, false);
  }
}

/**
 * Whether the step to come ends its epoch, or is the one before, since the last batch may be smaller; of a stream that is not
 * known, so each may.
 */
function endsEpoch({ run, length }: StageRun): boolean {
  const { least, steps } = length;
  return least === Infinity || run.epochSteps + 2 >= least || run.step + 2 >= steps;
}

/** Takes up the steps whose losses are known, in order; `all` waits for every one. */
async function drain(context: StageRun, all: boolean): Promise<void> {
  const { trainer, run } = context;
  const { pending } = trainer;
  for (;;) {
    const record = pending[0];
    if (!record) return;
    while (!isRead(record)) {
      if (!all) return;
      await trainer.journal.read();
    }
    if (outsideOf(record) !== undefined)
      await stopOutside(trainer, context.stage, context.lastGood, record);
    const sums = sumsOfStep(record);
    const values = meansOf(sums);
    const wrong = firstNotFinite(values);
    if (wrong !== undefined)
      await stopNotFinite(trainer, context.stage, context.lastGood, wrong, record.step);
    pending.shift();
    context.lastGood.verified(record.step);
    addToSums(run.sums, sums);
    run.examples += record.examples;
    await tellStep(context, record, values);
  }
}

/** After an error: what the last steps gave belongs to the epoch that a resumed run goes on with. */
async function foldPending({ trainer, stage, run }: StageRun): Promise<void> {
  try {
    // Of steps that were refused after they were submitted, an update may be half gathered.
    forgetGathered(trainer.session, stage);
    await trainer.journal.read();
  } catch {
    // The error that ended the run is the one to tell.
    return;
  }
  for (const record of trainer.pending) {
    if (isLost(record)) continue;
    addToSums(run.sums, sumsOfStep(record));
    run.examples += record.examples;
  }
}

async function tellStep(
  { call, options, stage, length }: StageRun,
  { step, epoch, examples }: StepRecord,
  values: Readonly<Record<string, number>>,
): Promise<void> {
  if (!options.onStep) return;
  const steps = Number.isFinite(length.steps) ? length.steps : undefined;
  const report = { step, stage: stage.name, epoch, examples, steps, ...summarize(values) };
  await call.telling.wait(options.onStep(report));
}

async function endEpoch(context: StageRun): Promise<void> {
  const { call, stage, run, sources, options, length } = context;
  await drain(context, true);
  const validation = sources.validation && (await validate(context, sources.validation));
  const report: EpochReport = {
    stage: stage.name,
    epoch: run.epoch,
    epochs: Number.isFinite(length.epochs) ? length.epochs : undefined,
    step: run.step,
    examples: run.examples,
    seconds: (performance.now() - context.started) / 1000,
    ...summarize(meansOf(run.sums)),
    ...(validation && { validation }),
  };
  call.epochs.push(report);
  if (!run.passed) Object.assign(run, { pass: run.pass + 1, position: 0 });
  Object.assign(run, { epoch: run.epoch + 1, passed: false, epochSteps: 0, sums: {}, examples: 0 });
  await call.telling.wait(options.onEpoch?.(report));
  const now = performance.now();
  if (now - context.snapshotAt > snapshotSeconds * 1000) {
    await call.snapshot();
    context.snapshotAt = now;
  }
  context.started = performance.now();
}
