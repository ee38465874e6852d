// Takes an order of groups, what each waits for and the memory that they use, gives an order in which less lives where most does.
import { reachable } from "../reachable.js";
import type { Node } from "../types/graph.js";

/** What groups read and write of what is held in memory for others; lists by group. */
export interface GroupMemory {
  readonly reads: readonly ReadonlySet<Node>[];
  readonly writes: readonly ReadonlySet<Node>[];
  /** They live to the end. */
  readonly results: ReadonlySet<Node>;
  /** In elements. */
  readonly sizeOf: (node: Node) => number;
}

/** What fits the smallest buffer that WebGPU promises stays in the order in which most runs side by side; in elements. */
const little = 2 ** 25;
/** An order is another only for this share of what lives at most; what is smaller is not moved. */
const worthwhile = 0.01;
const mostMoves = 16;
/** Values that live where most does, of which the largest are tried. */
const mostValues = 32;
/** Groups looked at in all orders that are tried. */
const mostWork = 4e5;

/**
 * An order that lets go of memory step by step may still hold much for long: the gradients of a storage's many parameters are
 * begun with the first and go with the update. A value that lives where most does moves as a whole: its writers, its readers,
 * and what these wait for, all to one place, wherever that leaves least.
 */
export function lowerPeak(
  order: readonly number[],
  after: readonly ReadonlySet<number>[],
  memory: GroupMemory,
  thrifty = false,
): readonly number[] {
  const enough = thrifty ? 0 : little;
  const before = after.map(() => [] as number[]);
  after.forEach((needs, group) => {
    for (const need of needs) before[need]?.push(group);
  });
  const peakOf = createPeaks(memory);
  let work = mostWork;
  let best = { order, use: useOf(order, memory) };
  for (let moves = 0; moves < mostMoves && best.use.peak > enough; moves++) {
    let least: { readonly order: readonly number[]; readonly peak: number } | undefined;
    const places = placesFor(best.use);
    for (const value of largest(best.use, memory)) {
      const own = touching(value, memory);
      const cluster = clusterOf(best.order, {
        own,
        needed: reachable(own, (group) => [...(after[group] ?? [])]),
        later: reachable(own, (group) => before[group] ?? []),
      });
      for (const place of places) {
        work -= order.length;
        if (work <= 0 || place > cluster.latest) continue;
        const moved = movedTo(place, best.order, cluster);
        const peak = peakOf(moved);
        if (!least || peak < least.peak) least = { order: moved, peak };
      }
    }
    if (least === undefined || least.peak > (1 - worthwhile) * best.use.peak) break;
    best = { order: least.order, use: useOf(least.order, memory) };
  }
  return best.order;
}

interface Cluster {
  readonly own: ReadonlySet<number>;
  /** These, and all that they wait for. */
  readonly needed: ReadonlySet<number>;
  /** These, and all that waits for them. */
  readonly later: ReadonlySet<number>;
}

/** The last place to which it can move: what waits for it stands behind that. */
function clusterOf(order: readonly number[], cluster: Cluster) {
  const { own, later } = cluster;
  const first = order.findIndex((group) => later.has(group) && !own.has(group));
  return { ...cluster, latest: first < 0 ? order.length : first };
}

/** The order with a cluster before what stands at a place. */
function movedTo(place: number, order: readonly number[], { own, needed }: Cluster): number[] {
  const first: number[] = [];
  const then: number[] = [];
  const last: number[] = [];
  order.forEach((group, at) => {
    if (at < place && !own.has(group)) first.push(group);
    else (needed.has(group) ? then : last).push(group);
  });
  return [...first, ...then, ...last];
}

