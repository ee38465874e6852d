// Takes a schedule whose steps are settled, gives it with the places of its temporaries: those that never live together share memory.
import { alignment } from "../../runtime/layout.js";
import { addDims, ceilDivideDims, multiplyDims } from "../types/dimension.js";
import type { Dim, Extents } from "../types/dimension.js";
import type { Schedule, ScheduledBuffer } from "../types/nest.js";
import { elementBytes, planMemory } from "./memory.js";
import { packTemporaries } from "./packs.js";
import type { SharedSlot } from "./packs.js";
import { touchesOf } from "./spans.js";

export function placeTemporaries(schedule: Schedule, estimates: Extents): Schedule {
  const packs = packTemporaries(schedule, touchesOf(schedule), estimates).map((pack) =>
    laidOut(schedule, pack),
  );
  const { positions, slots } = planMemory(packs, estimates);
  const places = new Map(
    packs.flatMap(({ starts }, at) =>
      [...starts].map(([index, start]): [number, Pick<Temporary, "slot" | "start">] => [
        index,
        { slot: positions[at] ?? 0, ...(starts.size > 1 && { start }) },
      ]),
    ),
  );
  return {
    ...schedule,
    slots,
    buffers: schedule.buffers.map((buffer, index) =>
      buffer.kind === "temporary" ? { ...buffer, ...(places.get(index) ?? { slot: 0 }) } : buffer,
    ),
  };
}

type Temporary = Extract<ScheduledBuffer, { kind: "temporary" }>;

/** Bindings begin at multiples of so many elements. */
const aligned = alignment / elementBytes;

/** Elements from a buffer's start to where another of its slot may begin: where a free length is 0, it has room of its own all the same. */
export function roomOf(elements: Dim, alone: boolean): Dim {
  // What is bound is never empty, and no two bindings for writing may meet.
  return alone || typeof elements === "number" ? elements : addDims(elements, 1);
}

/** The elements of a pack, and where each buffer begins: one behind the other. */
function laidOut({ buffers }: Schedule, { span, members }: SharedSlot) {
  let elements: Dim = 0;
  const starts = new Map<number, Dim>();
  for (const index of members) {
    const start = multiplyDims(aligned, ceilDivideDims(elements, aligned));
    starts.set(index, start);
    elements = addDims(start, roomOf(buffers[index]?.elements ?? 0, members.length === 1));
  }
  return { ...span, elements, starts };
}
