// A plan with values that pass from batch to batch, and its data, in; batches that go on from each other, and where such values begin, out.

import { emptyValues, type Values } from "../backend.js";
import { countOf, evaluateShape, type Dimensions } from "../dimensions.js";
import { fail } from "../errors.js";
import type { Plan, PlanHeld, PlanProgram } from "../plan.js";
import { resetStorages, type TrainingSession } from "../session.js";
import type { Batch } from "./data.js";

export function isCarried(plan: Plan): boolean {
  return plan.programs.some((one) => one.series && carriedIn(plan, one).length > 0);
}

/**
 * The rows batch after batch, so that each place of the batches reads one stretch of them, in their order; those that are left over
 * come nowhere. Fewer than a batch are one batch. Undefined where nothing passes from batch to batch.
 */
export function inStretches(plan: Plan, rows: Uint32Array, batch: number): Uint32Array | undefined {
  if (!isCarried(plan)) return undefined;
  const places = Math.min(batch, rows.length);
  const batches = Math.floor(rows.length / places);
  return Uint32Array.from({ length: places * batches }, (_, index) => {
    const place = index % places;
    return rows[place * batches + (index - place) / places] ?? 0;
  });
}

/** The batches that were taken of a pass, of which the first begins it where none was taken before. */
export function ofPass(batches: Batch[], position: number): Batch[] {
  const [first, ...rest] = batches;
  return first && position === 0 ? [{ ...first, begins: true }, ...rest] : batches;
}

/** Behind the steps that were submitted, and before the one that takes the batch. */
export function beginPass({ plan, backend }: TrainingSession, { begins }: Batch): void {
  if (!begins) return;
  const carried = [...plan.storages.keys()].filter((at) => plan.storages[at]?.kind === "carried");
  resetStorages(plan, backend, carried);
}

/** What a sweep's batches hand on. */
export function carriedIn({ held = [] }: Plan, program: PlanProgram): readonly PlanHeld[] {
  return held.filter(({ name, initial }) => initial !== undefined && program.inputs.includes(name));
}

/** What the first batch of a sweep reads; throws NnError "data" where a later one has another size. */
export function beginCarried(
  { backend }: TrainingSession,
  carried: readonly PlanHeld[],
  held: Map<string, Values>,
  dimensions: Dimensions,
): void {
  for (const { name, type, shape, initial = 0 } of carried) {
    const count = countOf(evaluateShape(shape, dimensions));
    const before = held.get(name);
    if (before === undefined)
      held.set(name, emptyValues(type, backend.precision, count).fill(initial));
    else if (before.length !== count)
      fail(
        "data",
        `batches that go on from each other are of one size; one has ${dimensions["batch"] ?? 1} examples, those before it had more or fewer`,
      );
  }
}
