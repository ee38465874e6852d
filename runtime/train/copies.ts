// An open session in; copies of its parameters on the device, for the best and the last good weights, out.

import type { Values } from "../backend.js";
import { at } from "../errors.js";
import type { TrainingSession } from "../session.js";

export function parameterStorages({ plan }: TrainingSession): number[] {
  return [...plan.storages.keys()].filter(
    (index) => at(plan.storages, index).kind === "parameters",
  );
}

/** Room on the device for all parameters. */
export interface ParameterCopy {
  take(): void;
  restore(): void;
  read(): Promise<Values[]>;
  free(): void;
}

export function createCopy(
  { plan, backend }: TrainingSession,
  storages: readonly number[],
): ParameterCopy {
  const pairs = storages.map((index) => {
    const { type, elements } = at(plan.storages, index);
    return { index, elements, copy: backend.addStorage(type, elements) };
  });
  return {
    take: () => {
      for (const { index, copy } of pairs) backend.copyStorage(index, copy);
    },
    restore: () => {
      for (const { index, copy } of pairs) backend.copyStorage(copy, index);
    },
    read: () =>
      Promise.all(pairs.map(({ copy, elements }) => backend.readRange(copy, 0, elements))),
    free: () => {
      for (const { copy } of pairs) backend.freeStorage(copy);
    },
  };
}

/** A copy that has its memory: what outlives a call would fail for good without it. */
export async function createSureCopy(
  session: TrainingSession,
  storages: readonly number[],
): Promise<ParameterCopy> {
  const copy = createCopy(session, storages);
  try {
    await session.backend.settled();
  } catch (error) {
    copy.free();
    throw error;
  }
  return copy;
}

/** Weights that are known to give a finite loss, at most some steps old. */
export interface LastGood {
  /** Called before each step. */
  before(step: number): void;
  /** Called when a step's losses are known to be finite. */
  verified(step: number): void;
  restore(): void;
  /** Puts back the weights that this step began with, where they were kept. */
  restoreBefore(step: number): boolean;
  free(): void;
}

/** Steps between copies. */
const interval = 16;

export function createLastGood(session: TrainingSession): LastGood {
  const storages = parameterStorages(session);
  let good = createCopy(session, storages);
  let candidate = createCopy(session, storages);
  let haveGood = false;
  let taken = -Infinity;
  let waiting = false;
  return {
    before: (step) => {
      if (waiting || step < taken + interval) return;
      candidate.take();
      taken = step;
      waiting = true;
    },
    // The loss of a step is of the weights before it: of the copy taken then.
    verified: (step) => {
      if (!waiting || step < taken) return;
      [good, candidate] = [candidate, good];
      haveGood = true;
      waiting = false;
    },
    restore: () => {
      (haveGood ? good : candidate).restore();
    },
    restoreBefore: (step) => {
      const isKept = waiting && step === taken;
      if (isKept) candidate.restore();
      return isKept;
    },
    free: () => {
      good.free();
      candidate.free();
    },
  };
}
