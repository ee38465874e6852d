// Numbers that came back from the device in; the end of a run that went wrong, with the last good weights kept, out.

import { countOf } from "../dimensions.js";
import { NnError } from "../errors.js";
import type { PlanStage } from "../plan.js";
import type { TrainingSession } from "../session.js";
import type { LastGood } from "./copies.js";
import { firstBadParameter } from "./numbers.js";
import { failOutside } from "./ranges.js";
import { outsideOf, resetOptimizer, type StepRecord, type Trainer } from "./trainer.js";

/** Puts the last good weights back, begins optimizer state anew, and throws NnError "not-finite". */
export async function stopNotFinite(
  trainer: Trainer,
  stage: PlanStage,
  lastGood: LastGood,
  what: string,
  step: number,
): Promise<never> {
  const behind = await firstBadParameter(trainer.session);
  const isKept = lastGood.restoreBefore(step);
  const tensor = isKept ? await firstBadParameter(trainer.session) : behind;
  putBack(trainer, stage, lastGood);
  await trainer.session.backend.settled();
  const { cause, remedy } = whyNotFinite(tensor, isKept);
  throw new NnError(
    "not-finite",
    `${what} is not a finite number at step ${step}${cause}. The last good weights were put back; ${remedy}`,
    { what, step, ...(tensor !== undefined && { tensor }) },
  );
}

const ofUpdates = "a smaller learning rate or clip_norm may help";
const ofData = "look at the size of the numbers in the data, and at what the formula makes of them";

/** `isKept`: the tensor is one of the weights that the step began with; else of those behind it, or there is none. */
function whyNotFinite(
  tensor: string | undefined,
  isKept: boolean,
): { readonly cause: string; readonly remedy: string } {
  if (isKept && tensor === undefined)
    return {
      cause:
        ", though all weights are: it overflows, or is undefined, for the examples of this batch",
      remedy: ofData,
    };
  if (isKept)
    return { cause: `; the first tensor that went wrong is ${tensor ?? ""}`, remedy: ofUpdates };
  const cause = tensor === undefined ? "" : `; behind it ${tensor} is not finite either`;
  return { cause, remedy: `${ofUpdates}; else ${ofData}` };
}

/** Nothing can be trained with a fitted value that is no number: throws NnError "not-finite" where one was computed. */
export async function refuseFitted({ session, state }: Trainer): Promise<void> {
  const { plan, backend } = session;
  for (const { name, role, type, storage, offset, shape } of plan.parameters) {
    if (role !== "fitted" || type !== "f32") continue;
    const values = await backend.readRange(storage, offset, countOf(shape));
    const position = values.findIndex((value) => !Number.isFinite(value));
    if (position < 0) continue;
    state.fitted = false;
    const index = indicesOf(position, shape);
    const where = index.length === 0 ? "" : ` at [${index.join(", ")}]`;
    throw new NnError(
      "not-finite",
      `the fitted value ${name} is ${values[position] ?? NaN}${where}, computed from this data: numbers there are too large for f32 (from 1.8e19 on their squares are), or there are too few of them. Give them in a larger unit, give their logarithms, or leave that column out; nothing was trained`,
      { tensor: name, element: index },
    );
  }
}

/** Where an element stands, counted from 0 along each axis. */
function indicesOf(position: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = position;
  for (const extent of [...shape].reverse()) {
    index.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return index;
}

/** The same for a class or an index that a step computed and that lies outside: throws NnError "label". */
export async function stopOutside(
  trainer: Trainer,
  stage: PlanStage,
  lastGood: LastGood,
  record: StepRecord,
): Promise<void> {
  const text = outsideOf(record);
  if (text === undefined) return;
  putBack(trainer, stage, lastGood);
  await trainer.session.backend.settled();
  failOutside(text, ` (step ${record.step}). The last good weights were put back`);
}

function putBack(trainer: Trainer, stage: PlanStage, lastGood: LastGood): void {
  lastGood.restore();
  resetOptimizer(trainer.session, stage);
  Object.assign(trainer.state, { run: undefined, stage: undefined });
  trainer.best?.free();
  trainer.best = undefined;
}

/** After the last update, whose result no loss has seen, where it left a tensor with such a number. */
export async function stopUpdate(
  session: TrainingSession,
  stage: PlanStage,
  lastGood: LastGood,
  tensor: string,
): Promise<never> {
  lastGood.restore();
  resetOptimizer(session, stage);
  await session.backend.settled();
  throw new NnError(
    "not-finite",
    `the last update left ${tensor} with a number that is not finite. The last good weights were put back`,
    { tensor },
  );
}
