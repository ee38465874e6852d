// A plan and where its CPU kernels lie in; a model that loads nets for training and inference out.

import type { Model, ModelTypes, TrainingLoadOptions, TrainingNet } from "../api.js";
import type { CpuModule, Plan } from "../plan.js";
import { openSession } from "../session.js";
import { createTrainingNet } from "../train/net.js";

/** What a generated module exports under the model's name. `cpu` is called only where the CPU is used. */
export function defineModel<M extends ModelTypes = ModelTypes>(
  plan: Plan,
  cpu: () => Promise<CpuModule>,
): Model<TrainingNet<M>, TrainingLoadOptions> {
  return {
    name: plan.model,
    load: async (options: TrainingLoadOptions = {}) => {
      const session = await openSession(plan, { ...options, cpu });
      return createTrainingNet(session, options) as unknown as Promise<TrainingNet<M>>;
    },
  };
}
