// The data of a run in; an error where a batch that it will give, its last and smaller one too, is none that the model computes on, before anything is trained.

import type { Dimensions } from "../dimensions.js";
import { NnError } from "../errors.js";
import type { Plan, PlanProgram, PlanSeries, PlanStage } from "../plan.js";
import { checkBounds } from "../session.js";
import { reachable } from "./reach.js";

/** A set, and the batches that it is cut into. */
export interface Batches {
  readonly names: { has(name: string): boolean };
  readonly dimensions: Dimensions;
  /** Infinity where they are drawn without an end. */
  readonly examples: number;
  readonly batch: number;
}

/** What a whole set is gone through for. */
export type Purpose = "validation" | "evaluation" | "fitting";

interface Wording {
  /** Where a batch that does not fit was met, and where it cannot be met another time. */
  readonly prefix: string;
  readonly remedy: string;
}

const wordings: Readonly<Record<"training" | Purpose, Wording>> = {
  training: { prefix: "", remedy: "; `drop_last true` in the train block leaves it out" },
  validation: { prefix: "in validation, ", remedy: ", or another share or set to validate on" },
  evaluation: { prefix: "in evaluation, ", remedy: ", or evaluate on more or fewer examples" },
  fitting: {
    prefix: "while values are fitted to the training set, ",
    remedy: ", or give more or fewer examples",
  },
};

/** Says of a mistake in which pass over a set it was met. */
export function metIn(purpose: Purpose, error: unknown, where: string): unknown {
  if (!(error instanceof NnError) || error.code !== "shape") return error;
  return new NnError(error.code, `${wordings[purpose].prefix}${where}${error.message}`);
}

/** What a stage trains on: its steps run on batches, the last one of the set only where some step reaches it. */
export function refuseTraining(
  plan: Plan,
  stage: PlanStage,
  set: Batches,
  reachesLast: boolean,
): void {
  const steps = plan.programs.filter(
    ({ kind, stage: name }) => (kind === "step" || kind === "gather") && name === stage.name,
  );
  for (const program of steps)
    refuseBatches(program, set, { wording: wordings.training, reachesLast });
}

/** What is evaluated, or fitted to, as a whole set: sweeps run on batches, the rest once. */
export function refuseSet(plan: Plan, series: PlanSeries, set: Batches, purpose: Purpose): void {
  const held = new Set(plan.held?.map(({ name }) => name));
  const has = (name: string): boolean => set.names.has(name) || held.has(name);
  for (const program of plan.programs.filter((one) => one.series === series)) {
    const wanted = series === "fitted" ? undefined : reachable(plan, program, has);
    const { examples } = set;
    const isWhole = program.kind === "whole";
    const cut = isWhole ? { ...set, batch: examples } : set;
    refuseBatches(program, cut, { wording: wordings[purpose], wanted, isWhole });
  }
}

interface Circumstances {
  readonly wording: Wording;
  readonly reachesLast?: boolean;
  readonly wanted?: readonly number[] | undefined;
  /** Run once, with the whole set as its batch. */
  readonly isWhole?: boolean;
}

function refuseBatches(
  program: PlanProgram,
  { dimensions, examples, batch }: Batches,
  { wording, reachesLast = true, wanted, isWhole = false }: Circumstances,
): void {
  const { prefix, remedy } = wording;
  const check = (size: number, tell: string): void => {
    try {
      checkBounds(program, { ...dimensions, batch: size }, wanted);
    } catch (error) {
      if (!(error instanceof NnError)) throw error;
      throw new NnError(error.code, `${prefix}${error.message}${tell}`);
    }
  };
  const counted = `${examples} example${examples === 1 ? "" : "s"}`;
  if (isWhole) {
    check(examples, `; the set has ${counted}, which are looked at all at once`);
    return;
  }
  if (examples >= batch) check(batch, prefix === "" ? "" : `; its batches have ${batch} examples`);
  const last = examples % batch;
  if (!(last > 0) || !reachesLast) return;
  const which = `the last one, batch ${Math.ceil(examples / batch)}`;
  const cut = `; ${counted} in batches of ${batch} leave ${last} for ${which}: choose a batch size that leaves none or more${remedy}`;
  check(last, examples < batch ? `; the set has no more than ${counted}` : cut);
}
