// Takes a schedule, gives the kernels of its nests: of each one for every target.
import type { Extents } from "../types/dimension.js";
import type { Schedule, ScheduledBuffer } from "../types/nest.js";
import type { NestFacts } from "./analyze.js";
import { analyzeNest } from "./analyze.js";
import { chooseParallel, chooseSerial } from "./choose.js";
import { buildForCpu } from "./cpu.js";
import { buildForGpu } from "./gpu.js";
import type { Kernel } from "./ir.js";
import { splitAxes } from "./split.js";
import type { Target } from "./target.js";
import { cpu, gpu } from "./target.js";

/** A nest on every target; buffers are bound in the same order on each. */
export interface NestKernels {
  readonly gpu: Kernel;
  readonly cpu: Kernel;
}

/** The machines that the kernels of a nest are built for. */
export interface Targets {
  readonly gpu: Target;
  readonly cpu: Target;
}

/** Parallel to the nests. `extents` are what free dimensions are expected to be: kernels are right for any other. */
export function mapSchedule(
  { nests, buffers }: Schedule,
  extents: Extents = {},
  targets: Targets = { gpu, cpu },
): readonly NestKernels[] {
  return nests.map((nest) => {
    const facts = analyzeNest(splitAxes(nest), extents);
    return {
      gpu: buildKernel(facts, buffers, targets.gpu),
      cpu: buildKernel(facts, buffers, targets.cpu),
    };
  });
}

function buildKernel(
  facts: NestFacts,
  buffers: readonly ScheduledBuffer[],
  target: Target,
): Kernel {
  return target.machine === "gpu"
    ? buildForGpu(facts, chooseParallel(facts, target), buffers, target)
    : buildForCpu(facts, chooseSerial(facts, target), buffers);
}
