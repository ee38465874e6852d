// The data of a fit and its stage in; sources of training and validation batches, with fitted values computed, out.

import type { FitOptions } from "../api.js";
import { fail } from "../errors.js";
import type { Plan, PlanProgram, PlanStage } from "../plan.js";
import { refuseMissing } from "../session.js";
import {
  arraySource,
  drawnSource,
  inputsOf,
  openData,
  splitRows,
  streamSource,
  type ArrayData,
  type OpenData,
  type Source,
} from "./data.js";
import { fitValues, isEvaluation, isFitted } from "./evaluate.js";
import { seedOfStage, type Trainer } from "./trainer.js";

/** Examples drawn where a whole set is wanted and every input is drawn. */
export const drawnExamples = 4096;
/** Examples drawn to validate each epoch. */
const drawnValidation = 1024;

export interface StageSources {
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

/** Opens the data once: everything that does not fit is refused before anything is trained. */
export async function prepareStage(
  trainer: Trainer,
  stage: PlanStage,
  data: unknown,
  options: FitOptions,
): Promise<StageSources> {
  const { session } = trainer;
  const { plan } = session;
  const wanted = stageInputs(plan, stage);
  const opened = await openData(session, data, wanted);
  if (opened.kind !== "stream") {
    const tensors = opened.kind === "arrays" ? opened.tensors : [];
    refuseMissing(plan, stage.inputs, new Set(tensors.map(({ input }) => input.name)));
  }
  const batch = options.batch ?? stage.dimensions["batch"] ?? 1;
  if (!Number.isSafeInteger(batch) || batch < 1) fail("option", `a batch of ${batch} examples`);
  const dimensions = { ...trainedDimensions(plan), ...stage.dimensions, batch };
  const seed = seedOfStage(trainer, stage);
  const share = typeof options.validation === "number" ? options.validation : stage.validation;
  const { dropLast } = stage;
  const given = typeof options.validation === "object" ? options.validation : undefined;
  const outside = given && (await openSet(trainer, given, wanted, batch));
  let training: Source;
  let validation: Source | undefined;
  if (opened.kind === "arrays") {
    const split = outside || share === 0 ? undefined : splitRows(opened.count, share, seed);
    const rows = split && { rows: split.kept };
    training = arraySource(session, opened, { ...rows, batch, dropLast, seed });
    validation = split && arraySource(session, opened, { rows: split.held, batch });
    await fitOnce(trainer, arraySource(session, opened, { ...rows, batch }), seed);
  } else if (opened.kind === "drawn") {
    training = drawnSource(dimensions);
    validation = share > 0 ? drawnSource(dimensions, drawnValidation) : undefined;
    await fitOnce(trainer, drawnSource(dimensions, drawnExamples), seed);
  } else {
    training = streamSource(session, opened.start, wanted, dimensions);
    refuseOneShot(trainer, data);
    await fitOnce(trainer, training, seed);
  }
  validation = outside ?? validation;
  if (!validation && (stage.stopEarly || stage.plateaus.length > 0)) {
    fail("data", "this stage watches the validation loss: give `validation` data to fit");
  }
  return { training, validation };
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

/** A generator can be read once, but fitted values want a pass before the first step. */
function refuseOneShot(trainer: Trainer, data: unknown): void {
  const { plan } = trainer.session;
  if (trainer.state.fitted || !plan.programs.some(isFitted) || typeof data === "function") return;
  fail(
    "data",
    `${plan.model} has fitted values: call net.prepare(data) first, or give a function that returns the batches anew`,
  );
}

/** A whole set to evaluate or fit on, in its order. */
export async function openSet(
  trainer: Trainer,
  data: unknown,
  wanted: ReadonlySet<string>,
  batch: number,
  examples?: number,
): Promise<Source> {
  const { session } = trainer;
  const dimensions = { ...trainedDimensions(session.plan), batch };
  const opened: OpenData | ArrayData = await openData(session, data, wanted);
  if (opened.kind === "arrays") return arraySource(session, opened, { batch });
  if (opened.kind === "stream") return streamSource(session, opened.start, wanted, dimensions);
  return drawnSource(dimensions, examples ?? drawnExamples);
}
