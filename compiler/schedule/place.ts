// Takes a schedule whose steps are settled, gives it with the places of its temporaries: those that never live together share memory.
import type { Extents } from "../types/dimension.js";
import type { Schedule } from "../types/nest.js";
import { planMemory } from "./memory.js";
import { touchedBuffers } from "./serves.js";

export function placeTemporaries(schedule: Schedule, estimates: Extents): Schedule {
  const touched = touchesOf(schedule);
  const temporaries = schedule.buffers.flatMap((buffer, index) => {
    const span = touched.get(index);
    return buffer.kind === "temporary" && span
      ? [{ index, ...span, elements: buffer.elements }]
      : [];
  });
  const { positions, slots } = planMemory(temporaries, estimates);
  const slotOf = new Map(temporaries.map(({ index }, at) => [index, positions[at] ?? 0]));
  return {
    ...schedule,
    slots,
    buffers: schedule.buffers.map((buffer, index) =>
      buffer.kind === "temporary" ? { ...buffer, slot: slotOf.get(index) ?? 0 } : buffer,
    ),
  };
}

interface Span {
  first: number;
  last: number;
}

/**
 * The first and the last nest of each buffer's life: from the first that touches it to the last, a result to the end. What a step
 * touches lives as long as all its nests run.
 */
export function touchesOf({ nests, steps, results }: Schedule): ReadonlyMap<number, Span> {
  const touched = new Map<number, Span>();
  let first = 0;
  for (const count of steps) {
    const last = first + count - 1;
    for (const nest of nests.slice(first, first + count)) {
      for (const buffer of touchedBuffers(nest)) {
        touched.set(buffer, { first: touched.get(buffer)?.first ?? first, last });
      }
    }
    first += count;
  }
  for (const { buffer } of results) {
    const span = touched.get(buffer);
    if (span) span.last = nests.length;
  }
  return touched;
}
