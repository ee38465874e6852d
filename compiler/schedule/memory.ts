// Takes temporaries with their lifetimes, says which lies above which in the memory that they share.
import { bindingBytes, bytesOf, layOut } from "../../runtime/layout.js";
import type { Dim, Extents } from "../types/dimension.js";
import { evaluateDim, multiplyDims } from "../types/dimension.js";
import type { Schedule, Slot } from "../types/nest.js";
import { livesOf, placed, stacked } from "./placing.js";
import type { Lives, Order } from "./placing.js";

export interface Lifetime {
  readonly elements: Dim;
  /** Index of the first nest that touches it. */
  readonly first: number;
  /** Index of the last nest that touches it; of a result, the number of all nests. */
  readonly last: number;
}

export interface MemoryPlan {
  /** Parallel to the lifetimes: the slot of each. */
  readonly positions: readonly number[];
  readonly slots: readonly Slot[];
}

/** Every element is one 32-bit word. */
export const elementBytes = 4;
/** Buffers of temporaries are as large. */
const segmentBytes = bindingBytes;

/**
 * Of temporaries that live at the same time, one lies above the other at all sizes: which, is decided here, and offsets follow
 * when sizes are known. Several usual orders are tried, and some that differ a little from the best of them; what takes least
 * over all sizes looked at is taken.
 */
export function planMemory(lifetimes: readonly Lifetime[], estimates: Extents): MemoryPlan {
  const bytes = lifetimes.map(({ elements }) => multiplyDims(elementBytes, elements));
  const trials = extentsOf(estimates).map((extents) => trialOf(lifetimes, bytes, extents));
  const upwards = bestOrder(lifetimes, trials);
  const positions = new Array<number>(lifetimes.length).fill(0);
  upwards.forEach((index, position) => (positions[index] = position));
  const below = reducedBelow(belowOf(livesOf(lifetimes), upwards));
  const slots = upwards.map((index, position): Slot => {
    const { first = 0, last = 0 } = lifetimes[index] ?? {};
    return { bytes: bytes[index] ?? 0, first, last, below: below[position] ?? [] };
  });
  return { positions, slots };
}

/** As trained, and one free dimension after the other as small as can be and three times as large. */
function extentsOf(estimates: Extents): Extents[] {
  const others = Object.entries(estimates).flatMap(([name, extent]) => [
    { ...estimates, [name]: 1 },
    { ...estimates, [name]: 3 * extent },
  ]);
  return [estimates, ...others];
}

/** Sizes of the temporaries at some extents. */
interface Trial {
  readonly sizes: readonly number[];
  readonly bound: number;
  readonly segment: number;
}

function trialOf(lifetimes: readonly Lifetime[], bytes: readonly Dim[], extents: Extents): Trial {
  const { sizes } = layOut(
    bytes.map((each) => [evaluateDim(each, extents)]),
    {},
    Infinity,
  );
  // What takes more runs on devices that allow more, and mostly much more.
  const fits = sizes.every((size) => size <= segmentBytes);
  return { sizes, bound: livenessBound(lifetimes, sizes), segment: fits ? segmentBytes : Infinity };
}

/** The bytes of what lives at the same time, where that is most: no layout takes less. */
export function livenessBound(
  lifetimes: readonly { readonly first: number; readonly last: number }[],
  sizes: readonly number[],
): number {
  const change = new Map<number, number>();
  const add = (at: number, bytes: number): unknown => change.set(at, (change.get(at) ?? 0) + bytes);
  lifetimes.forEach(({ first, last }, index) => {
    add(first, sizes[index] ?? 0);
    add(last + 1, -(sizes[index] ?? 0));
  });
  let live = 0;
  let most = 0;
  for (const at of [...change.keys()].sort((a, b) => a - b)) {
    live += change.get(at) ?? 0;
    most = Math.max(most, live);
  }
  return most;
}

/** Near enough to the bound to stop looking. */
const good = 1.005;
/** An attempt takes the square of the number of temporaries: how many pairs are looked at in all. */
const mostPairs = 6e7;
const mostAttempts = 300;

interface Attempt {
  readonly placing: Order;
  /** The sizes that it was placed by. */
  readonly trial: Trial;
  readonly upwards: Order;
  readonly excess: number;
  /** What ends where the memory does, at the sizes that take most more than they must. */
  readonly tops: Order;
}

