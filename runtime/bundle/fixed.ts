// A plan without host values and where its CPU kernels lie in; a model that loads nets for inference out.

import type { InferenceNet, LoadOptions, Model, AnyModel, ModelTypes } from "../api.js";
import { createNet } from "../net.js";
import type { Plan } from "../plan.js";
import { createWebGpuBackend } from "../webgpu.js";
import type { BundledCpu } from "./cpu.js";
import { closeOnError } from "../session.js";
import { openBundle } from "./define.js";

/** As that of inference.ts, without the interpreter of host expressions. */
export function defineModel<M extends ModelTypes = AnyModel>(
  plan: Plan,
  cpu: () => Promise<BundledCpu>,
): Model<InferenceNet<M>> {
  return {
    name: plan.model,
    load: async (options: LoadOptions = {}) => {
      const parts = { createGpu: createWebGpuBackend };
      const session = await openBundle(plan, cpu, parts, options);
      const net = await closeOnError(session, () => createNet(session, options));
      return net as unknown as InferenceNet<M>;
    },
  };
}

/** So that apps can tell its errors from others. */
export { NnError } from "../errors.js";
