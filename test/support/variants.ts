// A typed model and what to leave out (optimization, fusion, shared memory, merged dispatches) in; its plan and every level before it out.

import { build } from "../../compiler/build/index.js";
import type { BuiltModel } from "../../compiler/build/types.js";
import { modelPlan, trainedExtent } from "../../compiler/emit/modelPlan.js";
import { planKernels, planPrograms } from "../../compiler/emit/plan.js";
import type { Planned } from "../../compiler/emit/plan.js";
import { planSources } from "../../compiler/emit/sources.js";
import { mapInSteps, mapSchedules } from "../../compiler/kernel/index.js";
import { schedule } from "../../compiler/schedule/index.js";
import type { TypedModel } from "../../compiler/types/model.js";
import type { Schedule } from "../../compiler/types/nest.js";
import type { Plan } from "../../runtime/plan.js";
import { keepShaders } from "./naga.js";

export interface VariantOptions {
  readonly optimize?: boolean;
  readonly fuse?: boolean;
  readonly share?: boolean;
  /** False: each nest is a dispatch. */
  readonly merge?: boolean;
}

export interface Variant {
  readonly built: BuiltModel;
  readonly schedules: readonly Schedule[];
  readonly planned: Planned;
  readonly plan: Plan;
}

export function variantOf(typed: TypedModel, options: VariantOptions = {}): Variant {
  const { optimize = true, fuse = true, share = true, merge = share } = options;
  const built = build(typed, { optimize });
  const estimates = Object.fromEntries(
    typed.freeDimensions.map((name) => [name, trainedExtent(typed, name)]),
  );
  const storage = (name: string) => {
    const found = built.storages.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no storage ${name}`);
    return found;
  };
  const ordered = built.programs.map((program) =>
    schedule(program, { estimates, storage, fuse, share: share && !merge }),
  );
  const mapped = merge
    ? mapInSteps(ordered, estimates)
    : { schedules: ordered, kernels: mapSchedules(ordered, estimates) };
  const planned = planPrograms(planSources(built, mapped), {
    storages: built.storages.map(({ name }) => name),
    dimensions: typed.freeDimensions,
    describe: ({ path }) => path,
  });
  const plan = modelPlan({
    built,
    kernels: planKernels(planned),
    programs: planned.programs,
    entry: "training",
  });
  // As users get them.
  if (optimize && fuse && share && merge) keepShaders(plan.kernels);
  return { built, schedules: mapped.schedules, planned, plan };
}
