// A plan and where its CPU kernels lie in; a model that loads nets for training and inference out.

import type { Model, AnyModel, ModelTypes, TrainingLoadOptions, TrainingNet } from "../api.js";
import { evaluateHost } from "../host.js";
import type { Plan } from "../plan.js";
import { initialize } from "../train/initialize.js";
import { createTrainingNet } from "../train/net.js";
import { createTrainingGpuBackend } from "../train/webgpu.js";
import type { BundledCpu } from "./cpu.js";
import { closeOnError } from "../session.js";
import { openBundle } from "./define.js";

/** What a generated module exports under the model's name. `cpu` is called only where the CPU is used. */
export function defineModel<M extends ModelTypes = AnyModel>(
  plan: Plan,
  cpu: () => Promise<BundledCpu>,
): Model<TrainingNet<M>, TrainingLoadOptions> {
  return {
    name: plan.model,
    load: async (options: TrainingLoadOptions = {}) => {
      const parts = { createGpu: createTrainingGpuBackend, evaluateHost, initialize };
      const session = await openBundle(plan, cpu, parts, options);
      const net = await closeOnError(session, () => createTrainingNet(session, options));
      return net as unknown as TrainingNet<M>;
    },
  };
}

/** So that apps can tell its errors from others. */
export { NnError } from "../errors.js";
