// Takes no input, gives the state of a training run: plain data, saved with the weights, that a resumed run goes on from.

import type { Values } from "../backend.js";
import type { PlanStage, PlanTerm } from "../plan.js";
import type { Sums } from "./journal.js";

/** A value that should fall, and how many epochs ago it last did. */
export interface Watch {
  best: number | undefined;
  bad: number;
}

/** What a stage computes: a fingerprint, and what it is made of. */
export interface StageTerms {
  readonly name: string;
  readonly formulas: string;
  readonly terms: readonly PlanTerm[];
}

/** What a resumed run must have in common with the one it goes on with. */
export interface RunTerms {
  readonly model: string;
  /** This stage and those after it. */
  readonly stages: readonly StageTerms[];
  /** Examples in a batch. */
  readonly batch: number;
  readonly seed: number;
  readonly validation: string;
  readonly data: string;
}

/** A `fit` that has not come to its end. */
export interface RunState {
  stage: string;
  terms: RunTerms;
  epoch: number;
  /** Passes over the data that ended, batches taken from the present one, and whether the epoch's own has ended. */
  pass: number;
  position: number;
  passed: boolean;
  /** Steps of the epoch. */
  epochSteps: number;
  /** Steps of the run. */
  step: number;
  plateaus: (Watch & { value: number })[];
  stopping: Watch & {
    epoch: number;
    /** The validation loss of that epoch. */
    loss?: number;
  };
  /** Nothing is left but to end. */
  done: boolean;
  /** Of the epoch so far. */
  sums: Sums;
  examples: number;
}

export interface TrainingState {
  /** The caller's seed, which goes before those of the stages. */
  seed: number | undefined;
  /** Runs that may have drawn. */
  counter: number;
  stage: string | undefined;
  /** Steps of the stage, and updates of each of its objectives. */
  steps: number;
  updates: Record<string, number>;
  fitted: boolean;
  run: RunState | undefined;
}

/** All that a trainer holds at one moment. Without the state of training: weights, states and fitted values alone. */
export interface Capture {
  readonly storages: ReadonlyMap<number, Values>;
  /** Of the storages of parameters. */
  readonly best: readonly Values[] | undefined;
  readonly state: TrainingState | undefined;
}

export function freshState(seed: number | undefined, fitted: boolean): TrainingState {
  return { seed, counter: 0, stage: undefined, steps: 0, updates: {}, fitted, run: undefined };
}

export function freshRun({ name, plateaus }: PlanStage, terms: RunTerms): RunState {
  return {
    stage: name,
    terms,
    epoch: 0,
    pass: 0,
    position: 0,
    passed: false,
    epochSteps: 0,
    step: 0,
    plateaus: plateaus.map(() => ({ value: 1, best: undefined, bad: 0 })),
    stopping: { best: undefined, bad: 0, epoch: 0 },
    done: false,
    sums: {},
    examples: 0,
  };
}

/** A plateau ends where the loss falls by this part of the best one, as that of PyTorch's ReduceLROnPlateau does. */
const plateauThreshold = 1e-4;

/**
 * Notes a value: whether it fell below all before by at least this part of the best. A value that is as good as the best is
 * no improvement.
 */
export function watch(state: Watch, value: number, threshold = 0): boolean {
  const { best } = state;
  if (best === undefined || value < best - threshold * Math.abs(best)) {
    state.best = value;
    state.bad = 0;
    return true;
  }
  state.bad++;
  return false;
}

/** After an epoch's validation: plateaus fall, patience ends. Says whether this epoch is the best so far. */
export function watchValidation(
  run: RunState,
  stage: PlanStage,
  loss: number,
  watched: number,
): boolean {
  stage.plateaus.forEach(({ factor, patience }, index) => {
    const plateau = run.plateaus[index];
    if (!plateau || watch(plateau, loss, plateauThreshold)) return;
    // As many epochs are borne; the next one that is no better lowers it.
    if (plateau.bad <= patience) return;
    plateau.value *= factor;
    plateau.bad = 0;
  });
  const { stopEarly } = stage;
  if (!stopEarly) return false;
  if (watch(run.stopping, watched)) {
    Object.assign(run.stopping, { epoch: run.epoch, loss });
    return true;
  }
  if (run.stopping.bad >= stopEarly.patience) run.done = true;
  return false;
}
