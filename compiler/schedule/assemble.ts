// Takes the nests of a program and the tables they were made with, gives the schedule: lifetimes, slots and results.
import type { Extents } from "../types/dimension.js";
import { elementCount } from "../types/dimension.js";
import type { Node, Program } from "../types/graph.js";
import type { LoopNest, Schedule, ScheduledResult } from "../types/nest.js";
import type { FusionGroup } from "./groups.js";
import { planMemory } from "./memory.js";
import type { Lifetime, MemoryPlan } from "./memory.js";
import { servesOf } from "./serves.js";
import type { Tables } from "./tables.js";

export interface MemoryOptions {
  readonly estimates: Extents;
  readonly share: boolean;
}

export function assemble(
  program: Program,
  groups: readonly FusionGroup[],
  nests: readonly LoopNest[],
  { tables, buffers, host }: Tables,
  options: MemoryOptions,
): Schedule {
  // Asking for the buffers of results may add some: first.
  const results = resultsOf(program, tables.temporary);
  const temporaries = buffers.flatMap((entry, index) =>
    entry.kind === "temporary" ? [{ index, node: entry.node }] : [],
  );
  const memory = planTemporaries(temporaries, groups, results, options);
  const slotOf = new Map(temporaries.map(({ index }, at) => [index, memory.slots[at] ?? 0]));
  return {
    name: program.name,
    buffers: buffers.map((entry, index) =>
      entry.kind === "temporary"
        ? {
            kind: "temporary",
            type: entry.node.type,
            elements: elementCount(entry.node.shape),
            slot: slotOf.get(index) ?? 0,
            label: [entry.node.origin?.path ?? "", entry.node.op].join(" ").trim(),
          }
        : entry,
    ),
    nests,
    serves: servesOf(nests, results, (buffer) => buffers[buffer]?.kind === "storage"),
    slots: memory.sizes.map((bytes) => ({ bytes })),
    host,
    results,
  };
}

function resultsOf(program: Program, temporary: (node: Node) => number): ScheduledResult[] {
  return program.effects.flatMap((effect) => {
    if (effect.kind !== "result") return [];
    const { name, value } = effect;
    return [{ name, buffer: temporary(value), type: value.type, shape: value.shape }];
  });
}

/** A nest for each group: a temporary lives from the first that touches it to the last, a result to the end. */
function planTemporaries(
  temporaries: readonly { readonly index: number; readonly node: Node }[],
  groups: readonly FusionGroup[],
  results: readonly ScheduledResult[],
  { estimates, share }: MemoryOptions,
): MemoryPlan {
  const end = groups.length;
  const touched = touchesOf(groups);
  const kept = new Set(results.map((result) => result.buffer));
  const lifetimes = temporaries.map(({ index, node }): Lifetime => {
    const { first, last } = touched.get(node) ?? { first: 0, last: end };
    return { elements: elementCount(node.shape), first, last: kept.has(index) ? end : last };
  });
  return planMemory(lifetimes, estimates, share);
}

/** The first and the last group that writes or reads each node. */
function touchesOf(groups: readonly FusionGroup[]): Map<Node, { first: number; last: number }> {
  const touched = new Map<Node, { first: number; last: number }>();
  groups.forEach((group, index) => {
    for (const part of group.parts) {
      for (const node of [part.owner, ...part.reads]) {
        if (node === undefined) continue;
        const span = touched.get(node);
        if (span === undefined) touched.set(node, { first: index, last: index });
        else span.last = index;
      }
    }
  });
  return touched;
}
