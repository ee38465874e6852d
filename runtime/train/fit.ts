// Data, stages and callbacks in; a trained net and the history of its epochs out.

import type { EpochReport, Evaluation, FitOptions, History } from "../api.js";
import { fail } from "../errors.js";
import type { PlanStage } from "../plan.js";
import { createCopy, createLastGood, parameterStorages, type LastGood } from "./copies.js";
import type { Cursor } from "./data.js";
import { evaluateSource } from "./evaluate.js";
import { checkParameters, firstNotFinite, stopNotFinite } from "./finite.js";
import { addToSums, meansOf, summarize } from "./journal.js";
import { prepareStage, type StageSources } from "./sources.js";
import { freshRun, watchValidation, type RunState } from "./state.js";
import { collectStep, lengthOfRun, type RunLength } from "./turns.js";
import {
  breathe,
  enterStage,
  executeStep,
  isRead,
  seedOfStage,
  stageOf,
  sumsOfStep,
  type StepRecord,
  type Trainer,
} from "./trainer.js";

/** Seconds between snapshots that `restore` goes back to. */
const snapshotSeconds = 10;

interface StageRun {
  readonly trainer: Trainer;
  readonly stage: PlanStage;
  readonly run: RunState;
  readonly options: FitOptions;
  readonly sources: StageSources;
  readonly length: RunLength;
  readonly lastGood: LastGood;
  readonly epochs: EpochReport[];
  readonly snapshot: () => Promise<void>;
  started: number;
  steps: number;
  snapshotAt: number;
}

type Stopped = History["stopped"];

/** Runs one stage, or all in the order of the file; goes on where a loaded run stopped. */
export async function fit(
  trainer: Trainer,
  data: unknown,
  options: FitOptions,
  snapshot: () => Promise<void>,
): Promise<History> {
  const { plan } = trainer.session;
  const stages = options.stage === undefined ? plan.stages : [stageOf(plan, options.stage)];
  if (stages.length === 0) stageOf(plan, undefined);
  const epochs: EpochReport[] = [];
  let steps = 0;
  let stopped: Stopped = "finished";
  let best: History["best"];
  for (const stage of stages) {
    if (isBehind(trainer, stage, options)) continue;
    const result = await runStage(trainer, stage, data, options, epochs, snapshot);
    steps += result.steps;
    stopped = result.stopped;
    best = result.best;
    if (stopped === "aborted") break;
  }
  return { epochs, steps, stopped, ...(best && { best }) };
}

/** A stage is done before the one that a loaded run, or without a choice an unfinished one, is in. */
function isBehind(
  { session, resumed, state }: Trainer,
  stage: PlanStage,
  options: FitOptions,
): boolean {
  const { stages } = session.plan;
  const current = resumed ?? (options.stage === undefined ? state.run?.stage : undefined);
  return stages.indexOf(stage) < stages.findIndex(({ name }) => name === current);
}

async function runStage(
  trainer: Trainer,
  stage: PlanStage,
  data: unknown,
  options: FitOptions,
  epochs: EpochReport[],
  snapshot: () => Promise<void>,
): Promise<{ stopped: Stopped; steps: number; best: History["best"] }> {
  const { session, state } = trainer;
  const sources = await prepareStage(trainer, stage, data, options);
  const run = state.run?.stage === stage.name ? state.run : freshRun(stage);
  await enterStage(trainer, stage);
  state.run = run;
  trainer.resumed = undefined;
  const length = lengthOfRun(stage, sources.training, options);
  if (stage.stopEarly) trainer.best ??= createCopy(session, parameterStorages(session));
  const context: StageRun = {
    trainer,
    stage,
    run,
    options,
    sources,
    length,
    lastGood: createLastGood(session),
    epochs,
    snapshot,
    started: performance.now(),
    steps: 0,
    snapshotAt: performance.now(),
  };
  try {
    const aborted = await runEpochs(context);
    await drain(context, true);
    if (aborted) return { stopped: "aborted", steps: context.steps, best: undefined };
    return { ...(await endStage(context)), steps: context.steps };
  } finally {
    context.lastGood.free();
    trainer.pending = [];
  }
}

/** The best weights are kept where the stage watches for them. */
async function endStage({ trainer, run, lastGood, stage }: StageRun): Promise<{
  stopped: Stopped;
  best: History["best"];
}> {
  const { best, epoch } = run.stopping;
  if (trainer.best && best !== undefined) trainer.best.restore();
  trainer.best?.free();
  trainer.best = undefined;
  trainer.state.run = undefined;
  await checkParameters(trainer.session, stage, lastGood);
  return {
    stopped: run.done ? "early" : "finished",
    best: best === undefined ? undefined : { epoch, loss: best },
  };
}

