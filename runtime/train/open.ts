// A plan in; a backend that trains with the plan's storages, for runs of single programs, out.

import { evaluateHost } from "../host.js";
import type { Plan } from "../plan.js";
import { openSession as openWith, type SessionOptions, type TrainingSession } from "../session.js";
import { initialize } from "./initialize.js";
import { createTrainingGpuBackend } from "./webgpu.js";

export const trainingParts = { createGpu: createTrainingGpuBackend, evaluateHost, initialize };

/** Throws NnError. */
export function openSession(
  plan: Plan,
  options: Partial<SessionOptions<TrainingSession["backend"]>> = {},
): Promise<TrainingSession> {
  return openWith(plan, { ...trainingParts, ...options });
}
