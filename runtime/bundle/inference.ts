// A plan and what its bundle has beside it in; a model that loads nets for inference out.

import type { InferenceNet, Model, AnyModel, ModelTypes } from "../api.js";
import { evaluateHost } from "../host.js";
import { createNet } from "../net.js";
import type { Plan } from "../plan.js";
import { createWebGpuBackend } from "../webgpu.js";
import {
  defineBundle,
  type CompiledWeights,
  type CpuOf,
  type ThreadsOf,
  type TunerOf,
} from "./define.js";

/** What a generated module exports under the model's name. */
export function defineModel<M extends ModelTypes = AnyModel>(
  plan: Plan,
  cpu: CpuOf,
  threads: ThreadsOf,
  weights?: CompiledWeights,
  tuner?: TunerOf,
): Model<InferenceNet<M>> {
  const parts = { createGpu: createWebGpuBackend, evaluateHost };
  return defineBundle({ plan, cpu, threads, weights, tuner, parts, create: createNet });
}

/** So that apps can tell its errors from others. */
export { NnError } from "../errors.js";
