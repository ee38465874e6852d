// The data of a call in; sources of its training and validation batches, one split for all stages, with fitted values computed, out.

import type { FitOptions } from "../api.js";
import type { Dimensions } from "../dimensions.js";
import { fail } from "../errors.js";
import type { Plan, PlanProgram, PlanStage } from "../plan.js";
import { refuseMissing, type TrainingSession } from "../session.js";
import { arraySource, fingerprint, splitRows, type ArrayData } from "./arrays.js";
import type { Waiting } from "./calls.js";
import { drawnSource, inputsOf, isEvaluation, isFitted, type Source } from "./data.js";
import { fitValues } from "./evaluate.js";
import {
  batchOf,
  drawnExamples,
  drawnValidation,
  openData,
  shareOf,
  trainedDimensions,
  type OpenData,
  type RunData,
  type StreamData,
} from "./opened.js";
import { refuseSizes } from "./sizes.js";
import { streamSource } from "./streams.js";
import { seedOfStage, type Trainer } from "./trainer.js";

export interface StageSources {
  readonly batch: number;
  readonly training: Source;
  readonly validation: Source | undefined;
}

function isTraining(stage: PlanStage): (program: PlanProgram) => boolean {
  return ({ kind, stage: name }) => (kind === "step" || kind === "gather") && name === stage.name;
}

/** All inputs that a fit of a stage may use. */
function stageInputs(plan: Plan, stage: PlanStage): ReadonlySet<string> {
  const matches = isTraining(stage);
  return inputsOf(
    plan,
    (program) => matches(program) || isEvaluation(program) || isFitted(program),
  );
}

/** Opens the data of all stages of a run: everything that does not fit is refused before anything is trained. */
export async function openRun(
  { session, state }: Trainer,
  stages: readonly PlanStage[],
  data: unknown,
  options: FitOptions,
  waiting: Waiting,
): Promise<RunData> {
  const { plan } = session;
  const wanted = new Set(stages.flatMap((stage) => [...stageInputs(plan, stage)]));
  const { validation: asked } = options;
  const given = typeof asked === "number" ? undefined : asked;
  const [training, validation] = await Promise.all([
    openData(session, data, wanted),
    given && openData(session, given, wanted),
  ]);
  for (const stage of stages) {
    refuseIncomplete(plan, stage, training);
    if (validation) refuseIncomplete(plan, stage, validation);
  }
  const share = given ? 0 : largestShare(plan, asked);
  if (training.kind === "stream" && share > 0) {
    fail(
      "data",
      `a validation share of ${share} cannot be held out of batches that come one after the other: give data to validate on as the option \`validation\`, or \`validation: 0\` for none`,
    );
  }
  for (const stage of stages)
    refuseUnwatched(stage, validation !== undefined || shareOf(stage, asked) > 0);
  if (plan.programs.some(({ bounds }) => bounds)) {
    const opened = { training, validation, share, isFitted: state.fitted };
    await refuseSizes(plan, stages, opened, options);
  }
  return { training, validation, share, waiting };
}

/** Of a stream each batch is looked at when it comes. */
function refuseIncomplete(plan: Plan, stage: PlanStage, data: OpenData): void {
  if (data.kind === "stream") return;
  const tensors = data.kind === "arrays" ? data.tensors : [];
  refuseMissing(plan, stage.inputs, new Set(tensors.map(({ input }) => input.name)));
}

/** Were it each stage's own, a stage would validate on rows that one before was trained on. */
function largestShare({ stages }: Plan, asked: FitOptions["validation"]): number {
  return Math.max(...stages.map((stage) => shareOf(stage, asked)));
}

function refuseUnwatched({ stopEarly, plateaus }: PlanStage, isValidated: boolean): void {
  if (isValidated || (!stopEarly && plateaus.length === 0)) return;
  fail("data", "this stage watches the validation loss: give `validation` data to fit");
}

/** The seed of the split: one for all stages, whatever seeds they have. */
function seedOfSplit({ session, state }: Trainer): number {
  return (state.seed ?? session.plan.stages[0]?.seed ?? 0) >>> 0;
}

/** The batches of a stage; computes fitted values where there are none yet. */
export async function prepareStage(
  trainer: Trainer,
  stage: PlanStage,
  data: RunData,
  options: FitOptions,
): Promise<StageSources> {
  const { session } = trainer;
  const { plan } = session;
  const { training: opened, share, waiting } = data;
  const batch = batchOf(stage, options);
  const dimensions = { ...trainedDimensions(plan), ...stage.dimensions, batch };
  const wanted = stageInputs(plan, stage);
  const outside =
    data.validation && (await sourceOf(session, data.validation, wanted, dimensions, data));
  const isShared = shareOf(stage, options.validation) > 0 && !outside;
  const seed = seedOfStage(trainer, stage);
  if (opened.kind === "arrays") {
    const own = partOf(opened, wanted);
    const split = share > 0 ? splitRows(opened.count, share, seedOfSplit(trainer)) : undefined;
    const kept = { ...(split && { rows: split.kept }), batch };
    await fitOnce(trainer, arraySource(session, own, waiting, kept), seed);
    const training = arraySource(session, own, waiting, {
      ...kept,
      dropLast: stage.dropLast,
      seed,
    });
    const held =
      split && isShared
        ? arraySource(session, own, waiting, { rows: split.held, batch })
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

function partOf(data: ArrayData, wanted: ReadonlySet<string>): ArrayData {
  return { ...data, tensors: data.tensors.filter(({ input }) => wanted.has(input.name)) };
}

async function fitOnce(trainer: Trainer, source: Source, seed: number): Promise<void> {
  const { plan } = trainer.session;
  if (!trainer.state.fitted && plan.programs.some(isFitted)) {
    await fitValues(trainer, source, seed);
  }
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

/** What tells the data of a run's stages from other data, in whatever order and beside whatever else it was given. */
export function describeData(
  plan: Plan,
  stages: readonly PlanStage[],
  { training }: RunData,
): string {
  if (training.kind !== "arrays") return training.kind;
  const wanted = new Set(stages.flatMap((stage) => [...stageInputs(plan, stage)]));
  return fingerprint(partOf(training, wanted));
}

/** What tells how a run validates. */
export function describeValidation({ validation, share }: RunData): string {
  return validation ? "data of its own" : `a share of ${share}`;
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
