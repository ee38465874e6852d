// A trainer and what a call of `fit` has in; the terms of its run, where the run stands and whether it is over, out.

import type { RunPosition } from "../api.js";
import { at } from "../errors.js";
import type { PlanStage } from "../plan.js";
import type { RunData } from "./opened.js";
import { describeData, describeValidation } from "./sources.js";
import type { RunState, RunTerms } from "./state.js";
import { seedOfStage, type Trainer } from "./trainer.js";
import type { RunLength } from "./turns.js";

/** The terms that a run of these stages is on, and the first of them begins. */
export function termsOf(
  trainer: Trainer,
  stages: readonly PlanStage[],
  data: RunData,
  batch: number,
): RunTerms {
  return {
    model: trainer.session.plan.model,
    stages: stages.map(({ name, formulas, terms }) => ({ name, formulas, terms })),
    batch,
    seed: seedOfStage(trainer, at(stages, 0)),
    validation: describeValidation(data),
    data: describeData(trainer.session.plan, stages, data),
  };
}

/** Where the unfinished run stands; undefined where there is none. */
export function positionOfRun({ state }: Trainer): RunPosition | undefined {
  const { run } = state;
  return run && { stage: run.stage, epoch: run.epoch, step: run.step };
}

/** The stages that are left of the unfinished run, its own first; all where it is in none of them. */
export function stagesLeft({ state }: Trainer, stages: readonly PlanStage[]): readonly PlanStage[] {
  return stages.slice(Math.max(0, indexOfRun(stages, state.run)));
}

export function indexOfRun(stages: readonly PlanStage[], run: RunState | undefined): number {
  return stages.findIndex(({ name }) => name === run?.stage);
}

/** An epoch whose last step was made is still to be validated and told of. */
export function isOver(run: RunState, { epochs, steps }: RunLength): boolean {
  const isMade = run.step > steps || (run.step === steps && run.epochSteps === 0);
  return run.done || run.epoch >= epochs || isMade;
}
