// A stage and a cursor over batches in; the updates of its next step, and how long its run is, out.

import type { FitOptions } from "../api.js";
import { at, fail } from "../errors.js";
import type { PlanStage } from "../plan.js";
import type { Batch, Cursor, Source } from "./data.js";
import type { Objective, Update } from "./trainer.js";

/** Steps that count as an epoch where the data is drawn and nothing else says. */
const drawnEpoch = 100;

export interface RunLength {
  /** Infinite where nothing bounds them. */
  readonly epochs: number;
  readonly steps: number;
  readonly perEpoch: number;
}

/** Batches that a step takes: a line with `repeat` takes as many updates' worth, the first line at least one. */
function batchesOfStep({ objectives, accumulate }: PlanStage): number {
  const updates = objectives.map(({ repeat }, index) => repeat ?? (index === 0 ? 1 : 0));
  return updates.reduce((sum, count) => sum + count, 0) * accumulate;
}

/** The caller's epochs or steps go before the stage's; what ends first ends the run. Throws NnError "option". */
export function lengthOfRun(stage: PlanStage, source: Source, options: FitOptions): RunLength {
  for (const name of ["epochs", "steps", "stepsPerEpoch"] as const) {
    const value = options[name] ?? 0;
    if (!(value >= 0 && (Number.isInteger(value) || value === Infinity)))
      fail("option", `${name} is a whole number of at least 0, not ${value}`);
  }
  const given = options.epochs !== undefined || options.steps !== undefined;
  const { epochs, steps } = given ? options : stage;
  const known =
    source.batches === undefined ? undefined : Math.ceil(source.batches / batchesOfStep(stage));
  const drawn =
    source.kind !== "drawn"
      ? undefined
      : epochs !== undefined && steps !== undefined
        ? Math.ceil(steps / epochs)
        : drawnEpoch;
  const perEpoch = options.stepsPerEpoch ?? known ?? drawn ?? Infinity;
  const bound = epochs ?? (steps === undefined ? 1 : Infinity);
  return { epochs: bound, steps: Math.min(steps ?? Infinity, bound * perEpoch), perEpoch };
}

/**
 * The updates of the next step, each of the objectives in turn; undefined at the end of an epoch.
 * A repetition that finds no batch left is not made.
 */
export async function collectStep(
  stage: PlanStage,
  cursor: Cursor,
  progress: number,
  share: number,
): Promise<{ readonly updates: Update[]; readonly taken: number } | undefined> {
  const updates: Update[] = [];
  let taken = 0;
  let batches: readonly Batch[] = [];
  for (const [line, objective] of stage.objectives.entries()) {
    const repeat = objective.repeat ?? 1;
    for (let turn = 0; turn < repeat; turn++) {
      if (objective.repeat !== undefined || line === 0) {
        const next = await takeBatches(cursor, stage.accumulate);
        if (next.length === 0) break;
        taken += next.length;
        batches = next;
      }
      if (batches.length === 0) break;
      updates.push({
        objective,
        batches,
        progress: scheduleProgress(progress, share, turn, repeat),
      });
    }
  }
  return updates.length > 0 ? { updates, taken } : undefined;
}

/** Where the length of the run is not known, progress stands at 0. */
function scheduleProgress(progress: number, share: number, turn: number, repeat: number): number {
  return progress + (share * turn) / repeat;
}

async function takeBatches(cursor: Cursor, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  while (batches.length < count) {
    const batch = await cursor.next();
    if (!batch) break;
    batches.push(batch);
  }
  return batches;
}

/** The updates of a step whose batches a caller gave: taken in order, the last one again where they run out. */
export function givenStep(
  stage: PlanStage,
  objectives: readonly Objective[],
  batches: readonly Batch[],
  progress: number,
): Update[] {
  const groups: Batch[][] = [];
  for (let start = 0; start < batches.length; start += stage.accumulate) {
    groups.push(batches.slice(start, start + stage.accumulate));
  }
  const updates: Update[] = [];
  let group = -1;
  for (const [line, objective] of objectives.entries()) {
    for (let turn = 0; turn < (objective.repeat ?? 1); turn++) {
      if (objective.repeat !== undefined || line === 0) group++;
      const taken = at(groups, Math.min(group, groups.length - 1));
      updates.push({ objective, batches: taken, progress });
    }
  }
  return updates;
}
