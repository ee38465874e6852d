// A trainer whose device may be lost in; the same on a new one, at its last snapshot, out.

import type { RestoreOptions } from "../api.js";
import { loadParameters } from "../firstParameters.js";
import { captureTrainer } from "./capture.js";
import { fileOf, resumeTrainer } from "./checkpoint.js";
import { openJournal } from "./journal.js";
import { freshState } from "./state.js";
import type { Trainer } from "./trainer.js";
import { ignore } from "../webgpuFaults.js";

/** What the net was loaded with. */
export interface Loaded {
  readonly bytes: Uint8Array | undefined;
  readonly seed: number | undefined;
  /** Its fitted values came with the file, or were written. */
  readonly isFitted: boolean;
}

/** `restore` is that of the inference net. */
export async function restoreTrainer(
  trainer: Trainer,
  restore: (devices: RestoreOptions) => Promise<void>,
  devices: RestoreOptions,
  loaded: Loaded,
): Promise<void> {
  // Of a device that is not lost, all goes on where it is.
  const kept = trainer.snapshot;
  await snapshot(trainer).catch(ignore);
  try {
    await restore(devices);
  } catch (error) {
    trainer.snapshot = kept;
    throw error;
  }
  await rebuild(trainer, loaded);
  trainer.calls.watch();
}

async function snapshot(trainer: Trainer): Promise<void> {
  trainer.snapshot = await captureTrainer(trainer, true);
}

/** On a new device: the last snapshot's weights and state, else those of the beginning. */
async function rebuild(trainer: Trainer, { bytes, seed, isFitted }: Loaded): Promise<void> {
  const { session } = trainer;
  Object.assign(trainer, {
    state: freshState(seed, isFitted),
    journal: openJournal(session),
    latest: undefined,
    held: [],
    best: undefined,
    before: undefined,
    pending: [],
    queue: undefined,
  });
  const file = trainer.snapshot ? fileOf(session, trainer.snapshot) : bytes;
  if (file) {
    if (trainer.snapshot) await loadParameters(session, { weights: file });
    await resumeTrainer(trainer, file, seed);
  }
  await session.backend.ready();
}
