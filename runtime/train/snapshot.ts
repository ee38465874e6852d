// A trainer in; what it goes back to after a loss of its device, with all that was written, out.

import type { Values } from "../backend.js";
import type { PlanParameter } from "../plan.js";
import { captureTrainer } from "./capture.js";
import type { Capture } from "./state.js";
import type { Snapshot, StepRecord, Trainer } from "./trainer.js";

export async function takeSnapshot(trainer: Trainer): Promise<Capture> {
  let own: Snapshot | undefined;
  try {
    const captured = await trainer.session.backend.inOrder(() => {
      const capture = captureTrainer(trainer, true);
      own = { capture, written: new Map(), latest: trainer.latest };
      trainer.taking = own;
      return capture;
    });
    // One begun later has all that this one has.
    if (own && trainer.taking === own) trainer.snapshot = own;
    return captured;
  } finally {
    if (trainer.taking === own) trainer.taking = undefined;
  }
}

/** Numbers of a parameter, written behind the step `latest`, are there after a loss of the device once this resolves. */
export async function keepWritten(
  trainer: Trainer,
  parameter: PlanParameter,
  values: Values,
  latest: StepRecord | undefined,
): Promise<void> {
  if (trainer.session.backend.kind === "cpu") return;
  let kept: Snapshot | undefined;
  for (const one of [trainer.snapshot, trainer.taking]) {
    if (one?.latest !== latest) continue;
    one?.written.set(parameter, values);
    kept = one ?? kept;
  }
  await (kept ? kept.capture : takeSnapshot(trainer));
}
