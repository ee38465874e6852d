// Takes a schedule and its kernels for each kind of adapter, gives it in steps: nests that do not wait for each other and pay to run in one dispatch.
import { elementBytes } from "../schedule/memory.js";
import { haveSameTurns } from "../schedule/spans.js";
import { touchedBuffers } from "../schedule/serves.js";
import { waitsOf } from "../schedule/waits.js";
import type { Extents } from "../types/dimension.js";
import { expectedSize } from "../types/dimension.js";
import type { Schedule } from "../types/nest.js";
import { companyFacts, createCompany } from "./company.js";
import type { Kernel } from "./ir.js";
import type { MergingLimits } from "./target.js";

export interface Stepped {
  readonly schedule: Schedule;
  /** Positions before of the nests that it has. */
  readonly order: readonly number[];
}

/** A kind of adapter: the kernels of all nests, and when they go together. */
export interface Side {
  readonly kernels: readonly Kernel[];
  readonly limits: MergingLimits;
}

/**
 * Turns that one dispatch does are a step. Of all else the order stays, but that a nest comes forward to run beside the first of those
 * that are left: where nothing that it waits for is in the same step, they make a good company, and what lives at most does not grow.
 */
export function intoSteps(schedule: Schedule, sides: readonly Side[], extents: Extents): Stepped {
  const { inOneDispatch } = schedule;
  const ready = createReadiness(schedule);
  const memory = createMemoryTrack(schedule, extents);
  const facts = sides.map(({ kernels, limits }) => ({
    facts: companyFacts(schedule, kernels, extents),
    limits,
  }));
  const sameTurns = (one: number, other: number): boolean => {
    const [own, others] = [schedule.nests[one], schedule.nests[other]];
    return own !== undefined && others !== undefined && haveSameTurns(own, others);
  };
  /** All nests of the recurrence of one, where a dispatch does all its turns. */
  const turnsWith = (nest: number): number[] => {
    const innermost = schedule.nests[nest]?.turns?.at(-1);
    if (!innermost || !inOneDispatch.has(innermost)) return [];
    return [...schedule.nests.keys()].filter((other) =>
      schedule.nests[other]?.turns?.includes(innermost),
    );
  };
  const order: number[] = [];
  const steps: number[] = [];
  let left = [...schedule.nests.keys()];
  for (let [first] = left; first !== undefined; [first] = left) {
    const company = createCompany(facts);
    const members = new Set<number>(turnsWith(first));
    for (const nest of members.size > 0 ? [] : left) {
      const early = nest !== first;
      // A dispatch runs in the turns of all its nests.
      if (!sameTurns(first, nest)) continue;
      if (!ready.is(nest) || (early && !memory.allows(nest, first)) || !company.take(nest))
        continue;
      if (early) memory.move(nest, first);
      members.add(nest);
    }
    ready.run(members);
    order.push(...members);
    steps.push(members.size);
    left = left.filter((nest) => !members.has(nest));
  }
  return { schedule: reordered(schedule, order, steps), order };
}

function reordered(
  schedule: Schedule,
  order: readonly number[],
  steps: readonly number[],
): Schedule {
  const { nests, serves } = schedule;
  return { ...schedule, steps, nests: pick(nests, order), serves: pick(serves, order) };
}

function pick<T>(list: readonly T[], order: readonly number[]): readonly T[] {
  return order.flatMap((index) => list.slice(index, index + 1));
}

interface Readiness {
  /** Whether all that it waits for has run. */
  readonly is: (nest: number) => boolean;
  readonly run: (nests: ReadonlySet<number>) => void;
}

function createReadiness({ nests, buffers }: Schedule): Readiness {
  const waits = waitsOf(nests, buffers);
  const missing = waits.map((all) => all.size);
  const waiting = nests.map(() => [] as number[]);
  waits.forEach((all, nest) => {
    for (const other of all) waiting[other]?.push(nest);
  });
  return {
    is: (nest) => missing[nest] === 0,
    run: (done) => {
      for (const nest of done)
        for (const next of waiting[nest] ?? []) missing[next] = (missing[next] ?? 0) - 1;
    },
  };
}

/** By how much what lives at most may grow: what is small must not hold up what is not. */
const mostGrowth = 1.01;

interface MemoryTrack {
  /** Whether what lives at most stays as it is, or nearly, where a nest runs beside an earlier one. */
  readonly allows: (nest: number, beside: number) => boolean;
  readonly move: (nest: number, beside: number) => void;
}

/** The life of a buffer: the first and the last nest of the old order that what touches it runs beside. */
interface Span {
  readonly first: number;
  readonly last: number;
}

function createMemoryTrack(schedule: Schedule, extents: Extents): MemoryTrack {
  const { sizes, results, touched, touching } = temporariesOf(schedule, extents);
  const end = schedule.nests.length;
  const times = [...schedule.nests.keys()];
  const spanOf = (buffer: number, timeOf: (nest: number) => number): Span => {
    const all = (touching.get(buffer) ?? []).map(timeOf);
    return { first: Math.min(...all), last: results.has(buffer) ? end : Math.max(...all) };
  };
  const now = (nest: number): number => times[nest] ?? nest;
  const spans = new Map([...sizes.keys()].map((buffer) => [buffer, spanOf(buffer, now)]));
  const living = new Array<number>(end + 1).fill(0);
  const grow = ({ first, last }: Span, bytes: number): void => {
    for (let at = first; at <= last; at++) living[at] = (living[at] ?? 0) + bytes;
  };
  for (const [buffer, span] of spans) grow(span, sizes.get(buffer) ?? 0);
  const most = mostGrowth * Math.max(...living);
  const set = (moved: ReadonlyMap<number, Span>): void => {
    for (const [buffer, span] of moved) {
      grow(spans.get(buffer) ?? span, -(sizes.get(buffer) ?? 0));
      grow(span, sizes.get(buffer) ?? 0);
      spans.set(buffer, span);
    }
  };
  const movedTo = (nest: number, beside: number): ReadonlyMap<number, Span> =>
    new Map(
      (touched[nest] ?? []).map((buffer) => [
        buffer,
        spanOf(buffer, (other) => (other === nest ? beside : now(other))),
      ]),
    );
  return {
    allows: (nest, beside) => {
      const moved = movedTo(nest, beside);
      const before = new Map([...moved.keys()].map((buffer) => [buffer, spanOf(buffer, now)]));
      set(moved);
      const fits = living.slice(beside, nest).every((bytes) => bytes <= most);
      set(before);
      return fits;
    },
    move: (nest, beside) => {
      set(movedTo(nest, beside));
      times[nest] = beside;
    },
  };
}

/** Bytes of each temporary, which of them are results, those that each nest touches, and the nests that touch each. */
function temporariesOf(schedule: Schedule, extents: Extents) {
  const { nests, buffers } = schedule;
  const touched = nests.map((nest) =>
    [...touchedBuffers(nest)].filter((buffer) => buffers[buffer]?.kind === "temporary"),
  );
  const touching = new Map<number, number[]>();
  touched.forEach((all, nest) => {
    for (const buffer of all) touching.set(buffer, [...(touching.get(buffer) ?? []), nest]);
  });
  const sizes = new Map(
    [...touching.keys()].map((buffer) => {
      const elements = buffers[buffer]?.elements ?? 0;
      return [buffer, elementBytes * expectedSize(elements, extents)];
    }),
  );
  const results = new Set(schedule.results.map(({ buffer }) => buffer));
  return { sizes, results, touched, touching };
}
