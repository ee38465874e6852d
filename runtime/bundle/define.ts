// A plan, where its CPU kernels lie and the parts of the runtime it needs in; an open session out.

import type { LoadOptions } from "../api.js";
import type { Backend, TrainingBackend } from "../backend.js";
import type { Plan } from "../plan.js";
import { openSession, type Session, type SessionOptions } from "../session.js";
import type { BundledCpu } from "./cpu.js";

/** Parts of the runtime, which come with a bundle only where its plan needs them. */
export type Parts<B extends Backend> = Pick<
  SessionOptions<B>,
  "createGpu" | "evaluateHost" | "initialize"
>;

/** `cpu` is called only where the CPU is used. */
export function openBundle<B extends Backend>(
  plan: Plan,
  cpu: () => Promise<BundledCpu>,
  parts: Parts<B | TrainingBackend>,
  options: LoadOptions,
): Promise<Session<B | TrainingBackend>> {
  return openSession(plan, {
    ...options,
    ...parts,
    openCpu: async (precision) => {
      const module = await cpu();
      return module.createCpuBackend(plan, module, precision);
    },
  });
}
