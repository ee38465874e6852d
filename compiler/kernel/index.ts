// Takes schedules, gives the kernels of their nests: of each one for every target.
import type { Extents } from "../types/dimension.js";
import type { LoopNest, Recurrence, Schedule, ScheduledBuffer } from "../types/nest.js";
import { placeTemporaries } from "../schedule/place.js";
import { spansOfRecurrences } from "../schedule/spans.js";
import type { NestShape } from "./alike.js";
import { shapeOfNest } from "./alike.js";
import type { NestFacts } from "./analyze.js";
import { analyzeNest } from "./analyze.js";
import { axesApart } from "./apart.js";
import type { RowMapping, RowNest } from "./chain.js";
import { createChainer, findChains, rowMappingOf } from "./chain.js";
import { chooseParallel, chooseSerial, chooseStaged } from "./choose.js";
import { createCompanyFacts, isWithin } from "./company.js";
import { buildForCpu } from "./cpu.js";
import { buildForGpu } from "./gpu.js";
import type { Kernel } from "./ir.js";
import type { Merger } from "./merge.js";
import { splitAxes } from "./split.js";
import { buildStaged } from "./staged.js";
import type { ChainedNests, Side } from "./steps.js";
import { intoSteps } from "./steps.js";
import type { Target } from "./target.js";
import type { AdapterKernels, NestKernels, PerAdapter, Targets } from "./targets.js";
import { adapterNames, forEachAdapter, perAdapter, perTarget, targets } from "./targets.js";
import type { Turns } from "./turns.js";
import { isWorthOneDispatch, kernelOfTurns } from "./turns.js";

/** As `mapSchedules`, of one schedule. */
export function mapSchedule(
  schedule: Schedule,
  extents: Extents = {},
  others: Partial<Targets> = {},
): readonly NestKernels[] {
  return mapSchedules([schedule], extents, others).flat();
}

/**
 * Of each schedule the kernels of its nests. Nests alike are mapped once, and their kernels have one and the same body.
 * `extents` are what free dimensions are expected to be: kernels are right for any other.
 */
export function mapSchedules(
  schedules: readonly Schedule[],
  extents: Extents = {},
  others: Partial<Targets> = {},
): readonly (readonly NestKernels[])[] {
  return mapAll(schedules, extents, others).map((nests) => nests.map(({ kernels }) => kernels));
}

function mapAll(
  schedules: readonly Schedule[],
  extents: Extents,
  others: Partial<Targets>,
): readonly (readonly MappedNest[])[] {
  const machines: Targets = { ...targets, ...others };
  const known = new Map<string, Mapped>();
  return schedules.map(({ nests, buffers }) =>
    nests.map((nest): MappedNest => {
      const shape = shapeOfNest(nest, buffers);
      const like = known.get(shape.key);
      const mapped = like ?? { shape, ...mapNest(nest, buffers, extents, machines) };
      known.set(shape.key, mapped);
      return {
        kernels: like ? kernelsOfAlike(like, nest, shape) : mapped.kernels,
        rows: mapped.rows && rowNestOfAlike(mapped.rows, mapped.shape, shape),
      };
    }),
  );
}

/** Schedules with their places in memory settled, whose steps are what adapters run in a dispatch each, and their kernels. */
export function mapInSteps(
  schedules: readonly Schedule[],
  extents: Extents = {},
): {
  readonly schedules: readonly Schedule[];
  readonly kernels: readonly (readonly NestKernels[])[];
  /** By schedule, the kernels of recurrences all of whose turns run in one dispatch. */
  readonly turns: readonly TurnKernels[];
  /** By schedule, those of chains, by the first of their nests. */
  readonly chains: readonly ChainKernels[];
} {
  const mapped = mapAll(schedules, extents, {});
  const chain = createChainer();
  const stepped = schedules.map((schedule, at) =>
    stepsOf(schedule, mapped[at] ?? [], chain, extents),
  );
  return {
    schedules: stepped.map(({ schedule }) => schedule),
    kernels: stepped.map(({ kernels }) => kernels),
    turns: stepped.map(({ turns }) => turns),
    chains: stepped.map(({ chains }) => chains),
  };
}

export type TurnKernels = ReadonlyMap<Recurrence, AdapterKernels>;
export type ChainKernels = ReadonlyMap<LoopNest, AdapterKernels>;

interface SteppedProgram {
  readonly schedule: Schedule;
  readonly kernels: readonly NestKernels[];
  readonly turns: TurnKernels;
  readonly chains: ChainKernels;
}

/** What kernels of all turns bind shows once buffers have their places: where it is too much, they are given up. */
function stepsOf(
  plain: Schedule,
  mapped: readonly MappedNest[],
  chainer: Merger,
  extents: Extents,
): SteppedProgram {
  const own = mapped.map(({ kernels }) => kernels);
  const sides = perAdapter((name): Side => ({
    kernels: own.map((kernels) => kernels[name]),
    limits: targets[name].merging,
  }));
  const chained = chainsOf(plain, mapped, sides, { chainer, extents });
  let wanted = turnsWorthIt(plain, extents);
  for (;;) {
    const inOneDispatch = new Set(wanted.map(({ recurrence }) => recurrence));
    const { schedule, order } = intoSteps({ ...plain, inOneDispatch }, sides, chained, extents);
    const placed = placeTemporaries(schedule, extents);
    const turns = new Map<Recurrence, AdapterKernels>();
    for (const one of wanted) {
      const kernels = forEachAdapter((name) => kernelOfTurns(one, placed.buffers, targets[name]));
      if (kernels) turns.set(one.recurrence, kernels);
    }
    if (turns.size === wanted.length) {
      const kernels = order.flatMap((nest) => own.slice(nest, nest + 1));
      return { schedule: placed, kernels, turns, chains: kernelsOfChains(plain, chained) };
    }
    wanted = wanted.filter(({ recurrence }) => turns.has(recurrence));
  }
}

