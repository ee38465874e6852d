// Takes a schedule and the lives of its temporaries, says which of them lie in one slot, where dispatches would bind too many else.
import { expectedSize } from "../types/dimension.js";
import type { Extents } from "../types/dimension.js";
import type { LoopNest, Schedule } from "../types/nest.js";
import { kernelLimits } from "./limits.js";
import { turnsOfStep } from "./spans.js";
import type { Span } from "./spans.js";
import { touchedBuffers } from "./serves.js";

/** Temporaries of one type that share a slot, which lives as long as any of them. */
export interface SharedSlot {
  readonly span: Span;
  /** In order of their positions. */
  readonly members: readonly number[];
}

/**
 * A dispatch that does all turns binds what its nests touch, as far as it lies in different slots. What such dispatches touch that
 * lives equally long lies together, and more does where one would bind too much: the two packs that cost the least memory.
 */
export function packTemporaries(
  schedule: Schedule,
  spans: ReadonlyMap<number, Span>,
  estimates: Extents,
): readonly SharedSlot[] {
  const turns = nestsInTurns(schedule).map(touchedBy);
  const together = new Set(turns.flatMap((touched) => [...touched]));
  const alike = new Map<string, SharedSlot>();
  schedule.buffers.forEach((buffer, index) => {
    const span = spans.get(index);
    if (buffer.kind !== "temporary" || !span) return;
    const key = together.has(index) ? `${span.first} ${span.last} ${buffer.type}` : `b${index}`;
    alike.set(key, { span, members: [...(alike.get(key)?.members ?? []), index] });
  });
  let packs: readonly SharedSlot[] = [...alike.values()];
  for (const touched of turns) {
    while (bindingsOf(packs, schedule, touched) > kernelLimits.buffers) {
      const fewer = joinCheapest(packs, schedule, touched, estimates);
      if (!fewer) break;
      packs = fewer;
    }
  }
  return packs;
}

/** The nests of each step that does all turns of a recurrence. */
function nestsInTurns(schedule: Schedule): readonly (readonly LoopNest[])[] {
  const found: (readonly LoopNest[])[] = [];
  let first = 0;
  for (const count of schedule.steps) {
    const nests = schedule.nests.slice(first, first + count);
    if (turnsOfStep(nests, schedule)) found.push(nests);
    first += count;
  }
  return found;
}

function touchedBy(nests: readonly LoopNest[]): ReadonlySet<number> {
  return new Set(nests.flatMap((nest) => [...touchedBuffers(nest)]));
}

function bindingsOf(
  packs: readonly SharedSlot[],
  { buffers }: Schedule,
  touched: ReadonlySet<number>,
): number {
  const others = new Set(
    [...touched].flatMap((index) => {
      const buffer = buffers[index];
      if (!buffer || buffer.kind === "temporary") return [];
      return buffer.kind === "storage" ? `storage ${buffer.storage}` : `input ${buffer.input}`;
    }),
  );
  return others.size + packs.filter((pack) => isTouched(pack, touched)).length;
}

function isTouched({ members }: SharedSlot, touched: ReadonlySet<number>): boolean {
  return members.some((member) => touched.has(member));
}

function joinCheapest(
  packs: readonly SharedSlot[],
  schedule: Schedule,
  touched: ReadonlySet<number>,
  estimates: Extents,
): readonly SharedSlot[] | undefined {
  const typeOf = ({ members }: SharedSlot): string | undefined =>
    schedule.buffers[members[0] ?? -1]?.type;
  const own = packs.filter((pack) => isTouched(pack, touched));
  let best: { readonly pair: readonly SharedSlot[]; readonly whole: SharedSlot } | undefined;
  let least = Infinity;
  for (const [at, one] of own.entries())
    for (const other of own.slice(at + 1)) {
      if (typeOf(one) !== typeOf(other)) continue;
      const whole = joined(one, other);
      const cost = lifeOf(whole, schedule, estimates) - lifeOf(one, schedule, estimates);
      const added = cost - lifeOf(other, schedule, estimates);
      if (added >= least) continue;
      least = added;
      best = { pair: [one, other], whole };
    }
  if (!best) return undefined;
  const { pair, whole } = best;
  return [...packs.filter((pack) => !pair.includes(pack)), whole];
}

function joined(one: SharedSlot, other: SharedSlot): SharedSlot {
  return {
    span: {
      first: Math.min(one.span.first, other.span.first),
      last: Math.max(one.span.last, other.span.last),
    },
    members: [...one.members, ...other.members].sort((a, b) => a - b),
  };
}

/** Elements, times the nests that they live for. */
function lifeOf({ span, members }: SharedSlot, { buffers }: Schedule, estimates: Extents): number {
  const elements = members.reduce(
    (sum, member) => sum + expectedSize(buffers[member]?.elements ?? 0, estimates),
    0,
  );
  return elements * (span.last - span.first + 1);
}