/** Whether the caller's signal ended the run. */
async function runEpochs(context: StageRun): Promise<boolean> {
  const { run, length, sources, options } = context;
  const isOver = (): boolean => run.done || run.epoch >= length.epochs || run.step >= length.steps;
  while (!isOver()) {
    const cursor = sources.training.open(run.epoch, run.position);
    const before = run.step;
    const outcome = await runEpoch(context, cursor);
    if (outcome === "aborted") return true;
    if (run.step === before && run.epochSteps === 0) {
      if (run.step === 0) fail("data", "the data gave no batch");
      return false;
    }
    await endEpoch(context);
    if (isOver()) return false;
    if (options.signal?.aborted) return true;
  }
  return false;
}

async function runEpoch(context: StageRun, cursor: Cursor): Promise<"aborted" | "ended"> {
  const { trainer, stage, run, length, options, lastGood } = context;
  while (run.step < length.steps && run.epochSteps < length.perEpoch) {
    if (options.signal?.aborted) return "aborted";
    const work = await collectStep(stage, cursor, run.step / length.steps, 1 / length.steps);
    if (!work) break;
    lastGood.before(trainer.state.steps + 1);
    const monitored = isLastOfEpoch(context);
    const record = executeStep(trainer, stage, work.updates, { epoch: run.epoch, monitored });
    trainer.pending.push(record);
    run.position += work.taken;
    run.step++;
    run.epochSteps++;
    context.steps++;
    const { journal } = trainer;
    const asks = options.onStep && journal.reading() === 0;
    if (asks || journal.unread() >= 32) void journal.read();
    await breathe(trainer);
    await drain(context, false);
  }
  return "ended";
}

/** Whether the step to come ends its epoch; of a stream that is not known, so each may. */
function isLastOfEpoch({ run, length }: StageRun): boolean {
  const { perEpoch, steps } = length;
  return perEpoch === Infinity || run.epochSteps + 1 >= perEpoch || run.step + 1 >= steps;
}

/** Takes up the steps whose losses are known, in order; `all` waits for every one. */
async function drain(context: StageRun, all: boolean): Promise<void> {
  const { trainer, run } = context;
  const { pending } = trainer;
  for (;;) {
    const record = pending[0];
    if (!record) return;
    if (!isRead(record)) {
      if (!all) return;
      await trainer.journal.read();
    }
    const sums = sumsOfStep(record);
    const values = meansOf(sums);
    const wrong = firstNotFinite(values);
    if (wrong !== undefined) {
      await stopNotFinite(trainer, context.stage, context.lastGood, wrong, record.step);
    }
    pending.shift();
    context.lastGood.verified(record.step);
    addToSums(run.sums, sums);
    run.examples += record.examples;
    await tellStep(context, record, values);
  }
}

async function tellStep(
  { options, stage, length }: StageRun,
  { step, epoch, examples }: StepRecord,
  values: Readonly<Record<string, number>>,
): Promise<void> {
  if (!options.onStep) return;
  const steps = Number.isFinite(length.steps) ? length.steps : undefined;
  await options.onStep({ step, stage: stage.name, epoch, examples, steps, ...summarize(values) });
}

async function endEpoch(context: StageRun): Promise<void> {
  const { trainer, stage, run, sources, options, epochs, length } = context;
  await drain(context, true);
  const validation = sources.validation && (await validate(context, sources.validation));
  const { step } = trainer.latest ?? { step: 0 };
  const report: EpochReport = {
    stage: stage.name,
    epoch: run.epoch,
    epochs: Number.isFinite(length.epochs) ? length.epochs : undefined,
    step,
    examples: run.examples,
    seconds: (performance.now() - context.started) / 1000,
    ...summarize(meansOf(run.sums)),
    ...(validation && { validation }),
  };
  epochs.push(report);
  Object.assign(run, { epoch: run.epoch + 1, position: 0, epochSteps: 0, sums: {}, examples: 0 });
  await options.onEpoch?.(report);
  const now = performance.now();
  if (now - context.snapshotAt > snapshotSeconds * 1000) {
    await context.snapshot();
    context.snapshotAt = now;
  }
  context.started = performance.now();
}

async function validate(
  { trainer, stage, run, lastGood }: StageRun,
  source: NonNullable<StageSources["validation"]>,
): Promise<Evaluation> {
  const evaluation = await evaluateSource(trainer, source, stage, seedOfStage(trainer, stage));
  if (!Number.isFinite(evaluation.loss)) {
    const wrong = Object.entries(evaluation.losses).find(([, loss]) => !Number.isFinite(loss));
    const name = `the validation of ${wrong?.[0] ?? "loss"}`;
    await stopNotFinite(trainer, stage, lastGood, name, trainer.state.steps);
  }
  if (watchValidation(run, stage, evaluation.loss)) trainer.best?.take();
  return evaluation;
}
