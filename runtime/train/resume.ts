// A run cut off and what a call would go on with in; where it goes on, or NnError with what does not fit, out.

import type { RunPosition } from "../api.js";
import { at, fail } from "../errors.js";
import type { PlanStage } from "../plan.js";
import { describeData, describeValidation, type RunData } from "./sources.js";
import type { RunState, RunTerms, TrainingState } from "./state.js";
import { seedOfStage, type Trainer } from "./trainer.js";
import type { RunLength } from "./turns.js";

/** The terms that a run of the first of these stages is on. */
export function termsOf(
  trainer: Trainer,
  stages: readonly PlanStage[],
  data: RunData,
  batch: number,
): RunTerms {
  const stage = at(stages, 0);
  return {
    model: trainer.session.plan.model,
    optimizer: stage.objectives.flatMap(({ optimizers = [] }) => optimizers).join(", "),
    formulas: stages.map(({ name, formulas }) => `${name} ${formulas}`).join(", "),
    batch,
    accumulate: stage.accumulate,
    seed: seedOfStage(trainer, stage),
    validation: describeValidation(data),
    data: describeData(data),
  };
}

/** Where the unfinished run stands; undefined where there is none. */
export function positionOfRun({ state }: Trainer): RunPosition | undefined {
  const { run } = state;
  return run && { stage: run.stage, epoch: run.epoch, step: run.step };
}

/** The stages that are left of the unfinished run, its own first. */
export function stagesLeft(
  { state, obstacle }: Trainer,
  stages: readonly PlanStage[],
): readonly PlanStage[] {
  const { run } = state;
  if (obstacle !== undefined) fail("option", `the run cannot go on: ${obstacle}`);
  if (!run) {
    fail(
      "option",
      "there is no unfinished run to go on with: leave `resume` out to train anew from these weights",
    );
  }
  const first = stages.findIndex(({ name }) => name === run.stage);
  if (first < 0) {
    const names = stages.map(({ name }) => name).join(", ");
    fail("option", `the run to go on with is in the stage ${run.stage}, not in ${names}`);
  }
  return stages.slice(first);
}

const wordings: Readonly<Record<keyof RunTerms, string>> = {
  model: "the model",
  optimizer: "the optimizer",
  formulas:
    "what the stages compute (model, losses, regularizers, updates, `drop_last`, `stop_early`)",
  batch: "examples in a batch",
  accumulate: "batches that an update accumulates",
  seed: "the seed",
  validation: "what it validates on",
  data: "the data",
};

/** A run goes on only as what it was: otherwise it would end as no run could. */
export function refuseOtherTerms(
  { steps }: TrainingState,
  { terms, step }: RunState,
  now: RunTerms,
): void {
  if (steps !== step) {
    fail(
      "option",
      `the run cannot go on: single steps were made since, ${steps - step} in all. Leave \`resume\` out to train anew from these weights`,
    );
  }
  const names = Object.keys(wordings) as (keyof RunTerms)[];
  const differs = (name: keyof RunTerms): boolean => terms[name] !== now[name];
  // Formulas decide whether optimizers are the same; their words are easier to compare.
  const hidden = differs("formulas") && differs("optimizer") ? "formulas" : "optimizer";
  const lines = names
    .filter((name) => differs(name) && name !== hidden)
    .map((name) => `  ${wordings[name]}: it had ${terms[name]}, this call has ${now[name]}`);
  if (lines.length === 0) return;
  const advice = "give what it had, or leave `resume` out to train anew from these weights";
  fail("option", [`the run cannot go on as it began:`, ...lines, advice].join("\n"));
}

/** A stage that stops early still has its best weights to put back; any other has nothing left to do. */
export function refuseFinished(run: RunState, length: RunLength, left: readonly PlanStage[]): void {
  const stage = at(left, 0);
  if (left.length > 1 || stage.stopEarly || !isOver(run, length)) return;
  const { epochs, steps } = length;
  const asked = Number.isFinite(epochs) ? `${epochs} epochs` : `${steps} steps`;
  fail(
    "option",
    `nothing is left to do: the call, or else the train block, asks for ${asked}, and the run has made ${run.epoch} epochs (${run.step} steps). Give more \`epochs\` or \`steps\` to go on, or leave \`resume\` out to train anew from these weights`,
  );
}

/** An epoch whose last step was made is still to be validated and told of. */
export function isOver(run: RunState, { epochs, steps }: RunLength): boolean {
  const isMade = run.step > steps || (run.step === steps && run.epochSteps === 0);
  return run.done || run.epoch >= epochs || isMade;
}
