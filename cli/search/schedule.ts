// A search and what its journal knows of it in; which trial comes next, and all that became of them, each change journalled, out.
import type { SearchDeclaration } from "../../compiler/types/model.js";
import { candidateOf } from "./candidates.js";
import type { Journal } from "./journal.js";
import type { EpochValue, Outcome, Trial } from "./trials.js";

export interface TrialSchedule {
  /** In the order of their numbers. */
  readonly all: () => readonly Trial[];
  /** Begins the next: one that a journal tells the beginning of alone, else a new one; undefined where there is none. */
  readonly next: () => Trial | undefined;
  readonly report: (trial: Trial, value: EpochValue) => void;
  /** Gives the trial as it ended. */
  readonly end: (trial: Trial, outcome: Outcome) => Trial;
  /** Whether everything that can be tried was, before the number of trials was reached. */
  readonly isExhausted: () => boolean;
}

export function openTrials(
  search: SearchDeclaration,
  { trials: found, write }: Pick<Journal, "trials" | "write">,
): TrialSchedule {
  const trials = new Map(found.map((trial) => [trial.number, trial]));
  const unfinished = found.filter(({ outcome }) => outcome === undefined);
  const state = { last: Math.max(0, ...trials.keys()), exhausted: false };
  const all = (): Trial[] => [...trials.values()].sort((a, b) => a.number - b.number);
  const begin = ({ number, set }: Pick<Trial, "number" | "set">): Trial => {
    const trial: Trial = { number, set, values: [], outcome: undefined };
    trials.set(number, trial);
    write({ kind: "started", trial: number, set });
    return trial;
  };
  const change = (number: number, changed: (trial: Trial) => Trial): Trial | undefined => {
    const trial = trials.get(number);
    if (trial === undefined) return undefined;
    const next = changed(trial);
    trials.set(number, next);
    return next;
  };
  return {
    all,
    next: () => {
      const again = unfinished.shift();
      if (again !== undefined) return begin(again);
      if (state.last >= search.trials || state.exhausted) return undefined;
      const set = candidateOf(search, state.last + 1, all());
      state.exhausted = set === undefined;
      if (set === undefined) return undefined;
      state.last++;
      return begin({ number: state.last, set });
    },
    report: ({ number }, value) => {
      change(number, (trial) => ({ ...trial, values: [...trial.values, value] }));
      write({ kind: "reported", trial: number, ...value });
    },
    end: (trial, outcome) => {
      write({ ...outcome, trial: trial.number });
      return change(trial.number, (known) => ({ ...known, outcome })) ?? { ...trial, outcome };
    },
    isExhausted: () => state.exhausted,
  };
}
