// Takes a loop nest, gives its size in what kernels have limits of: storage bindings, operations.
import type { LoopNest } from "../types/nest.js";
import { reachableScalars } from "./operands.js";

export interface KernelLimits {
  /** Storage bindings. */
  readonly buffers: number;
  /** Distinct scalars. */
  readonly operations: number;
}

export const kernelLimits: KernelLimits = {
  // What WebGPU promises a shader stage.
  buffers: 8,
  // Creating a pipeline is superlinear in the length of its kernel.
  operations: 1500,
};

/** Distinct buffers touched and distinct scalars of a nest. */
export function measure(nest: LoopNest): KernelLimits {
  const scalars = reachableScalars(nest.stores.flatMap((store) => [store.index, store.value]));
  const buffers = new Set(nest.stores.map((store) => store.buffer));
  for (const scalar of scalars) if (scalar.kind === "load") buffers.add(scalar.buffer);
  return { buffers: buffers.size, operations: scalars.size };
}
