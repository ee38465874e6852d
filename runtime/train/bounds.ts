// The data of a run in; an error where a batch that it will give, its last and smaller one too, is none that the model computes on, before anything is trained.

import type { Dimensions } from "../dimensions.js";
import { NnError } from "../errors.js";
import type { Plan, PlanProgram, PlanStage } from "../plan.js";
import { checkBounds } from "../session.js";
import { reachable } from "./reach.js";

/** A set, and the batches that it is cut into. */
export interface Batches {
  readonly names: { has(name: string): boolean };
  readonly dimensions: Dimensions;
  /** Infinity where they are drawn without an end. */
  readonly examples: number;
  readonly batch: number;
  readonly dropLast?: boolean;
}

/** What a stage trains on: its steps run on batches. */
export function refuseTraining(plan: Plan, stage: PlanStage, set: Batches): void {
  const steps = plan.programs.filter(
    ({ kind, stage: name }) => (kind === "step" || kind === "gather") && name === stage.name,
  );
  for (const program of steps) {
    refuseBatches(program, set, "`drop_last true` in the train block leaves it out");
  }
}

/** What is evaluated as a whole set: sweeps run on batches, the rest once. */
export function refuseEvaluation(plan: Plan, set: Batches): void {
  const held = new Set(plan.held?.map(({ name }) => name));
  const has = (name: string): boolean => set.names.has(name) || held.has(name);
  for (const program of plan.programs.filter(({ series }) => series === "evaluation")) {
    const wanted = reachable(plan, program, has);
    const { examples } = set;
    const whole = { ...set, batch: examples };
    refuseBatches(program, program.kind === "whole" ? whole : set, undefined, wanted);
  }
}

function refuseBatches(
  program: PlanProgram,
  { dimensions, examples, batch, dropLast = false }: Batches,
  remedy: string | undefined,
  wanted?: readonly number[],
): void {
  const check = (size: number): void => {
    checkBounds(program, { ...dimensions, batch: size }, wanted);
  };
  if (examples >= batch) check(batch);
  const last = examples % batch;
  if (!(last > 0) || dropLast) return;
  try {
    check(last);
  } catch (error) {
    if (!(error instanceof NnError) || examples < batch) throw error;
    const others = remedy === undefined ? "" : `; ${remedy}`;
    throw new NnError(
      error.code,
      `${error.message}; ${examples} examples in batches of ${batch} leave ${last} for the last one: choose a batch size that leaves none or more${others}`,
    );
  }
}
