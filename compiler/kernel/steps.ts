// Takes a schedule and its kernels for each kind of adapter, gives it in steps: nests that do not wait for each other and pay to run in one dispatch.
import { elementBytes } from "../schedule/memory.js";
import { haveSameTurns } from "../schedule/spans.js";
import { touchedBuffers } from "../schedule/serves.js";
import { waitsOf } from "../schedule/waits.js";
import type { Extents } from "../types/dimension.js";
import { expectedSize } from "../types/dimension.js";
import type { Schedule } from "../types/nest.js";
import type { CompanyFacts } from "./company.js";
import { createCompanyFacts, noCompany } from "./company.js";
import type { Kernel } from "./ir.js";
import type { MergingLimits } from "./target.js";
import type { AdapterKernels, PerAdapter } from "./targets.js";
import { adapterNames, perAdapter } from "./targets.js";

export interface Stepped {
  readonly schedule: Schedule;
  /** Positions before of the nests that it has. */
  readonly order: readonly number[];
}

/** An adapter: the kernels of all nests, and when they go together. */
export interface Side {
  readonly kernels: readonly Kernel[];
  readonly limits: MergingLimits;
}

/** Nests that one kernel does, each row one behind the other. */
export interface ChainedNests {
  readonly nests: readonly number[];
  readonly kernels: AdapterKernels;
}

/**
 * Turns that one dispatch does are a step. Of all else the order stays, but that a nest comes forward to run beside the first of those
 * that are left: where nothing that it waits for is in the same step, they make a good company, and what lives at most does not grow.
 * Nests of a chain come with its first one, wherever that is.
 */
export function intoSteps(
  schedule: Schedule,
  sides: PerAdapter<Side>,
  chains: ReadonlyMap<number, ChainedNests>,
  extents: Extents,
): Stepped {
  const { inOneDispatch } = schedule;
  const ready = createReadiness(schedule);
  const memory = createMemoryTrack(schedule, extents);
  const factsOf = perAdapter((name) => createCompanyFacts(schedule, sides[name].kernels, extents));
  const known = new Map<number | ChainedNests, readonly CompanyFacts[]>();
  const facts = (nest: number, chain: ChainedNests | undefined): readonly CompanyFacts[] => {
    const found =
      known.get(chain ?? nest) ??
      adapterNames.flatMap((name) => {
        const kernel = chain ? chain.kernels[name] : sides[name].kernels[nest];
        return kernel ? [factsOf[name](kernel, chain?.nests ?? [nest])] : [];
      });
    known.set(chain ?? nest, found);
    return found;
  };
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
  const following = new Set<number>();
  let left = [...schedule.nests.keys()];
  for (let [first] = left; first !== undefined; [first] = left) {
    let company = noCompany(adapterNames.map((name) => sides[name].limits));
    const members = new Set<number>(turnsWith(first));
    for (const nest of members.size > 0 ? [] : left) {
      if (!ready.isFirst(nest) || members.has(nest)) continue;
      // A dispatch runs in the turns of all its nests.
      if (!sameTurns(first, nest)) continue;
      const early = nest !== first;
      const whole = chains.get(nest);
      if (!ready.are(whole?.nests ?? [nest])) continue;
      // What has its turn has it without what would come too early.
      const comes = early || (whole && memory.allows(whole.nests, first));
      const chain = comes ? whole : undefined;
      const own = chain?.nests ?? [nest];
      const together = company.with(facts(nest, chain));
      if (!together || (early && !memory.allows(own, first))) continue;
      company = together;
      memory.move(own, first);
      for (const one of own) members.add(one);
      for (const one of own.slice(1)) following.add(one);
    }
    ready.run(members);
    order.push(...members);
    steps.push(members.size);
    left = left.filter((nest) => !members.has(nest));
  }
  return { schedule: reordered(schedule, { order, steps, following }), order };
}

interface Order {
  readonly order: readonly number[];
  readonly steps: readonly number[];
  /** Nests that stand behind another of their chain. */
  readonly following: ReadonlySet<number>;
}

function reordered(schedule: Schedule, { order, steps, following }: Order): Schedule {
  const { nests, serves } = schedule;
  const marked = nests.map((nest, at) => (following.has(at) ? { ...nest, follows: true } : nest));
  return { ...schedule, steps, nests: pick(marked, order), serves: pick(serves, order) };
}

function pick<T>(list: readonly T[], order: readonly number[]): readonly T[] {
  return order.flatMap((index) => list.slice(index, index + 1));
}

interface Readiness {
  /** Whether all has run that this one waits for. */
  readonly isFirst: (nest: number) => boolean;
  /** The same of several, but for what is among them. */
  readonly are: (nests: readonly number[]) => boolean;
  readonly run: (nests: ReadonlySet<number>) => void;
}