/** What lives at most in an order, in elements: as `useOf` has it, of which thousands are asked. */
function createPeaks(memory: GroupMemory): (order: readonly number[]) => number {
  const { reads, writes, results, sizeOf } = memory;
  const numbers = new Map<Node, number>();
  const numberOf = (node: Node): number => {
    const number = numbers.get(node) ?? numbers.size;
    numbers.set(node, number);
    return number;
  };
  const written = writes.map((nodes) => [...nodes].map(numberOf));
  // What no group writes is there before all of them, and takes nothing.
  const touched = reads.map((nodes, group) => [
    ...(written[group] ?? []),
    ...[...nodes].flatMap((node) => numbers.get(node) ?? []),
  ]);
  const sizes = Float64Array.from(numbers.keys(), sizeOf);
  const lasting = [...results].flatMap((node) => numbers.get(node) ?? []);
  const first = new Int32Array(sizes.length);
  const last = new Int32Array(sizes.length);
  const change = new Float64Array(writes.length + 2);
  return (order) => {
    first.fill(-1);
    order.forEach((group, place) => {
      for (const value of written[group] ?? []) if ((first[value] ?? 0) < 0) first[value] = place;
      for (const value of touched[group] ?? []) last[value] = place;
    });
    for (const value of lasting) last[value] = order.length;
    change.fill(0);
    first.forEach((from, value) => {
      const until = (last[value] ?? 0) + 1;
      change[from] = (change[from] ?? 0) + (sizes[value] ?? 0);
      change[until] = (change[until] ?? 0) - (sizes[value] ?? 0);
    });
    let lives = 0;
    let peak = 0;
    for (let place = 0; place < order.length; place++) {
      lives += change[place] ?? 0;
      peak = Math.max(peak, lives);
    }
    return peak;
  };
}

export interface MemoryUse {
  /** The first and the last place where something writes or reads a value. */
  readonly spans: ReadonlyMap<Node, { readonly first: number; readonly last: number }>;
  /** What lives while the group at each place runs, in elements. */
  readonly living: readonly number[];
  /** What lives before the group at each place runs, and is not its own. */
  readonly between: readonly number[];
  readonly peak: number;
  /** What lives where most does. */
  readonly values: readonly Node[];
}

export function useOf(order: readonly number[], memory: GroupMemory): MemoryUse {
  const { reads, writes, results, sizeOf } = memory;
  const spans = new Map<Node, { readonly first: number; last: number }>();
  order.forEach((group, place) => {
    for (const node of writes[group] ?? [])
      if (!spans.has(node)) spans.set(node, { first: place, last: place });
    for (const nodes of [writes[group] ?? [], reads[group] ?? []])
      for (const node of nodes) {
        const span = spans.get(node);
        if (span !== undefined) span.last = place;
      }
  });
  for (const node of results) {
    const span = spans.get(node);
    if (span !== undefined) span.last = order.length;
  }
  const change = new Float64Array(order.length + 2);
  const changeBetween = new Float64Array(order.length + 2);
  const add = (list: Float64Array, place: number, size: number): void => {
    list[place] = (list[place] ?? 0) + size;
  };
  for (const [node, { first, last }] of spans) {
    const size = sizeOf(node);
    add(change, first, size);
    add(change, last + 1, -size);
    add(changeBetween, first + 1, size);
    add(changeBetween, last + 1, -size);
  }
  const living = summed(change, order.length);
  const peak = living.reduce((most, one) => Math.max(most, one), 0);
  const top = living.indexOf(peak);
  const values = [...spans].flatMap(([node, { first, last }]) =>
    first <= top && top <= last ? [node] : [],
  );
  return { spans, living, between: summed(changeBetween, order.length), peak, values };
}

function summed(change: Float64Array, count: number): number[] {
  let sum = 0;
  return Array.from({ length: count }, (_, at) => (sum += change[at] ?? 0));
}

function largest({ values, peak }: MemoryUse, { sizeOf }: GroupMemory): readonly Node[] {
  return values
    .filter((node) => sizeOf(node) > worthwhile * peak)
    .sort((one, other) => sizeOf(other) - sizeOf(one))
    .slice(0, mostValues);
}

function touching(value: Node, { reads, writes }: GroupMemory): Set<number> {
  const own = new Set<number>();
  reads.forEach((nodes, group) => {
    if (nodes.has(value) || writes[group]?.has(value)) own.add(group);
  });
  return own;
}

/** Places where something can be put without what lives there by itself being as much as the peak; least lives at the first. */
function placesFor({ between, peak }: MemoryUse): readonly number[] {
  const mostPlaces = 40;
  return [...between.keys()]
    .filter((place) => (between[place] ?? 0) < (1 - worthwhile) * peak)
    .sort((one, other) => (between[one] ?? 0) - (between[other] ?? 0) || one - other)
    .slice(0, mostPlaces);
}
