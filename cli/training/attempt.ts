// In: writes beside the weights (log, checkpoints) while a run is under way; out: the run goes on whatever becomes of them, and what failed is told at its end.
import type { WriteError } from "../data/atomic.js";
import { writeErrorOf } from "../data/atomic.js";
import type { Terminal } from "../terminal.js";

/** Makes a write that may fail; a file that failed once is not tried again unless it is written anew as a whole. */
export type Attempt = (file: string, write: () => void, whole?: boolean) => void;

export interface Attempts {
  readonly attempt: Attempt;
  /** Throws the first failure, when all that could be saved is. */
  readonly throwFirst: () => void;
}

export function makeAttempts(terminal: Terminal): Attempts {
  const failures = new Map<string, WriteError>();
  return {
    attempt: (file, write, whole = false) => {
      if (failures.has(file) && !whole) return;
      try {
        write();
        failures.delete(file);
      } catch (error) {
        const failure = writeErrorOf(file, error);
        if (!failures.has(file))
          terminal.note(`${file}: ${failure.message}; the run goes on without it`);
        failures.set(file, failure);
      }
    },
    throwFirst: () => {
      for (const failure of failures.values()) throw failure;
    },
  };
}
