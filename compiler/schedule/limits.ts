// Takes a loop nest, gives the limit that it exceeds, if any: storage bindings, size of the kernel.
import type { LoopNest } from "../types/nest.js";
import { reachableScalars } from "./operands.js";

/** Creating a pipeline is superlinear in the length of its kernel. */
const maximumOperations = 1500;

export function overfull(nest: LoopNest, maxBuffers: number): string | undefined {
  const { buffers, operations } = measure(nest);
  if (buffers > maxBuffers) return `${buffers} buffers, at most ${maxBuffers}`;
  if (operations > maximumOperations)
    return `${operations} operations, at most ${maximumOperations}`;
  return undefined;
}

/** Distinct buffers touched and distinct scalars of a nest. */
export function measure(nest: LoopNest): { buffers: number; operations: number } {
  const scalars = reachableScalars(nest.stores.flatMap((store) => [store.index, store.value]));
  const buffers = new Set(nest.stores.map((store) => store.buffer));
  for (const scalar of scalars) if (scalar.kind === "load") buffers.add(scalar.buffer);
  return { buffers: buffers.size, operations: scalars.size };
}
