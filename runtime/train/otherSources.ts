// Data that takes more than arrays to train on in: drawn, streamed, or with data to validate on; its sources of batches, out.

import type { FitOptions } from "../api.js";
import type { Dimensions } from "../dimensions.js";
import { fail } from "../errors.js";
import type { PlanStage } from "../plan.js";
import type { TrainingSession } from "../session.js";
import { arraySource, partOf } from "./arrays.js";
import type { Waiting } from "./calls.js";
import { isCarried } from "./carried.js";
import { isFitted, type Source } from "./data.js";
import { drawnSource } from "./drawn.js";
import { fitOnce } from "./fitOnce.js";
import {
  batchOf,
  drawnExamples,
  drawnValidation,
  shareOf,
  trainedDimensions,
  type OpenData,
  type RunData,
  type StreamData,
} from "./opened.js";
import { splitRows } from "./split.js";
import { streamSource } from "./streams.js";
import { seedOfStage, type Trainer } from "./trainer.js";

export interface StageSources {
  readonly batch: number;
  readonly training: Source;
  readonly validation: Source | undefined;
}

/** Of data that is drawn, streamed or validated on; computes fitted values where there are none yet. */
export async function prepareOther(
  trainer: Trainer,
  stage: PlanStage,
  data: RunData,
  options: FitOptions,
  wanted: ReadonlySet<string>,
): Promise<StageSources> {
  const { session } = trainer;
  const { plan } = session;
  const { training: opened, share, waiting } = data;
  const batch = batchOf(stage, options);
  const dimensions = { ...trainedDimensions(plan), ...stage.dimensions, batch };
  const outside =
    data.validation && (await sourceOf(session, data.validation, wanted, dimensions, data));
  const isShared = shareOf(stage, options.validation) > 0 && !outside;
  const seed = seedOfStage(trainer, stage);
  if (opened.kind === "arrays") {
    const own = partOf(opened, wanted);
    const parts = share > 0 ? split(trainer, opened.count, share) : undefined;
    const kept = { ...(parts && { rows: parts.kept }), batch };
    await fitOnce(trainer, arraySource(session, own, waiting, kept), seed);
    const training = arraySource(session, own, waiting, {
      ...kept,
      dropLast: stage.dropLast,
      seed,
    });
    const held =
      parts && isShared
        ? arraySource(session, own, waiting, { rows: parts.held, batch })
        : undefined;
    return { batch, training, validation: outside ?? held };
  }
  if (opened.kind === "drawn") {
    await fitOnce(trainer, drawnSource(dimensions, waiting, drawnExamples), seed);
    const training = drawnSource(dimensions, waiting);
    const drawn = isShared ? drawnSource(dimensions, waiting, drawnValidation) : undefined;
    return { batch, training, validation: outside ?? drawn };
  }
  const training = await streamSource(session, opened, waiting, wanted, dimensions);
  refuseOnce(trainer, opened);
  await fitOnce(trainer, training, seed);
  return { batch, training, validation: outside };
}

/** The last of the rows are held out where values pass from batch to batch: what is left is one stretch. */
function split(trainer: Trainer, count: number, share: number): ReturnType<typeof splitRows> {
  const rows = splitRows(count, share, seedOfSplit(trainer));
  if (!isCarried(trainer.session.plan)) return rows;
  const kept = rows.kept.length;
  return {
    kept: rows.kept.map((_, index) => index),
    held: rows.held.map((_, index) => kept + index),
  };
}

/** The seed of the split: one for all stages, whatever seeds they have. */
function seedOfSplit({ session, state }: Trainer): number {
  return (state.seed ?? session.plan.stages[0]?.seed ?? 0) >>> 0;
}

/** Fitted values are computed over the whole set before the first step, so what can be read only once will not do. */
function refuseOnce(trainer: Trainer, { once }: StreamData): void {
  const { plan } = trainer.session;
  if (trainer.state.fitted || !once || !plan.programs.some(isFitted)) return;
  fail(
    "data",
    `${plan.model} has fitted values: call net.prepare(data) first, or give a function that returns the batches anew`,
  );
}

export async function sourceOf(
  session: TrainingSession,
  data: OpenData,
  wanted: ReadonlySet<string>,
  dimensions: Dimensions,
  { waiting, examples }: { readonly waiting: Waiting; readonly examples?: number | undefined },
): Promise<Source> {
  const batch = dimensions["batch"] ?? 1;
  if (data.kind === "arrays") return arraySource(session, data, waiting, { batch });
  if (data.kind === "stream") return streamSource(session, data, waiting, wanted, dimensions);
  return drawnSource(dimensions, waiting, examples ?? drawnExamples);
}
