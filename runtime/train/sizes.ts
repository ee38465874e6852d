// The opened data of a run, and how long that is, in; an error where a batch of it would be none that the model computes on, or the run is longer than its data or has no end that it wants to know, before anything is trained, out.

import type { FitOptions } from "../api.js";
import { at, fail } from "../errors.js";
import type { Plan, PlanStage } from "../plan.js";
import type { Source } from "./data.js";
import { heldOut } from "./split.js";
import { refuseSet, refuseTraining, type Batches } from "./bounds.js";
import {
  batchOf,
  drawnExamples,
  drawnValidation,
  shareOf,
  trainedDimensions,
  type OpenData,
  type RunData,
} from "./opened.js";
import { lengthOfRun, updatesOfStep, type RunLength } from "./turns.js";

interface Opened extends Omit<RunData, "waiting"> {
  /** Nothing is left to fit. */
  readonly isFitted: boolean;
}

/** Of a stream each batch is looked at when it comes. */
export async function refuseSizes(
  plan: Plan,
  stages: readonly PlanStage[],
  opened: Opened,
  options: FitOptions,
): Promise<void> {
  await Promise.resolve();
  for (const stage of stages) refuseStage(plan, stage, opened, options);
}

function refuseStage(
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
export function batchesOf(
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

/** `stages`: those that are left of the run, which all read its data. */
export async function refuseLength(
  stage: PlanStage,
  source: Source,
  length: RunLength,
  stages: number,
): Promise<void> {
  refuseShort(source, length, stages);
  const { epochs, steps, perEpoch } = length;
  if (steps < Infinity || !stage.progress) return;
  const first =
    epochs < Infinity
      ? "`stepsPerEpoch`, how many steps the batches of an epoch make, or "
      : perEpoch < Infinity
        ? "`epochs`, or "
        : "";
  await refuseEndless(stage, `${first}\`steps\`, how many there are in all`);
}

/** A generator gives batches once. */
function refuseShort({ once }: Source, { epochs, perEpoch }: RunLength, stages: number): void {
  if (!once || (stages === 1 && (epochs <= 1 || Number.isFinite(perEpoch) || epochs === Infinity)))
    return;
  const wish = stages > 1 ? `${stages} stages` : `${epochs} epochs`;
  fail(
    "data",
    `${wish} need the batches several times, but a generator can be read once: give a function that returns them anew, as () => batches(), or say how many steps an epoch has (stepsPerEpoch)`,
  );
}

/** Progress is the share of the run that is done: of one whose end nobody knows it would stay at 0. `needed`: what says it. */
export async function refuseEndless(
  { name, terms, progress = [] }: PlanStage,
  needed: string,
): Promise<void> {
  await Promise.resolve();
  const settings = progress.map((place) => {
    const term = at(terms, place);
    return `${term.name} (${term.words})`;
  });
  const goes = settings.length > 1 ? "go" : "goes";
  fail(
    "option",
    `${settings.join(" and ")} ${goes} by the progress of the run, the share of its steps that is done, and how many steps the stage ${name} has is not known: give ${needed}`,
  );
}
