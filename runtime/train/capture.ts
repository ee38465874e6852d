// A trainer in; all its numbers and its state at one moment, which a file or a new device takes up, out.

import type { Values } from "../backend.js";
import { addToSums } from "./journal.js";
import type { Capture, TrainingState } from "./state.js";
import { isRead, sumsOfStep, type Trainer } from "./trainer.js";

/** Behind all steps that were asked for. */
export async function captureTrainer(trainer: Trainer, isWhole: boolean): Promise<Capture> {
  return trainer.session.backend.inOrder(() => capture(trainer, isWhole));
}

async function capture(trainer: Trainer, isWhole: boolean): Promise<Capture> {
  const { session, best } = trainer;
  const { plan, backend } = session;
  // Everything is asked for before the first answer is awaited, so that all is of one moment.
  const reading = [...plan.storages.entries()]
    .filter(([, { kind }]) => kind === "parameters" || (isWhole && kind !== "constant"))
    .map(async ([index, { elements }]): Promise<[number, Values]> => [
      index,
      await backend.readRange(index, 0, elements),
    ]);
  const hasBest = isWhole && trainer.state.run?.stopping.best !== undefined;
  const readingBest = hasBest ? best?.read() : undefined;
  const state = isWhole ? settledState(trainer) : undefined;
  const [storages, bestValues, settled] = await Promise.all([
    Promise.all(reading),
    readingBest,
    state,
  ]);
  return { storages: new Map(storages), best: bestValues, state: settled };
}

/** The state as it is now, with the losses of all steps so far folded in once they are known. */
async function settledState(trainer: Trainer): Promise<TrainingState> {
  const state = structuredClone(trainer.state);
  const pending = [...trainer.pending];
  for (const record of pending) {
    while (!isRead(record)) await trainer.journal.read();
    if (!state.run) break;
    addToSums(state.run.sums, sumsOfStep(record));
    state.run.examples += record.examples;
  }
  return state;
}
