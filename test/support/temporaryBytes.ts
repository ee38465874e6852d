// A compiled model in; the bytes that its training step takes for temporaries, where most of them live at once, out.
import { expect } from "vitest";
import type { CompiledModel } from "../../compiler/index.js";
import { livenessBound } from "../../compiler/schedule/memory.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import { evaluateDim } from "../../compiler/types/dimension.js";

/** `kind`: of the step, or of what gathers gradients before it. */
export function temporaryBytes({ training }: CompiledModel, kind = "step"): number {
  const made = training.schedules.find(({ name }) => name.startsWith(`${kind}.`));
  if (made === undefined) throw new Error(`there is no ${kind}`);
  expect(verifySchedule(made)).toEqual([]);
  const batch = training.plan.dimensions.find(({ name }) => name === "batch")?.trained ?? 1;
  const sizes = made.slots.map(({ bytes }) => evaluateDim(bytes, { batch }));
  return livenessBound(made.slots, sizes);
}
