// A compiled model in; a net that trains and predicts, without a bundle, out.

import { createCpuBackend } from "./cpu.js";
import { evaluateHost } from "./host.js";
import type { AnyModel, ModelTypes, TrainingLoadOptions, TrainingNet } from "./api.js";
import type { CpuModule, Plan } from "./plan.js";
import {
  closeOnError,
  openSession as openWith,
  type SessionOptions,
  type TrainingSession,
} from "./session.js";
import { initialize } from "./train/initialize.js";
import { createTrainingNet } from "./train/net.js";
import { createTrainingGpuBackend } from "./train/webgpu.js";

export type * from "./api.js";
export type * from "./plan.js";
export { PLAN_FORMAT } from "./plan.js";
export { NnError, type ErrorCode } from "./errors.js";
export { readSafetensors, writeSafetensors } from "./safetensors.js";
export { makeRun, type Session } from "./session.js";

export interface RuntimeOptions extends TrainingLoadOptions {
  /** The printed CPU kernels, imported as a module; called only where the CPU is used. */
  readonly cpu?: () => Promise<CpuModule>;
  /** 64: double precision on the CPU, for checks of derivatives. */
  readonly precision?: 32 | 64;
}

/** A backend with the plan's storages, for runs of single programs. Throws NnError. */
export function openSession(
  plan: Plan,
  options: Partial<SessionOptions<TrainingSession["backend"]>> = {},
): Promise<TrainingSession> {
  return openWith(plan, {
    createGpu: createTrainingGpuBackend,
    evaluateHost,
    initialize,
    ...options,
  });
}

/** Opens a plan, or a compiled model that holds one. Throws NnError. */
export async function load<M extends ModelTypes = AnyModel>(
  model: Plan | { readonly plan: Plan },
  options: RuntimeOptions = {},
): Promise<TrainingNet<M>> {
  const plan = "plan" in model ? model.plan : model;
  const { cpu } = options;
  const session = await openSession(plan, {
    ...options,
    openCpu: cpu && (async (precision) => createCpuBackend(plan, await cpu(), precision)),
  });
  const net = await closeOnError(session, () => createTrainingNet(session, options));
  return net as unknown as TrainingNet<M>;
}
