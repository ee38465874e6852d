// Takes fusion groups, gives an order in which every value is read at the right time, and memory is free again soon.
import type { Node, Shape } from "../types/graph.js";
import type { Part } from "./parts.js";
import { overlaps, writesOf } from "./parts.js";
import { lowerPeak, useOf } from "./reorder.js";
import type { GroupMemory } from "./reorder.js";

/** Parts that become one kernel. */
export interface FusionGroup {
  /** Of the points; parts of another shape are rows of these. */
  readonly shape: Shape;
  readonly parts: readonly Part[];
  /** What these parts compute for each other alone, and need not write. */
  readonly unwritten: ReadonlySet<Node>;
}

/** Storages cannot be written in place: the caller gives those parts a buffer and a copy. */
export interface Cycle {
  readonly kind: "cycle";
  /** Parts that write a storage whose old value is still needed. */
  readonly parts: readonly Part[];
}

/**
 * Readers of a buffer after its writers, readers of a storage's old value before its writers. Of groups that may come next, one
 * that sets more memory free than it takes comes first (a weight's gradient lets go of an activation); stable otherwise.
 */
export function orderGroups(
  groups: readonly FusionGroup[],
  sizeOf: (node: Node) => number,
  thrifty = false,
): FusionGroup[] | Cycle {
  const after = edges(groups);
  const use = memoryOf(groups, sizeOf);
  const order = greedyOrder(after, trackMemory(use));
  if (order.length < groups.length) {
    const done = new Set(order);
    const stuck = groups.filter((_, index) => !done.has(index));
    return { kind: "cycle", parts: awaited(stuck) };
  }
  const orders = thrifty ? [order, greedyOrder(after, trackMemory(asIfBegun(use)))] : [order];
  const lower = orders
    .map((one) => lowerPeak(one, after, use, thrifty))
    .map((one) => ({ one, peak: useOf(one, use).peak }));
  const [best] = lower.sort((one, other) => one.peak - other.peak);
  return (best?.one ?? order).flatMap((index) => groups[index] ?? []);
}

/** As if what several groups write piece by piece were there from the first: it is, whichever of them is next. */
function asIfBegun(memory: GroupMemory): GroupMemory {
  const writers = new Map<Node, number>();
  for (const nodes of memory.writes)
    for (const node of nodes) writers.set(node, (writers.get(node) ?? 0) + 1);
  return {
    ...memory,
    sizeOf: (node) => ((writers.get(node) ?? 0) > 1 ? 0 : memory.sizeOf(node)),
  };
}

function greedyOrder(after: readonly ReadonlySet<number>[], memory: MemoryTrack): number[] {
  const waiting = after.map((needs) => needs.size);
  const needed = after.map(() => [] as number[]);
  after.forEach((needs, index) => {
    for (const need of needs) needed[need]?.push(index);
  });
  const ready = after.map((_, index) => index).filter((index) => waiting[index] === 0);
  const order: number[] = [];
  while (ready.length > 0) {
    const [next] = ready.splice(nextOf(ready, memory.growth), 1);
    if (next === undefined) break;
    order.push(next);
    memory.run(next);
    for (const user of needed[next] ?? []) {
      waiting[user] = (waiting[user] ?? 1) - 1;
      if (waiting[user] === 0) ready.push(user);
    }
  }
  return order;
}

/** The position of the group that frees most, else of the first. */
function nextOf(ready: readonly number[], growth: (group: number) => number): number {
  let best = 0;
  let least = Infinity;
  ready.forEach((group, at) => {
    const grows = Math.min(0, growth(group));
    if (grows < least || (grows === least && group < (ready[best] ?? 0))) {
      best = at;
      least = grows;
    }
  });
  return best;
}

interface MemoryTrack {
  /** By how many elements what lives grows if a group comes next. */
  readonly growth: (group: number) => number;
  readonly run: (group: number) => void;
}

export function memoryOf(
  groups: readonly FusionGroup[],
  sizeOf: (node: Node) => number,
): GroupMemory {
  return {
    reads: groups.map(({ parts }) => new Set(parts.flatMap((part) => [...part.reads]))),
    writes: groups.map(ownersOf),
    results: new Set(
      groups.flatMap(({ parts }) =>
        parts.flatMap(({ owner, result }) => (result && owner ? [owner] : [])),
      ),
    ),
    sizeOf,
  };
}

function trackMemory({ reads, writes, results, sizeOf }: GroupMemory): MemoryTrack {
  const readers = new Map<Node, Set<number>>();
  reads.forEach((nodes, group) => {
    for (const node of nodes) readers.set(node, (readers.get(node) ?? new Set()).add(group));
  });
  const writers = new Map<Node, number[]>();
  writes.forEach((nodes, group) => {
    for (const node of nodes) writers.set(node, [...(writers.get(node) ?? []), group]);
  });
  const living = new Set<Node>();
  const known = new Map<number, number>();
  const compute = (group: number): number => {
    let sum = 0;
    for (const node of writes[group] ?? []) if (!living.has(node)) sum += sizeOf(node);
    for (const node of reads[group] ?? []) {
      const last = readers.get(node)?.size === 1 && !results.has(node);
      if (last) sum -= sizeOf(node);
    }
    return sum;
  };
  const growth = (group: number): number => {
    const value = known.get(group) ?? compute(group);
    known.set(group, value);
    return value;
  };
  const run = (group: number): void => {
    // Whoever writes another piece of the same, or is the last now to read something, grows by less.
    for (const node of writes[group] ?? []) {
      if (living.has(node)) continue;
      living.add(node);
      for (const writer of writers.get(node) ?? []) known.delete(writer);
    }
    for (const node of reads[group] ?? []) {
      const left = readers.get(node) ?? new Set();
      left.delete(group);
      if (left.size === 1) for (const reader of left) known.delete(reader);
    }
  };
  return { growth, run };
}

/** Nodes that a group writes to memory. */
function ownersOf({ parts, unwritten }: FusionGroup): ReadonlySet<Node> {
  const owners = parts.flatMap(({ owner }) => owner ?? []);
  return new Set(owners.filter((node) => !unwritten.has(node)));
}

/** The parts that write a storage whose old contents another of the groups reads: they wait for it, and it for their values. */
function awaited(groups: readonly FusionGroup[]): readonly Part[] {
  return groups.flatMap((group) => {
    const others = groups.filter((other) => other !== group);
    const reads = others.flatMap(({ parts }) => parts.flatMap(({ storageReads }) => storageReads));
    return group.parts.filter((part) =>
      writesOf(part).some((write) => reads.some((read) => overlaps(read, write))),
    );
  });
}

function edges(groups: readonly FusionGroup[]): Set<number>[] {
  const writers = new Map<Node, number[]>();
  groups.forEach((group, index) => {
    for (const { owner } of group.parts) {
      if (owner !== undefined) writers.set(owner, [...(writers.get(owner) ?? []), index]);
    }
  });
  const after = groups.map(() => new Set<number>());
  groups.forEach((group, index) => {
    for (const part of group.parts) {
      for (const node of [...part.reads, ...part.waits]) {
        for (const writer of writers.get(node) ?? [])
          if (writer !== index) after[index]?.add(writer);
      }
    }
  });
  const storageWriters = groups.flatMap((group, index) =>
    group.parts.flatMap((part) => writesOf(part).map((range) => ({ index, range }))),
  );
  groups.forEach((group, index) => {
    for (const part of group.parts) {
      for (const read of part.storageReads) {
        for (const write of storageWriters) {
          if (write.index !== index && overlaps(read, write.range)) after[write.index]?.add(index);
        }
      }
    }
  });
  return after;
}
