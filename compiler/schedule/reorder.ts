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
  let work = mostWork;
  let best = { order, use: useOf(order, memory) };
  for (let moves = 0; moves < mostMoves && best.use.peak > enough; moves++) {
    const better = largest(best.use, memory).flatMap((value) => {
      const own = touching(value, memory);
      const needed = reachable(own, (group) => [...(after[group] ?? [])]);
      const later = reachable(own, (group) => before[group] ?? []);
      return placesFor(best.use).flatMap((place) => {
        work -= order.length;
        const moved = work > 0 ? movedTo(place, best.order, { own, needed, later }) : undefined;
        return moved === undefined ? [] : [{ order: moved, use: useOf(moved, memory) }];
      });
    });
    const [least] = better.sort((one, other) => one.use.peak - other.use.peak);
    if (least === undefined || least.use.peak > (1 - worthwhile) * best.use.peak) break;
    best = least;
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

/** The order with a cluster before what stands at a place; undefined where what is before that waits for some of it. */
function movedTo(
  place: number,
  order: readonly number[],
  { own, needed, later }: Cluster,
): readonly number[] | undefined {
  const first = order.slice(0, place).filter((group) => !own.has(group));
  if (first.some((group) => later.has(group))) return undefined;
  const done = new Set(first);
  const left = order.filter((group) => !done.has(group));
  return [
    ...first,
    ...left.filter((group) => needed.has(group)),
    ...left.filter((group) => !needed.has(group)),
  ];
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
