// Takes temporaries with their lifetimes, gives each a slot, so that temporaries that never live together share memory.
import type { Dim, Extents } from "../types/dimension.js";
import { dimKey, evaluateDim, multiplyDims } from "../types/dimension.js";
import type { Schedule } from "../types/nest.js";

export interface Lifetime {
  readonly elements: Dim;
  /** Index of the nest that writes it first. */
  readonly first: number;
  /** Index of the last nest that touches it; infinite for results. */
  readonly last: number;
}

export interface MemoryPlan {
  /** Parallel to the lifetimes. */
  readonly slots: readonly number[];
  /** Bytes of each slot: the largest of these. */
  readonly sizes: readonly (readonly Dim[])[];
}

interface Slot {
  readonly sizes: Map<string, Dim>;
  estimate: number;
  freeFrom: number;
}

/** Every element is one 32-bit word. */
const elementBytes = 4;

/**
 * Best fit in order of birth: the free slot whose estimated size is nearest, grown where it is too small by less than a
 * new slot would take. `share: false` gives each its own slot, for tests that shared equals fresh.
 */
export function planMemory(
  lifetimes: readonly Lifetime[],
  estimates: Extents,
  share: boolean,
): MemoryPlan {
  const slots: Slot[] = [];
  const assigned = new Array<number>(lifetimes.length).fill(0);
  const order = lifetimes.map((_, index) => index);
  order.sort((a, b) => (lifetimes[a]?.first ?? 0) - (lifetimes[b]?.first ?? 0) || a - b);
  for (const index of order) {
    const lifetime = lifetimes[index];
    if (lifetime === undefined) continue;
    const bytes = multiplyDims(elementBytes, lifetime.elements);
    const estimate = evaluateDim(bytes, estimates);
    let chosen = share ? bestSlot(slots, lifetime, estimate) : -1;
    if (chosen < 0) {
      chosen = slots.length;
      slots.push({ sizes: new Map(), estimate, freeFrom: 0 });
    }
    const slot = slots[chosen];
    if (slot === undefined) continue;
    slot.sizes.set(dimKey(bytes), bytes);
    slot.estimate = Math.max(slot.estimate, estimate);
    slot.freeFrom = lifetime.last + 1;
    assigned[index] = chosen;
  }
  return { slots: assigned, sizes: slots.map((slot) => [...slot.sizes.values()]) };
}

function bestSlot(slots: readonly Slot[], lifetime: Lifetime, estimate: number): number {
  let best = -1;
  let waste = Infinity;
  slots.forEach((slot, index) => {
    if (slot.freeFrom > lifetime.first) return;
    const difference = Math.abs(slot.estimate - estimate);
    if (difference < waste) {
      best = index;
      waste = difference;
    }
  });
  return best;
}

/** Bytes of the largest slot where free dimensions have these values. */
export function largestSlot(schedule: Schedule, values: Readonly<Record<string, number>>): number {
  const sizes = schedule.slots.flatMap((slot) => slot.bytes.map((b) => evaluateDim(b, values)));
  return sizes.reduce((largest, size) => Math.max(largest, size), 0);
}
