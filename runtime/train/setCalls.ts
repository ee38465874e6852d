// Data that was opened for `evaluate` or `prepare` in; its losses and metrics, or values fitted to it, out.

import type { EvaluateOptions, TrainingNet } from "../api.js";
import { fail } from "../errors.js";
import type { Plan, PlanSeries } from "../plan.js";
import { refuseMissing } from "../session.js";
import { refuseSet, type Purpose } from "./bounds.js";
import { inputsOf, isEvaluation, isFitted, type Source } from "./data.js";
import { evaluateSource, fitValues } from "./evaluate.js";
import { drawnExamples, trainedDimensions, type OpenData } from "./opened.js";
import { checkEvaluateOptions } from "./options.js";
import { batchesOf } from "./sizes.js";
import { sourceOf } from "./otherSources.js";
import { seedOfStage, stageOf, type Trainer } from "./trainer.js";
import { refuseUnprepared } from "./unprepared.js";

/** Computes fitted values from data that was opened when the call was made. */
export async function prepare(trainer: Trainer, opened: Promise<OpenData>): Promise<void> {
  const { state } = trainer;
  const { plan } = trainer.session;
  // A model may have fitted values and no train block of its own.
  const stage = plan.stages.length === 0 ? undefined : stageOf(plan, state.stage);
  const batch = stage?.dimensions["batch"] ?? trainedBatch(plan);
  const source = await openSet(trainer, opened, inputsOf(plan, isFitted), {
    batch,
    series: "fitted",
    purpose: "fitting",
  });
  await fitValues(trainer, source, stage ? seedOfStage(trainer, stage) : (state.seed ?? 0));
}

function trainedBatch({ dimensions }: Plan): number {
  return dimensions.find(({ name }) => name === "batch")?.trained ?? 1;
}

/** Losses and metrics of such data. */
export async function evaluate(
  trainer: Trainer,
  opened: Promise<OpenData>,
  options: EvaluateOptions,
): ReturnType<TrainingNet["evaluate"]> {
  checkEvaluateOptions(options);
  const { session, state } = trainer;
  const { plan } = session;
  const name = options.stage ?? state.stage;
  const stage = name === undefined ? plan.stages.at(-1) : stageOf(plan, name);
  const batch = options.batch ?? stage?.dimensions["batch"] ?? trainedBatch(plan);
  const wanted = inputsOf(plan, isEvaluation);
  const source = await openSet(trainer, opened, wanted, {
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

interface SetWishes {
  readonly batch: number;
  readonly series: PlanSeries;
  readonly purpose: Purpose;
  readonly examples?: number | undefined;
}

/** A whole set to evaluate or fit on, in its order. */
async function openSet(
  { session, calls }: Trainer,
  opening: Promise<OpenData>,
  wanted: ReadonlySet<string>,
  { batch, series, purpose, examples }: SetWishes,
): Promise<Source> {
  const { plan } = session;
  const dimensions = { ...trainedDimensions(plan), batch };
  const opened = await opening;
  if (examples !== undefined && opened.kind !== "drawn")
    fail(
      "option",
      "examples says how many are drawn, and the data given has its own: leave it out",
    );
  const drawn = examples ?? drawnExamples;
  const cut = batchesOf(opened, { dimensions, batch, drawn });
  if (cut) refuseSet(plan, series, cut, purpose);
  return sourceOf(session, opened, wanted, dimensions, { waiting: calls.within(), examples });
}
