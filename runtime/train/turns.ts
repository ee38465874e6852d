// A stage and a cursor over batches in; the updates of its next step, and how long its run is, out.

import type { FitOptions } from "../api.js";
import { at, fail } from "../errors.js";
import type { PlanStage } from "../plan.js";
import type { TrainingSession } from "../session.js";
import { ofPass } from "./carried.js";
import { hasBuffers, ownBatch, type Batch, type Cursor, type Source } from "./data.js";
import type { Objective, Update } from "./trainer.js";

/** Steps that count as an epoch where the data is drawn and nothing else says. */
const drawnEpoch = 100;

export interface RunLength {
  /** Infinite where nothing bounds them. */
  readonly epochs: number;
  readonly steps: number;
  /** Steps of an epoch at most, and at least: what one epoch takes of the next pass, the next one has not. */
  readonly perEpoch: number;
  readonly least: number;
}

/** Updates of a step that take batches of their own: a line with `repeat` as many, the first line at least one. */
export function updatesOfStep({ objectives }: Pick<PlanStage, "objectives">): number {
  const updates = objectives.map(({ repeat }, index) => repeat ?? (index === 0 ? 1 : 0));
  return updates.reduce((sum, count) => sum + count, 0);
}

/** The caller's epochs or steps go before the stage's; what ends first ends the run. Throws NnError "option". */
export function lengthOfRun(
  stage: PlanStage,
  source: Pick<Source, "kind" | "batches">,
  options: FitOptions,
): RunLength {
  for (const name of ["epochs", "steps", "stepsPerEpoch"] as const) {
    const value = options[name] ?? 0;
    if (!(value >= 0 && (Number.isInteger(value) || value === Infinity)))
      fail("option", `${name} is a whole number of at least 0, not ${value}`);
  }
  const given = options.epochs !== undefined || options.steps !== undefined;
  const { epochs, steps } = given ? options : stage;
  const { batches } = source;
  const updates = batches === undefined ? undefined : Math.ceil(batches / stage.accumulate);
  // Each epoch has a step of its own, however many passes that takes.
  const share = updates === undefined ? 1 : Math.min(updatesOfStep(stage), updates);
  const known = updates === undefined ? undefined : Math.ceil(updates / share);
  const drawn =
    source.kind !== "drawn"
      ? undefined
      : epochs !== undefined && steps !== undefined
        ? Math.ceil(steps / epochs)
        : drawnEpoch;
  const perEpoch = options.stepsPerEpoch ?? known ?? drawn ?? Infinity;
  const bound = epochs ?? (steps === undefined ? 1 : Infinity);
  const isWhole = options.stepsPerEpoch === undefined && updates !== undefined;
  const total = isWhole ? Math.ceil((bound * updates) / share) : bound * perEpoch;
  const least = isWhole ? Math.floor(updates / share) : perEpoch;
  return { epochs: bound, steps: Math.min(steps ?? Infinity, total), perEpoch, least };
}

/** Batches of one pass over the data after the other. */
export interface Passes {
  /** Passes that ended, and batches taken from the present one. */
  readonly reached: () => { readonly pass: number; readonly position: number };
  /** As many batches, fewer where a pass ends; none at its end, or those of the next one where a step wants them. */
  take(count: number, goesOn: boolean): Promise<Batch[]>;
  close(): Promise<void>;
}

/** What is wrong with a caller's buffers is known before a step begins. */
export function openPasses(
  session: TrainingSession,
  source: Source,
  from: { readonly pass: number; readonly position: number },
): Passes {
  let { pass, position } = from;
  let cursor = source.open(pass, position);
  return {
    reached: () => ({ pass, position }),
    take: async (count, goesOn) => {
      let batches = await takeBatches(session, cursor, count);
      if (batches.length === 0 && goesOn && !source.once) {
        await cursor.close();
        pass++;
        position = 0;
        cursor = source.open(pass, position);
        batches = await takeBatches(session, cursor, count);
      }
      batches = ofPass(batches, position);
      position += batches.length;
      return batches;
    },
    close: () => cursor.close(),
  };
}

/**
 * The updates of the next step, each of the objectives in turn; undefined where the pass ended before it, or where data that
 * can be read once ended within it. What it lacks of one pass it takes from the next;
 * a fresh epoch may find the pass at its end, as the step before took all of it.
 */
export async function collectStep(
  stage: PlanStage,
  { passes, isFresh }: { readonly passes: Passes; readonly isFresh: boolean },
  progress: number,
  share: number,
): Promise<readonly Update[] | undefined> {
  const updates: Update[] = [];
  let batches: readonly Batch[] = [];
  for (const [line, objective] of stage.objectives.entries()) {
    const repeat = objective.repeat ?? 1;
    for (let turn = 0; turn < repeat; turn++) {
      if (objective.repeat !== undefined || line === 0) {
        batches = await passes.take(stage.accumulate, isFresh || updates.length > 0);
        if (batches.length === 0) return undefined;
      }
      updates.push({ objective, batches, progress: progress + (share * turn) / repeat, turn });
    }
  }
  return updates;
}

async function takeBatches(
  session: TrainingSession,
  cursor: Cursor,
  count: number,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  while (batches.length < count) {
    const batch = await cursor.next();
    if (!batch) break;
    batches.push(hasBuffers(batch) ? await ownBatch(session, batch) : batch);
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
      updates.push({ objective, batches: taken, progress, turn });
    }
  }
  return updates;
}
