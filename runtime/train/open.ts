// A plan in; a backend that trains with the plan's storages, for runs of single programs, out.

import { evaluateHost } from "../host.js";
import type { Plan } from "../plan.js";
import { openSession as openWith, type SessionOptions, type TrainingSession } from "../session.js";
import { firstPrograms } from "./first.js";
import { initialize } from "./initialize.js";
import { createTrainingGpuBackend } from "./webgpu.js";

const parts = { createGpu: createTrainingGpuBackend, evaluateHost, initialize };

/** Of all that loads nets that train. */
export const trainingParts = { ...parts, firstOf: firstPrograms };

/** Of all programs. Throws NnError. */
export function openSession(
  plan: Plan,
  options: Partial<SessionOptions<TrainingSession["backend"]>> = {},
): Promise<TrainingSession> {
  return openWith(plan, { ...parts, ...options });
}
