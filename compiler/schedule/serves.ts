// Takes the nests of a program and its results, gives for each nest the results that need it, so that others can be left out.
import type { LoopNest, ScheduledResult } from "../types/nest.js";
import { reachableScalars } from "./operands.js";

/**
 * Walks backwards from the results. A nest that a storage's new value needs serves always (undefined): such programs
 * run as a whole.
 */
export function servesOf(
  nests: readonly LoopNest[],
  results: readonly ScheduledResult[],
  isStorage: (buffer: number) => boolean,
): (readonly number[] | undefined)[] {
  const wanted = new Map<number, Set<number>>(); // by buffer: the results that need it
  results.forEach((result, index) => {
    wanted.set(result.buffer, (wanted.get(result.buffer) ?? new Set<number>()).add(index));
  });
  const always = new Set<number>(); // buffers that effects need
  const reads = nests.map(readBuffers);
  const serves: (readonly number[] | undefined)[] = nests.map(() => undefined);
  /** Whether a nest wants something that nobody did before. */
  const visit = ({ stores }: LoopNest, at: number): boolean => {
    const effect = stores.some(({ buffer }) => always.has(buffer) || isStorage(buffer));
    const needed = new Set(stores.flatMap(({ buffer }) => [...(wanted.get(buffer) ?? [])]));
    let grown = false;
    for (const buffer of reads[at] ?? []) {
      const set = wanted.get(buffer) ?? new Set<number>();
      const before = set.size + Number(always.has(buffer));
      if (effect) always.add(buffer);
      for (const result of needed) set.add(result);
      wanted.set(buffer, set);
      grown ||= set.size + Number(always.has(buffer)) > before;
    }
    serves[at] = effect ? undefined : [...needed].sort((a, b) => a - b);
    return grown;
  };
  const backwards = [...nests.entries()].reverse();
  const walk = (): boolean => backwards.map(([at, nest]) => visit(nest, at)).includes(true);
  // What a nest of a recurrence writes may be wanted by one before it, in the next turn.
  const recurs = nests.some(({ turns }) => turns);
  while (walk() && recurs);
  return serves;
}

/** By nest: its scalars, which all phases ask about, are walked once. */
const known = new WeakMap<LoopNest, ReadonlySet<number>>();

/** Buffers that a nest loads from. */
export function readBuffers(nest: LoopNest): ReadonlySet<number> {
  const before = known.get(nest);
  if (before !== undefined) return before;
  const buffers = new Set<number>();
  for (const scalar of reachableScalars(
    nest.stores.flatMap((store) => [store.index, store.value]),
  )) {
    if (scalar.kind === "load") buffers.add(scalar.buffer);
  }
  known.set(nest, buffers);
  return buffers;
}

/** Buffers that a nest loads from or stores to. */
export function touchedBuffers(nest: LoopNest): ReadonlySet<number> {
  return new Set([...nest.stores.map((store) => store.buffer), ...readBuffers(nest)]);
}
