// A source of batches in; losses and metrics over all of it, or values fitted to it, out.

import type { Evaluation } from "../api.js";
import type { PlanStage } from "../plan.js";
import type { Purpose } from "./bounds.js";
import type { Source } from "./data.js";
import { refuseFitted } from "./finite.js";
import { summarize, type Summary } from "./journal.js";
import { runSeries } from "./sets.js";
import type { Trainer } from "./trainer.js";
import { ignore } from "../webgpuFaults.js";

/** Draws of evaluation take a key of their own: evaluating changes no later draw of training. */
const evaluationKey = 0x85ebca6b;

/** Losses and metrics of the source as one batch: all that the data reaches. `loss` is the sum of those that the stage minimises. */
export async function evaluateSource(
  trainer: Trainer,
  source: Source,
  stage: PlanStage | undefined,
  { seed, purpose }: { readonly seed: number; readonly purpose: Purpose },
): Promise<Evaluation> {
  const key = (seed ^ evaluationKey) >>> 0;
  const { values, examples } = await runSeries(trainer, "evaluation", source, {
    seed: key,
    purpose,
  });
  const summary = summarize(values);
  const { losses, penalty, metrics } = summary;
  return { loss: lossOfStage(summary, stage), losses, penalty, metrics, examples };
}

function lossOfStage({ loss, losses }: Summary, stage: PlanStage | undefined): number {
  const names = new Set(stage?.objectives.flatMap((objective) => objective.losses) ?? []);
  const own = Object.entries(losses).filter(([name]) => names.has(name));
  return own.length === 0 ? loss : own.reduce((sum, [, value]) => sum + value, 0);
}

/** Computes the fitted values from a source, once for all. */
export async function fitValues(trainer: Trainer, source: Source, seed: number): Promise<void> {
  // Evaluations under way end with the values that they began with; those to come wait for the new ones.
  await trainer.calls.idle("evaluate");
  const fitting = runSeries(trainer, "fitted", source, { seed, purpose: "fitting" });
  const settled = fitting.then(ignore, ignore);
  trainer.fitting = settled;
  try {
    await fitting;
    await refuseFitted(trainer);
    trainer.state.fitted = true;
  } finally {
    if (trainer.fitting === settled) trainer.fitting = undefined;
  }
}
