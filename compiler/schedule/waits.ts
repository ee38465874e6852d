// Takes nests in an order, gives for each the earlier ones that it must wait for: by what they read and write.
import type { LoopNest, ScheduledBuffer } from "../types/nest.js";
import { readBuffers } from "./serves.js";

/**
 * A reader waits for what was written before, a writer for what was read. Two writers do not wait for each other: they write pieces
 * of one tensor, or of one storage.
 */
export function waitsOf(
  nests: readonly LoopNest[],
  buffers: readonly ScheduledBuffer[],
): readonly ReadonlySet<number>[] {
  const writers = new Map<string, number[]>();
  const readers = new Map<string, number[]>();
  const keyOf = (buffer: number): string => {
    const declared = buffers[buffer];
    return declared?.kind === "storage" ? `storage ${declared.storage}` : `buffer ${buffer}`;
  };
  return nests.map((nest, index) => {
    const waits = new Set<number>();
    const reads = new Set([...readBuffers(nest)].map(keyOf));
    const writes = new Set(nest.stores.map(({ buffer }) => keyOf(buffer)));
    for (const key of reads) for (const writer of writers.get(key) ?? []) waits.add(writer);
    for (const key of writes) for (const reader of readers.get(key) ?? []) waits.add(reader);
    for (const key of reads) readers.set(key, [...(readers.get(key) ?? []), index]);
    for (const key of writes) writers.set(key, [...(writers.get(key) ?? []), index]);
    return waits;
  });
}
