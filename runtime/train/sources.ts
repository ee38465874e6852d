// The data of a call in; sources of its training and validation batches, one split for all stages, with fitted values computed, out.

import type { FitOptions } from "../api.js";
import type { Dimensions } from "../dimensions.js";
import { fail } from "../errors.js";
import type { Plan, PlanProgram, PlanSeries, PlanStage } from "../plan.js";
import { refuseMissing, type TrainingSession } from "../session.js";
import { givenNames } from "../tensors.js";
import {
  arraySource,
  fingerprint,
  heldOut,
  openArrays,
  splitRows,
  type ArrayData,
} from "./arrays.js";
import { refuseSet, refuseTraining, type Batches, type Purpose } from "./bounds.js";
import type { Waiting } from "./calls.js";
import { drawnSource, inputsOf, type Source } from "./data.js";
import { fitValues, isEvaluation, isFitted } from "./evaluate.js";
import { openStream, streamSource, type StreamData } from "./streams.js";
import { seedOfStage, type Trainer } from "./trainer.js";
import { lengthOfRun, updatesOfStep } from "./turns.js";

/** Examples drawn where a whole set is wanted and every input is drawn. */
export const drawnExamples = 4096;
/** Examples drawn to validate each epoch. */
const drawnValidation = 1024;

type OpenData = ArrayData | StreamData | { readonly kind: "drawn" };

/** The data of a run, opened once: what is copied of it is copied when the call begins. */
export interface RunData {
  readonly training: OpenData;
  /** Given for validation, as against a share of the training data. */
  readonly validation: OpenData | undefined;
  /** Of the rows, held out from every stage. */
  readonly share: number;
  readonly waiting: Waiting;
}

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

async function openData(
  session: TrainingSession,
  data: unknown,
  wanted: ReadonlySet<string>,
): Promise<OpenData> {
  if (data === undefined) return { kind: "drawn" };
  const stream = openStream(data);
  if (stream) return stream;
  if (typeof data !== "object" || data === null) {
    fail("data", "data is an object of tensors by name, or an iterable of such batches");
  }
  const names = givenNames(session.plan, data).filter((name) => wanted.has(name));
  return names.length === 0 ? { kind: "drawn" } : openArrays(session, data, names);
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
  const opened = { training, validation, share, isFitted: state.fitted };
  for (const stage of stages) refuseSizes(plan, stage, opened, options);
  return { training, validation, share, waiting };
}

interface Opened extends Omit<RunData, "waiting"> {
  /** Nothing is left to fit. */
  readonly isFitted: boolean;
}

/** Of a stream each batch is looked at when it comes. */
function refuseSizes(
  plan: Plan,
  stage: PlanStage,
  { training, validation, share, isFitted: isDone }: Opened,
  options: FitOptions,
): void {
  const batch = batchOf(stage, options);
  const dimensions = { ...trainedDimensions(plan), ...stage.dimensions };
  const held = training.kind === "arrays" && share > 0 ? heldOut(training.count, share) : 0;
  const part = (data: OpenData, drawn: number, without: number): Batches | undefined =>
    batchesOf(data, { dimensions, batch, drawn, without });
  const own = part(training, Infinity, held);
  if (own) refuseTraining(plan, stage, own, reachesLast(stage, own, options));
  const fitted = isDone ? undefined : part(training, drawnExamples, held);
  if (fitted) refuseSet(plan, "fitted", fitted, "fitting");
  const shared = shareOf(stage, options.validation) > 0;
  const evaluated = validation
    ? part(validation, drawnExamples, 0)
    : shared
      ? part(training, drawnValidation, training.kind === "arrays" ? training.count - held : 0)
      : undefined;
  if (evaluated) refuseSet(plan, "evaluation", evaluated, "validation");
}

/** Whether some step takes the last batch of the training set. */
function reachesLast(stage: PlanStage, { examples, batch }: Batches, options: FitOptions): boolean {
  if (stage.dropLast || !Number.isFinite(examples)) return false;
  const batches = Math.ceil(examples / batch);
  const { steps, perEpoch } = lengthOfRun(stage, { kind: "arrays", batches }, options);
  return Math.min(steps, perEpoch) * updatesOfStep(stage) * stage.accumulate >= batches;
}

/** `without`: so many examples of the data are another set's; `drawn`: as many are drawn. Undefined of a stream. */
function batchesOf(
  data: OpenData,
  {
    dimensions,
    batch,
    drawn,
    without = 0,
  }: Pick<Batches, "dimensions" | "batch"> & {
    readonly drawn: number;
    readonly without?: number;
  },
): Batches | undefined {
  if (data.kind === "stream") return undefined;
  if (data.kind === "drawn") return { names: new Set(), dimensions, examples: drawn, batch };
  const names = new Set(data.tensors.map(({ input }) => input.name));
  return { names, dimensions: data.dimensions, examples: data.count - without, batch };
}

function batchOf(stage: PlanStage, { batch }: FitOptions): number {
  return batch ?? stage.dimensions["batch"] ?? 1;
}

/** Of a stream each batch is looked at when it comes. */
function refuseIncomplete(plan: Plan, stage: PlanStage, data: OpenData): void {
  if (data.kind === "stream") return;
  const tensors = data.kind === "arrays" ? data.tensors : [];
  refuseMissing(plan, stage.inputs, new Set(tensors.map(({ input }) => input.name)));
}

function shareOf({ validation }: PlanStage, asked: FitOptions["validation"]): number {
  return typeof asked === "number" ? asked : validation;
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
  const outside = data.validation && sourceOf(session, data.validation, wanted, dimensions, data);
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
  const training = streamSource(session, opened, waiting, wanted, dimensions);
  refuseOnce(trainer, opened);
  await fitOnce(trainer, training, seed);
  return { batch, training, validation: outside };
}

function partOf(data: ArrayData, wanted: ReadonlySet<string>): ArrayData {
  return { ...data, tensors: data.tensors.filter(({ input }) => wanted.has(input.name)) };
}

function trainedDimensions(plan: Plan): Record<string, number> {
  return Object.fromEntries(plan.dimensions.map(({ name, trained }) => [name, trained]));
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

function sourceOf(
  session: TrainingSession,
  data: OpenData,
  wanted: ReadonlySet<string>,
  dimensions: Dimensions,
  { waiting, examples }: { readonly waiting: Waiting; readonly examples?: number | undefined },
): Source {
  const batch = dimensions["batch"] ?? 1;
  if (data.kind === "arrays") return arraySource(session, data, waiting, { batch });
  if (data.kind === "stream") return streamSource(session, data, waiting, wanted, dimensions);
  return drawnSource(dimensions, waiting, examples ?? drawnExamples);
}

interface SetWishes {
  readonly batch: number;
  readonly series: PlanSeries;
  readonly purpose: Purpose;
  readonly examples?: number | undefined;
}

/** A whole set to evaluate or fit on, in its order. */
export async function openSet(
  { session, calls }: Trainer,
  data: unknown,
  wanted: ReadonlySet<string>,
  { batch, series, purpose, examples }: SetWishes,
): Promise<Source> {
  const { plan } = session;
  const dimensions = { ...trainedDimensions(plan), batch };
  const opened = await openData(session, data, wanted);
  const drawn = examples ?? drawnExamples;
  const cut = batchesOf(opened, { dimensions, batch, drawn });
  if (cut) refuseSet(plan, series, cut, purpose);
  return sourceOf(session, opened, wanted, dimensions, { waiting: calls.within(), examples });
}