/** Those of nests outside of recurrences that a dispatch can take on every adapter. */
function chainsOf(
  schedule: Schedule,
  mapped: readonly MappedNest[],
  sides: PerAdapter<Side>,
  { chainer, extents }: { readonly chainer: Merger; readonly extents: Extents },
): ReadonlyMap<number, ChainedNests> {
  const { nests, buffers } = schedule;
  const kernelOf = (chain: readonly number[], { kernels }: Side): Kernel =>
    chainer(
      chain.flatMap((nest) => {
        const kernel = kernels[nest];
        return kernel ? { kernel, given: nests[nest]?.arguments.length ?? 0 } : [];
      }),
      buffers,
    );
  const factsOf = perAdapter((name) => createCompanyFacts(schedule, sides[name].kernels, extents));
  const fits = (chain: readonly number[]): boolean =>
    adapterNames.every((name) => {
      const side = sides[name];
      const types = chain.flatMap((nest) => {
        const kernel = side.kernels[nest];
        return kernel ? [...factsOf[name](kernel, [nest]).memory] : [];
      });
      const alike = new Map(types);
      if (types.some(([memory, type]) => alike.get(memory) !== type)) return false;
      return isWithin(factsOf[name](kernelOf(chain, side), chain), side.limits);
    });
  const rows = mapped.map((one, at) => (nests[at]?.turns ? undefined : one.rows));
  const found = findChains(schedule, rows, fits);
  return new Map(
    [...found].map(([head, chain]) => [
      head,
      { nests: chain, kernels: perAdapter((name) => kernelOf(chain, sides[name])) },
    ]),
  );
}

function kernelsOfChains(
  { nests }: Schedule,
  chains: ReadonlyMap<number, ChainedNests>,
): ChainKernels {
  return new Map(
    [...chains].flatMap(([head, { kernels }]) => {
      const nest = nests[head];
      return nest ? [[nest, kernels]] : [];
    }),
  );
}

/** Recurrences within which no other runs, where one dispatch for all turns pays on every adapter. */
function turnsWorthIt({ nests, serves }: Schedule, extents: Extents): readonly Turns[] {
  return [...spansOfRecurrences(nests)].flatMap(([recurrence, { first, last }]) => {
    const own = nests.slice(first, last + 1);
    const [served] = serves.slice(first, last + 1).map(String);
    const alike = serves.slice(first, last + 1).every((one) => String(one) === served);
    if (!alike || own.some(({ turns }) => turns?.at(-1) !== recurrence)) return [];
    const facts = own.map((nest) => analyzeNest(splitAxes(nest), extents));
    const turns = { recurrence, nests: facts, apart: axesApart(facts), extents };
    return adapterNames.every((name) => isWorthOneDispatch(turns, targets[name])) ? [turns] : [];
  });
}

interface Mapped {
  readonly shape: NestShape;
  readonly kernels: NestKernels;
  /** Where invocations, or workgroups, of adapters do its rows. */
  readonly rows: RowNest | undefined;
}

type MappedNest = Pick<Mapped, "kernels" | "rows">;

function mapNest(
  nest: LoopNest,
  buffers: readonly ScheduledBuffer[],
  extents: Extents,
  machines: Targets,
): MappedNest {
  const facts = analyzeNest(splitAxes(nest), extents);
  const built = perTarget((name) => buildKernel(facts, buffers, machines[name]));
  const rows = forEachAdapter((name) => built[name].rows);
  return {
    kernels: perTarget((name) => built[name].kernel),
    rows: rows && { facts, rows, bufferOf: (buffer) => buffer },
  };
}

function rowNestOfAlike(rows: RowNest, known: NestShape, shape: NestShape): RowNest {
  const bufferOf = new Map(known.buffers.map((buffer, at) => [buffer, shape.buffers[at]]));
  return { ...rows, bufferOf: (buffer) => bufferOf.get(buffer) ?? buffer };
}

/** The kernels of a nest that is mapped already, as those of another. */
function kernelsOfAlike(known: Mapped, { name, origins }: LoopNest, shape: NestShape): NestKernels {
  const bufferOf = new Map(known.shape.buffers.map((buffer, at) => [buffer, shape.buffers[at]]));
  const hostOf = new Map(known.shape.host.map((index, at) => [index, shape.host[at]]));
  const place = <K>(places: ReadonlyMap<K, K | undefined>, of: K): K => {
    const found = places.get(of);
    if (found === undefined)
      throw new Error(`${name} is not like the nest that it shares kernels with`);
    return found;
  };
  const renamed = (kernel: Kernel): Kernel => ({
    ...kernel,
    name,
    origins,
    bindings: kernel.bindings.map((one) => ({ ...one, buffer: place(bufferOf, one.buffer) })),
    uniforms: kernel.uniforms.map((uniform) =>
      uniform.kind === "host" ? { ...uniform, index: place(hostOf, uniform.index) } : uniform,
    ),
  });
  return perTarget((target) => renamed(known.kernels[target]));
}

function buildKernel(
  facts: NestFacts,
  buffers: readonly ScheduledBuffer[],
  target: Target,
): { readonly kernel: Kernel; readonly rows?: RowMapping | undefined } {
  if (target.machine === "cpu")
    return { kernel: buildForCpu(facts, chooseSerial(facts, target), buffers, target) };
  const choice = chooseParallel(facts, target);
  const staged = chooseStaged(facts, choice, target);
  if (staged) return { kernel: buildStaged(facts, staged, buffers, target) };
  return { kernel: buildForGpu(facts, choice, buffers, target), rows: rowMappingOf(choice) };
}
