// Takes the nests of a program and the tables they were made with, gives the schedule: what is kept of them, results, temporaries of which none share memory.
import { holdsHalves } from "../ops/halves.js";
import { elementCount, multiplyDims } from "../types/dimension.js";
import type { Node, Program } from "../types/graph.js";
import type { LoopNest, Schedule, ScheduledResult, Slot } from "../types/nest.js";
import { elementBytes } from "./memory.js";
import { withoutUnread } from "./prune.js";
import { readBuffers, servesOf, touchedBuffers } from "./serves.js";
import type { BufferEntry } from "./outside.js";
import { noRoles } from "./tables.js";
import type { Tables } from "./tables.js";

export function assemble(program: Program, built: readonly LoopNest[], tables: Tables): Schedule {
  const { buffers, host } = tables;
  // Asking for the buffers of results may add some: first.
  const { temporary } = tables.of(noRoles, []);
  const results = resultsOf(program, (node) => tables.positionOf(temporary(node)));
  const kept = new Set(results.map((result) => result.buffer));
  const nests = wantedNests(built, buffers, kept);
  const touched = new Set(nests.flatMap((nest) => [...touchedBuffers(nest)]));
  const inTurns = new Set(
    nests.filter(({ turns }) => turns).flatMap((nest) => [...touchedBuffers(nest)]),
  );
  // What a caller reads is f32; what lies beside others in a slot, as turns have it, is of their size.
  const isHalf = (buffer: number, node: Node): boolean =>
    holdsHalves(node) && !kept.has(buffer) && !inTurns.has(buffer);
  const slots: Slot[] = [];
  const slotOf = (buffer: number, node: Node): number => {
    if (!touched.has(buffer)) return 0;
    const bytes = multiplyDims(elementBytes, elementCount(node.shape));
    return (
      slots.push({
        bytes,
        first: 0,
        last: nests.length,
        below: slots.length === 0 ? [] : [slots.length - 1],
      }) - 1
    );
  };
  return {
    name: program.name,
    buffers: buffers.map((entry, index) =>
      entry.kind === "temporary"
        ? {
            kind: "temporary",
            type: entry.node.type,
            elements: elementCount(entry.node.shape),
            slot: slotOf(index, entry.node),
            ...(isHalf(index, entry.node) && { half: true as const }),
            label: [entry.node.origin?.path ?? "", entry.node.op].join(" ").trim(),
            ...(entry.recurrence === undefined ? {} : { recurrence: entry.recurrence }),
            ...(entry.node.origin === undefined ? {} : { origin: entry.node.origin }),
          }
        : entry,
    ),
    nests,
    steps: nests.map(() => 1),
    inOneDispatch: new Set(),
    serves: servesOf(nests, results, (buffer) => buffers[buffer]?.kind === "storage"),
    slots,
    host,
    results,
  };
}

/** Until each store has a reader: what read a stack may be gone once its own stores are. */
function wantedNests(
  nests: readonly LoopNest[],
  buffers: readonly BufferEntry[],
  results: ReadonlySet<number>,
): readonly LoopNest[] {
  const read = new Set(nests.flatMap((nest) => [...readBuffers(nest)]));
  const wanted = withoutUnread(
    nests,
    (buffer) => results.has(buffer) || isKept(buffers[buffer], read.has(buffer)),
  );
  const storesOf = (all: readonly LoopNest[]): number =>
    all.reduce((sum, { stores }) => sum + stores.length, 0);
  return storesOf(wanted) === storesOf(nests) ? wanted : wantedNests(wanted, buffers, results);
}

/** What one turn writes may be read in the next, by a nest that stands before. */
function isKept(entry: BufferEntry | undefined, isRead: boolean): boolean {
  return entry?.kind === "temporary"
    ? entry.recurrence !== undefined && isRead
    : entry?.kind === "storage";
}

function resultsOf(program: Program, temporary: (node: Node) => number): ScheduledResult[] {
  return program.effects.flatMap((effect) => {
    if (effect.kind !== "result") return [];
    const { name, value } = effect;
    return [{ name, buffer: temporary(value), type: value.type, shape: value.shape }];
  });
}
