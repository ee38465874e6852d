// Takes a schedule, gives the kernels of its nests: of each one for every target.
import type { Extents } from "../types/dimension.js";
import type { LoopNest, Schedule, ScheduledBuffer } from "../types/nest.js";
import { mapToCpu } from "./cpu.js";
import { mapToGpu } from "./gpu.js";
import type { Kernel } from "./ir.js";

/** A nest on every target; buffers are bound in the same order on each. */
export interface NestKernels {
  readonly gpu: Kernel;
  readonly cpu: Kernel;
}

type Mapping = (nest: LoopNest, buffers: readonly ScheduledBuffer[], extents: Extents) => Kernel;

/** How nests become kernels; tests compare others with these. */
export interface Mappings {
  readonly gpu: Mapping;
  readonly cpu: Mapping;
}

/** Parallel to the nests. `extents` are what free dimensions are expected to be: kernels are right for any other. */
export function mapSchedule(
  { nests, buffers }: Schedule,
  extents: Extents = {},
  { gpu, cpu }: Mappings = { gpu: mapToGpu, cpu: mapToCpu },
): readonly NestKernels[] {
  return nests.map((nest) => ({
    gpu: gpu(nest, buffers, extents),
    cpu: cpu(nest, buffers, extents),
  }));
}
