// A plan and where its CPU kernels lie in; a model that loads nets for training and inference out.

import type { Model, AnyModel, ModelTypes, TrainingLoadOptions, TrainingNet } from "../api.js";
import type { Plan } from "../plan.js";
import { openSession } from "../session.js";
import { createTrainingNet } from "../train/net.js";
import type { BundledCpu } from "./cpu.js";

/** What a generated module exports under the model's name. `cpu` is called only where the CPU is used. */
export function defineModel<M extends ModelTypes = AnyModel>(
  plan: Plan,
  cpu: () => Promise<BundledCpu>,
): Model<TrainingNet<M>, TrainingLoadOptions> {
  return {
    name: plan.model,
    load: async (options: TrainingLoadOptions = {}) => {
      const session = await openSession(plan, {
        ...options,
        openCpu: async (precision) => {
          const module = await cpu();
          return module.createCpuBackend(plan, module, precision);
        },
      });
      return createTrainingNet(session, options) as unknown as Promise<TrainingNet<M>>;
    },
  };
}
