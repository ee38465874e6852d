// A trainer whose device may be lost in; the same on a new one, at its last snapshot, out.

import type { RestoreOptions } from "../api.js";
import type { GivenInput } from "../backend.js";
import { countOf, evaluateShape } from "../dimensions.js";
import { loadParameters } from "../firstParameters.js";
import { writeParameter } from "../parameters.js";
import type { TrainingSession } from "../session.js";
import { inputOf, isGpuBuffer } from "../tensors.js";
import { fileOf, resumeTrainer } from "./checkpoint.js";
import type { Batch } from "./data.js";
import { openJournal } from "./journal.js";
import { takeSnapshot } from "./snapshot.js";
import { freshState } from "./state.js";
import type { Trainer } from "./trainer.js";

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
  const kept = trainer.snapshot;
  const left = await snapshot(trainer).catch(() => nothing);
  try {
    await restore(devices);
  } catch (error) {
    trainer.snapshot = kept;
    throw error;
  }
  await rebuild(trainer, loaded, left);
  trainer.calls.watch();
}

/** What is left beside a snapshot where no device was lost: the step that is reported, batches that wait for more. */
type Left = Pick<Trainer, "latest" | "held">;

const nothing: Left = { latest: undefined, held: [] };

/** Of a device that is not lost, all goes on where it is. */
async function snapshot(trainer: Trainer): Promise<Left> {
  await takeSnapshot(trainer);
  const { journal, latest, held, session } = trainer;
  // Its losses stay where they were.
  await journal.read();
  return { latest, held: await Promise.all(held.map((batch) => onHost(session, batch))) };
}

async function onHost({ plan, backend }: TrainingSession, batch: Batch): Promise<Batch> {
  const inputs = await Promise.all(
    [...batch.inputs].map(async ([name, given]): Promise<[string, GivenInput]> => {
      if (!isGpuBuffer(given)) return [name, given];
      const { type, shape } = inputOf(plan, name);
      const values = await backend.download(name, given, type);
      return [name, values.subarray(0, countOf(evaluateShape(shape, batch.dimensions)))];
    }),
  );
  const { dimensions, examples } = batch;
  return { inputs: new Map(inputs), dimensions, examples };
}

/** On a new device: the last snapshot's weights and state, else those of the beginning. */
async function rebuild(
  trainer: Trainer,
  { bytes, seed, isFitted }: Loaded,
  left: Left,
): Promise<void> {
  const { session } = trainer;
  Object.assign(trainer, {
    state: freshState(seed, isFitted),
    journal: openJournal(session),
    ...left,
    // No step is left that would come between.
    snapshot: { ...trainer.snapshot, latest: left.latest },
    taking: undefined,
    best: undefined,
    before: undefined,
    pending: [],
    queue: undefined,
  });
  const { written } = trainer.snapshot;
  const capture = await trainer.snapshot.capture;
  const file = capture ? fileOf(session, capture) : bytes;
  if (file) {
    if (capture) await loadParameters(session, { weights: file });
    await resumeTrainer(trainer, file, seed);
  }
  for (const [parameter, values] of written) writeParameter(session, parameter, values);
  trainer.state.fitted ||= isFitted;
  await session.backend.ready();
}
