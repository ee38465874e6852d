// Takes no input, gives the types of a search: what was tried, and what became of it.
import type { SearchedParameter, SearchGoal } from "../../compiler/types/model.js";
import type { Settings } from "../options.js";

/** What candidates are made of. */
export interface Space {
  readonly parameters: readonly SearchedParameter[];
  readonly seed: number;
}

/** The value of the goal at the end of an epoch, counted from 1 through all stages; infinite where it is no number. */
export interface EpochValue {
  readonly epoch: number;
  readonly value: number;
}

export type Outcome =
  | {
      readonly kind: "finished";
      readonly value: number;
      readonly epochs: number;
      readonly seconds: number;
      /** Of these, before the first step: compiling, reading, opening. */
      readonly preparing: number;
      /** Where its weights were written, if they were. */
      readonly weights?: string;
    }
  /** By the median of the others. */
  | {
      readonly kind: "stopped";
      readonly epoch: number;
      readonly value: number;
      readonly median: number;
      readonly seconds: number;
    }
  | { readonly kind: "failed"; readonly reason: string; readonly seconds: number };

export interface Trial {
  /** From 1. */
  readonly number: number;
  /** The searched parameters. */
  readonly set: Settings;
  readonly values: readonly EpochValue[];
  /** Undefined while it is under way. */
  readonly outcome: Outcome | undefined;
}

/** Of two values, the better one comes first. */
export function compareValues({ sense }: Pick<SearchGoal, "sense">, a: number, b: number): number {
  return lossOf({ sense }, a) - lossOf({ sense }, b) || 0;
}

/** A value as one that is better when smaller; what is no number is the worst. */
export function lossOf({ sense }: Pick<SearchGoal, "sense">, value: number): number {
  if (Number.isNaN(value)) return Infinity;
  return sense === "maximize" ? -value : value;
}

/** The finished trial with the best value, the first of several. */
export function bestTrial(
  goal: Pick<SearchGoal, "sense">,
  trials: Iterable<Trial>,
): (Trial & { readonly outcome: Extract<Outcome, { kind: "finished" }> }) | undefined {
  let best: (Trial & { readonly outcome: Extract<Outcome, { kind: "finished" }> }) | undefined;
  for (const { outcome, ...trial } of trials) {
    if (outcome?.kind !== "finished" || lossOf(goal, outcome.value) === Infinity) continue;
    if (best === undefined || lossOf(goal, outcome.value) < lossOf(goal, best.outcome.value))
      best = { ...trial, outcome };
  }
  return best;
}
