// The data of a call in; sources of its training and validation batches, one split for all stages, with fitted values computed, out.

import type { FitOptions } from "../api.js";
import { fail } from "../errors.js";
import type { Plan, PlanProgram, PlanStage } from "../plan.js";
import { refuseMissing } from "../session.js";
import { arraySource, fingerprint, partOf, type ArrayData } from "./arrays.js";
import type { Waiting } from "./calls.js";
import { inputsOf, isEvaluation, isFitted } from "./data.js";
import { fitOnce } from "./fitOnce.js";
import { batchOf, openData, shareOf, type OpenData, type RunData } from "./opened.js";
import { prepareOther, type StageSources } from "./otherSources.js";
import { refuseSizes } from "./sizes.js";
import { seedOfStage, type Trainer } from "./trainer.js";

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

/** The batches of a stage; computes fitted values where there are none yet. */
export function prepareStage(
  trainer: Trainer,
  stage: PlanStage,
  data: RunData,
  options: FitOptions,
): Promise<StageSources> {
  const wanted = stageInputs(trainer.session.plan, stage);
  const { training, validation, share } = data;
  // Which is given on as it is: a run begins no turn later for it.
  return training.kind === "arrays" && !validation && share === 0
    ? prepareArrays(trainer, stage, partOf(training, wanted), data, options)
    : prepareOther(trainer, stage, data, options, wanted);
}

async function prepareArrays(
  trainer: Trainer,
  stage: PlanStage,
  own: ArrayData,
  { waiting }: RunData,
  options: FitOptions,
): Promise<StageSources> {
  const { session } = trainer;
  const batch = batchOf(stage, options);
  const seed = seedOfStage(trainer, stage);
  await fitOnce(trainer, arraySource(session, own, waiting, { batch }), seed);
  const { dropLast } = stage;
  const training = arraySource(session, own, waiting, { batch, dropLast, seed });
  return { batch, training, validation: undefined };
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
