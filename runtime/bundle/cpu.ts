// Printed kernels beside it in; what a `*.cpu.js` file exports, out: the CPU backend, fetched with its kernels.

import { createCpuBackend } from "../cpu.js";
import type { CpuModule } from "../plan.js";

/** What a generated CPU module exports: its own kernels, and this backend. */
export interface BundledCpu extends CpuModule {
  readonly createCpuBackend: typeof createCpuBackend;
}

export { createCpuBackend };
