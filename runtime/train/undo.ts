// A step about to be made in; what takes back all that a failed one leaves behind, out.

import { at } from "../errors.js";
import type { PlanStage } from "../plan.js";
import { createCopy } from "./copies.js";
import { forgetGathered, gathersOf, writtenStorages, type Trainer } from "./trainer.js";

/**
 * Where training stands before a step. The device leaves out a submission that it refuses; of a step in several, those before
 * have gathered gradients and moved states on.
 */
export function rememberStep(trainer: Trainer, stage: PlanStage): () => void {
  const { session, state, latest } = trainer;
  const { plan } = session;
  const { steps, counter } = state;
  const updates = { ...state.updates };
  const moved = writtenStorages(plan, gathersOf(plan, stage)).filter(
    (index) => at(plan.storages, index).kind !== "optimizer",
  );
  if (moved.length > 0) {
    trainer.before ??= createCopy(session, moved);
    trainer.before.take();
  }
  const { before } = trainer;
  return () => {
    if (session.destroyed) return;
    Object.assign(state, { steps, counter, updates });
    trainer.latest = latest;
    forgetGathered(session, stage);
    if (moved.length === 0) return;
    before?.restore();
    // Its room may be what failed.
    before?.free();
    trainer.before = undefined;
  };
}