/** From the lowest upwards: the best of some attempts. */
function bestOrder(lifetimes: readonly Lifetime[], trials: readonly Trial[]): Order {
  const lives = livesOf(lifetimes);
  const pairs = lifetimes.length ** 2 * (trials.length + 1);
  let attempts = Math.min(mostAttempts, Math.floor(mostPairs / pairs));
  let best: Attempt | undefined;
  const attempt = (placing: Order, trial: Trial): Attempt | undefined => {
    if (best && (best.excess <= good || --attempts < 0)) return undefined;
    const upwards = placed(lives, placing, trial.sizes);
    const made = { placing, trial, upwards, ...excessOf(lives, upwards, trials) };
    if (!best || made.excess < best.excess) best = made;
    return made;
  };
  for (const trial of trials) {
    for (const placing of usualOrders(lifetimes, trial.sizes)) attempt(placing, trial);
  }
  // What came to lie on top of all is placed before all, time and again.
  for (let at = best; at && attempts > mostAttempts / 10;) {
    const { placing, trial, tops } = at;
    const others = placing.filter((index) => !tops.includes(index));
    at = attempt([...tops, ...others], trial);
  }
  const random = pseudoRandom();
  while (best && best.excess > good && attempts > 0) {
    attempt(varied(best.placing, random), best.trial);
  }
  return best?.upwards ?? [];
}

/** Of each in an order upwards: the positions of all before it that live at the same time. */
function belowOf({ first, last }: Lives, upwards: Order): number[][] {
  const firsts = Int32Array.from(upwards, (index) => first[index] ?? 0);
  const lasts = Int32Array.from(upwards, (index) => last[index] ?? 0);
  return upwards.map((_, position) => {
    const [from, until] = [firsts[position] ?? 0, lasts[position] ?? 0];
    const below: number[] = [];
    for (let other = 0; other < position; other++)
      if ((firsts[other] ?? 0) <= until && from <= (lasts[other] ?? 0)) below.push(other);
    return below;
  });
}

/** The same without what follows from the others. */
function reducedBelow(below: readonly (readonly number[])[]): number[][] {
  /** Of each, a bit for each that it lies above. */
  const beneath: Uint32Array[] = [];
  return below.map((all) => {
    const bits = new Uint32Array(Math.ceil(below.length / 32));
    const kept: number[] = [];
    for (const other of [...all].reverse()) {
      if (((bits[other >> 5] ?? 0) >>> (other & 31)) & 1) continue;
      kept.push(other);
      beneath[other]?.forEach((word, at) => (bits[at] = (bits[at] ?? 0) | word));
      bits[other >> 5] = (bits[other >> 5] ?? 0) | (1 << (other & 31));
    }
    beneath.push(bits);
    return kept.reverse();
  });
}

/** How much more than the bound an order takes, where that is most, and what ends on top there. */
function excessOf(
  lives: Lives,
  upwards: Order,
  trials: readonly Trial[],
): Pick<Attempt, "excess" | "tops"> {
  let worst: Pick<Attempt, "excess" | "tops"> = { excess: 0, tops: [] };
  for (const { sizes, bound, segment } of trials) {
    const ends = stacked(lives, upwards, sizes, segment);
    const end = ends.reduce((most, one) => Math.max(most, one), 0);
    if (end / bound <= worst.excess) continue;
    worst = { excess: end / bound, tops: upwards.filter((_, at) => ends[at] === end) };
  }
  return worst;
}

/** The largest first, what takes most of memory and time first, the longest-lived first, the last to go first. */
function usualOrders(lifetimes: readonly Lifetime[], sizes: readonly number[]): Order[] {
  const size = (index: number): number => sizes[index] ?? 0;
  const last = (index: number): number => lifetimes[index]?.last ?? 0;
  const length = (index: number): number => last(index) - (lifetimes[index]?.first ?? 0) + 1;
  const keys = [size, (index: number) => size(index) * length(index), length, last];
  return keys.map((key) =>
    lifetimes
      .map((_, index) => index)
      .sort((a, b) => key(b) - key(a) || size(b) - size(a) || a - b),
  );
}

/** The same order but for a few that go elsewhere, mostly before those that were placed before them. */
function varied(order: Order, random: () => number): Order {
  const made = [...order];
  for (let moves = 1 + Math.floor(random() * 3); moves > 0; moves--) {
    const from = Math.floor(random() * made.length);
    const to = Math.floor(random() * made.length);
    made.splice(Math.min(from, to), 0, ...made.splice(Math.max(from, to), 1));
  }
  return made;
}

/** The same numbers in each run: the same source gives the same bytes. */
function pseudoRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bytes of memory that they share out where free dimensions have these values. */
export function placedBytes(slots: readonly Slot[], extents: Extents): number {
  const sized = slots.map(({ bytes, below }) => [evaluateDim(bytes, extents), ...below] as const);
  return bytesOf(layOut(sized, {}, Infinity));
}

/** Bytes of the largest temporary where free dimensions have these values. */
export function largestSlot(schedule: Schedule, values: Readonly<Record<string, number>>): number {
  return schedule.slots.reduce(
    (largest, { bytes }) => Math.max(largest, evaluateDim(bytes, values)),
    0,
  );
}