function createReadiness({ nests, buffers }: Schedule): Readiness {
  const waits = waitsOf(nests, buffers);
  const missing = waits.map((all) => all.size);
  const waiting = nests.map(() => [] as number[]);
  waits.forEach((all, nest) => {
    for (const other of all) waiting[other]?.push(nest);
  });
  const isFirst = (nest: number): boolean => missing[nest] === 0;
  return {
    isFirst,
    are: (own) =>
      own.every(
        (nest) =>
          isFirst(nest) || missing[nest] === own.filter((other) => waits[nest]?.has(other)).length,
      ),
    run: (done) => {
      for (const nest of done)
        for (const next of waiting[nest] ?? []) missing[next] = (missing[next] ?? 0) - 1;
    },
  };
}

/** By how much what lives at most may grow: what is small must not hold up what is not. */
const mostGrowth = 1.01;

interface MemoryTrack {
  /** Whether what lives at most stays as it is, or nearly, where nests run beside an earlier one, or one of them. */
  readonly allows: (nests: readonly number[], beside: number) => boolean;
  readonly move: (nests: readonly number[], beside: number) => void;
}

/** A temporary: its bytes, the nests that touch it, the first and the last nest of the old order that any of these runs beside. */
interface Life {
  readonly bytes: number;
  readonly nests: readonly number[];
  /** It lives to the end, whoever touches it. */
  readonly isResult: boolean;
  first: number;
  last: number;
}

function createMemoryTrack(schedule: Schedule, extents: Extents): MemoryTrack {
  const { lives, livesOf } = livesOfTemporaries(schedule, extents);
  const times = [...schedule.nests.keys()];
  const timeOf = (nest: number): number => times[nest] ?? nest;
  const living = new Array<number>(times.length + 1).fill(0);
  const grow = (from: number, below: number, bytes: number): void => {
    for (let at = from; at < below; at++) living[at] = (living[at] ?? 0) + bytes;
  };
  for (const { first, last, bytes } of lives) grow(first, last + 1, bytes);
  const most = mostGrowth * Math.max(...living);
  const settle = (life: Life, first: number, last: number): void => {
    grow(first, life.first, life.bytes);
    grow(life.first, first, -life.bytes);
    grow(life.last + 1, last + 1, life.bytes);
    grow(last + 1, life.last + 1, -life.bytes);
    Object.assign(life, { first, last });
  };
  const move = (nest: number, beside: number): void => {
    for (const life of livesOf[nest] ?? []) {
      const { nests, isResult, last } = life;
      const ends = !isResult && timeOf(nest) === last;
      const others = nests.map((other) => (other === nest ? beside : timeOf(other)));
      settle(life, Math.min(life.first, beside), ends ? Math.max(...others) : last);
    }
  };
  const moveAll = (own: readonly number[], beside: number): void => {
    for (const nest of own) {
      move(nest, beside);
      times[nest] = beside;
    }
  };
  return {
    allows: (own, beside) => {
      const last = Math.max(...own);
      if (last === beside) return true;
      const lives = new Set(own.flatMap((nest) => livesOf[nest] ?? []));
      const before = [...lives].map((life) => ({ life, first: life.first, last: life.last }));
      const then = own.map(timeOf);
      moveAll(own, beside);
      let fits = true;
      for (let at = beside; fits && at < last; at++) fits = (living[at] ?? 0) <= most;
      for (const { life, first, last: end } of before) settle(life, first, end);
      own.forEach((nest, at) => (times[nest] = then[at] ?? nest));
      return fits;
    },
    move: moveAll,
  };
}

/** All of them, and those that each nest touches. */
function livesOfTemporaries({ nests, buffers, results }: Schedule, extents: Extents) {
  const touching = new Map<number, number[]>();
  const touched = nests.map((nest, at) =>
    [...touchedBuffers(nest)].filter((buffer) => {
      if (buffers[buffer]?.kind !== "temporary") return false;
      const known = touching.get(buffer);
      if (known) known.push(at);
      else touching.set(buffer, [at]);
      return true;
    }),
  );
  const kept = new Set(results.map(({ buffer }) => buffer));
  const lives = new Map(
    [...touching].map(([buffer, own]): [number, Life] => {
      const bytes = elementBytes * expectedSize(buffers[buffer]?.elements ?? 0, extents);
      const isResult = kept.has(buffer);
      const [first, last] = [Math.min(...own), isResult ? nests.length : Math.max(...own)];
      return [buffer, { bytes, nests: own, isResult, first, last }];
    }),
  );
  const livesOf = touched.map((own) => own.flatMap((buffer) => lives.get(buffer) ?? []));
  return { lives: [...lives.values()], livesOf };
}
