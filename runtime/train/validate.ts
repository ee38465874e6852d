// A stage at the end of an epoch and its validation data in; the losses there, with what follows from them for the run, out.

import type { Evaluation } from "../api.js";
import type { PlanStage } from "../plan.js";
import type { LastGood } from "./copies.js";
import type { Source } from "./data.js";
import { evaluateSource } from "./evaluate.js";
import { stopNotFinite } from "./finite.js";
import { watchValidation, type RunState } from "./state.js";
import { seedOfStage, type Trainer } from "./trainer.js";

interface Validated {
  readonly trainer: Trainer;
  readonly stage: PlanStage;
  readonly run: RunState;
  readonly lastGood: LastGood;
}

export async function validate(
  { trainer, stage, run, lastGood }: Validated,
  source: Source,
): Promise<Evaluation> {
  await trainer.calls.idle("evaluate");
  const seed = seedOfStage(trainer, stage);
  const evaluation = await evaluateSource(trainer, source, stage, { seed, purpose: "validation" });
  if (!Number.isFinite(evaluation.loss)) {
    const wrong = Object.entries(evaluation.losses).find(([, loss]) => !Number.isFinite(loss));
    const name = `the validation of ${wrong?.[0] ?? "loss"}`;
    await stopNotFinite(trainer, stage, lastGood, name, trainer.state.steps);
  }
  if (watchValidation(run, stage, evaluation.loss, watchedOf(stage, evaluation)))
    trainer.best?.take();
  return evaluation;
}

/** What a stage that stops early goes by, turned so that less is better. */
function watchedOf({ stopEarly }: PlanStage, { loss, losses, metrics }: Evaluation): number {
  const { on, rising } = stopEarly ?? {};
  const value = on === undefined ? loss : ({ ...losses, ...metrics }[on] ?? NaN);
  return rising ? -value : value;
}
