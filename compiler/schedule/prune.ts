// Takes nests in order and the buffers that are wanted after them, gives the nests without the stores that nobody reads.
import type { LoopNest, NestStore } from "../types/nest.js";
import { readBuffers } from "./serves.js";

/** What a kernel was to read may be gone once its scalars are built (a choice made, a factor of 0), and what computed it with it. */
export function withoutUnread(
  nests: readonly LoopNest[],
  isWanted: (buffer: number) => boolean,
): readonly LoopNest[] {
  const read = new Set<number>();
  const kept: LoopNest[] = [];
  for (const nest of [...nests].reverse()) {
    const stores = nest.stores.filter(({ buffer }) => isWanted(buffer) || read.has(buffer));
    if (stores.length === 0) continue;
    const pruned = stores.length === nest.stores.length ? nest : withStores(nest, stores);
    for (const buffer of readBuffers(pruned)) read.add(buffer);
    kept.push(pruned);
  }
  return kept.reverse();
}

/** Where rows alone are stored, they are the points. */
function withStores(nest: LoopNest, stores: readonly NestStore[]): LoopNest {
  const [first] = stores;
  if (!first?.rows || stores.some(({ rows }) => rows === undefined)) return { ...nest, stores };
  const points = stores.map(({ buffer, index, value }) => ({ buffer, index, value }));
  return { ...nest, axes: first.rows, stores: points };
}
