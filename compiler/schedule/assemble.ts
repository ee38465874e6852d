// Takes the nests of a program and the tables they were made with, gives the schedule: what is kept of them, lifetimes of temporaries, results.
import type { Extents } from "../types/dimension.js";
import { elementCount } from "../types/dimension.js";
import type { Node, Program } from "../types/graph.js";
import type { LoopNest, Schedule, ScheduledResult } from "../types/nest.js";
import { planMemory } from "./memory.js";
import type { Lifetime, MemoryPlan } from "./memory.js";
import { withoutUnread } from "./prune.js";
import { readBuffers, servesOf } from "./serves.js";
import type { Tables } from "./tables.js";

export interface MemoryOptions {
  readonly estimates: Extents;
  readonly share: boolean;
}

export function assemble(
  program: Program,
  built: readonly LoopNest[],
  { tables, buffers, host }: Tables,
  options: MemoryOptions,
): Schedule {
  // Asking for the buffers of results may add some: first.
  const results = resultsOf(program, tables.temporary);
  const kept = new Set(results.map((result) => result.buffer));
  const nests = withoutUnread(
    built,
    (buffer) => kept.has(buffer) || buffers[buffer]?.kind === "storage",
  );
  const touched = touchesOf(nests);
  const temporaries = buffers.flatMap((entry, index) =>
    entry.kind === "temporary" && touched.has(index) ? [{ index, node: entry.node }] : [],
  );
  const memory = planTemporaries(temporaries, touched, kept, nests.length, options);
  const slotOf = new Map(temporaries.map(({ index }, at) => [index, memory.positions[at] ?? 0]));
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
    slots: memory.slots,
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

interface Span {
  first: number;
  last: number;
}

/** A temporary lives from the first nest that touches it to the last, a result to the end. */
function planTemporaries(
  temporaries: readonly { readonly index: number; readonly node: Node }[],
  touched: ReadonlyMap<number, Span>,
  results: ReadonlySet<number>,
  end: number,
  { estimates, share }: MemoryOptions,
): MemoryPlan {
  const lifetimes = temporaries.map(({ index, node }): Lifetime => {
    const { first, last } = touched.get(index) ?? { first: 0, last: end };
    const elements = elementCount(node.shape);
    if (!share) return { elements, first: 0, last: end };
    return { elements, first, last: results.has(index) ? end : last };
  });
  return planMemory(lifetimes, estimates);
}

/** The first and the last nest that writes or reads each buffer. */
function touchesOf(nests: readonly LoopNest[]): ReadonlyMap<number, Span> {
  const touched = new Map<number, Span>();
  nests.forEach((nest, index) => {
    for (const buffer of [...nest.stores.map((store) => store.buffer), ...readBuffers(nest)]) {
      const span = touched.get(buffer);
      if (span === undefined) touched.set(buffer, { first: index, last: index });
      else span.last = index;
    }
  });
  return touched;
}
