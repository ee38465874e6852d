// Takes a nest and the buffers of its schedule, gives the bindings of its kernels, the same on every target.
import { dimKey } from "../types/dimension.js";
import type { LoopNest, ScheduledBuffer } from "../types/nest.js";
import { scalarsOf } from "./evaluate.js";
import type { KernelBinding } from "./ir.js";

/** Buffers in the nest's order; a temporary slot that two buffers share is one binding. */
export function bindingsOf(
  nest: LoopNest,
  buffers: readonly ScheduledBuffer[],
): { bindings: readonly KernelBinding[]; bindingOf: (buffer: number) => number } {
  const loaded = scalarsOf(nest).flatMap((scalar) =>
    scalar.kind === "load" ? [scalar.buffer] : [],
  );
  const stored = nest.stores.map((store) => store.buffer);
  const keyOf = (buffer: number): string => {
    const declared = buffers[buffer];
    if (!declared) throw new Error(`there is no buffer ${buffer}`);
    return bufferKey(declared);
  };
  const written = new Set(stored.map(keyOf));
  const positions = new Map<string, number>();
  const bindings: KernelBinding[] = [];
  for (const buffer of [...loaded, ...stored]) {
    const key = keyOf(buffer);
    const type = buffers[buffer]?.type ?? "f32";
    if (positions.has(`${key} ${type}`)) continue;
    positions.set(`${key} ${type}`, bindings.length);
    bindings.push({ buffer, type, written: written.has(key), ...halfOf(buffers[buffer]) });
  }
  const bindingOf = (buffer: number): number =>
    positions.get(`${keyOf(buffer)} ${buffers[buffer]?.type ?? "f32"}`) ?? 0;
  return { bindings, bindingOf };
}

function halfOf(buffer: ScheduledBuffer | undefined): Pick<KernelBinding, "half"> {
  return buffer?.kind === "temporary" && buffer.half === true ? { half: true } : {};
}

/** Equal for buffers that are bound as one: they lie in the same memory. */
export function bufferKey(buffer: ScheduledBuffer): string {
  switch (buffer.kind) {
    case "storage":
      return `storage ${buffer.storage}`;
    case "input":
      return `input ${buffer.input}`;
    case "temporary":
      return `slot ${buffer.slot} from ${dimKey(buffer.start ?? 0)}`;
  }
}
