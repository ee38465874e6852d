// Takes a nest, gives the register tile: the output axes of which one invocation computes several points, because they share loads.
import type { Extents } from "../types/dimension.js";
import type { Axis } from "../types/nest.js";
import type {
  AccessFacts,
  LoadFacts,
  NestFacts,
  OperationFacts,
  ReductionFacts,
} from "./analyze.js";
import { laneCount, quadSize } from "./ir.js";
import type { TileLimits, WideLimits } from "./target.js";
import { expectedSize } from "../types/dimension.js";

export interface TiledAxis {
  readonly axis: Axis;
  readonly size: number;
  /** Neighbours along it are lanes of wide values. */
  readonly inLanes?: true;
}

export interface Tile {
  readonly axes: readonly TiledAxis[];
  /** The axis of the heaviest reduction along which lanes take terms of their own. */
  readonly laned: Axis | undefined;
  /** Neighbouring invocations along it load together what does not depend on it. */
  readonly quads: Axis | undefined;
  /** What it costs for each term of the sum and each point, in loads; and the same without any tile. */
  readonly cost: number;
  readonly costUntiled: number;
}

/** More values than this times points make a kernel too long to compile quickly. */
const mostValues = 1600;
/** What lanes came to, combined: of one point by itself, and of one of four together. */
const acrossCost = 7;
const packedCost = 2.25;
type FourCosts = WideLimits["four"];
const singly: FourCosts = { together: laneCount, apart: laneCount };

interface Candidate {
  readonly axes: readonly TiledAxis[];
  readonly laned: Axis | undefined;
  readonly quads: Axis | undefined;
}

/** `largest` limits the tile along some axes. */
export function chooseTile(
  facts: NestFacts,
  limits: TileLimits,
  largest: ReadonlyMap<Axis, number> = new Map(),
): Tile {
  // Points of a row share its reductions already.
  const reduction = facts.rows ? undefined : heaviest(facts.reductions);
  const plain: Candidate = { axes: [], laned: undefined, quads: undefined };
  const costOf = createCosts(facts, reduction, limits);
  const costUntiled = costOf(plain);
  let best: Tile = { ...plain, cost: costUntiled, costUntiled };
  let least = costUntiled;
  const consider = (candidate: Candidate): void => {
    if (candidate.axes.some(({ axis, size }) => size > (largest.get(axis) ?? size))) return;
    if (
      registersOf(candidate.axes, candidate.laned !== undefined) >
      accumulatorsAllowed(facts, limits)
    )
      return;
    const cost = costOf(candidate);
    const total = cost + contiguity(facts, candidate.axes, limits);
    if (total >= least - 1e-9) return;
    least = total;
    best = { ...candidate, cost, costUntiled };
  };
  for (const axes of tiles(facts, reduction, limits))
    for (const laned of [undefined, ...lanedAxes(reduction, limits, facts.extents)])
      for (const quads of [undefined, ...quadAxes(facts, reduction, limits, axes)])
        consider({ axes, laned, quads });
  return best;
}

function heaviest(reductions: readonly ReductionFacts[]): ReductionFacts | undefined {
  return reductions.reduce<ReductionFacts | undefined>(
    (best, facts) => (best && best.work >= facts.work ? best : facts),
    undefined,
  );
}

function accumulatorsAllowed(
  { values, outside, reductions }: NestFacts,
  { accumulators, bare }: TileLimits,
): number {
  const operations = outside.operations.reduce((sum, { cost }) => sum + cost, 0);
  const isBare =
    bare && operations <= bare.operations && (heaviest(reductions)?.work ?? 0) >= bare.work;
  return Math.min(isBare ? bare.accumulators : accumulators, mostValues / values.length);
}

/** Lanes along a reduction hold terms of one point, so that each point takes a register. */
export function registersOf(axes: readonly TiledAxis[], laned: boolean): number {
  return axes.reduce(
    (product, { size, inLanes }) => product * (inLanes && !laned ? size / laneCount : size),
    1,
  );
}

/** No axis, one or two of them, at most one in lanes. */
function* tiles(
  facts: NestFacts,
  reduction: ReductionFacts | undefined,
  limits: TileLimits,
): Generator<readonly TiledAxis[]> {
  const { nest, extents } = facts;
  const together = nest.axes.filter(
    (axis) => !reduction?.apart.has(axis) && !facts.rows?.has(axis),
  );
  const candidates = together.flatMap((axis) => [
    ...(reduction ? sizesOf(axis, limits.largest, extents) : []),
    ...wideSizesOf(axis, facts, limits),
  ]);
  yield [];
  for (const [at, first] of candidates.entries()) {
    yield [first];
    for (const second of candidates.slice(at + 1)) {
      const bothWide = first.inLanes && second.inLanes;
      if (second.axis !== first.axis && !bothWide) yield [first, second];
    }
  }
}

function sizesOf(axis: Axis, largest: number, extents: Extents): readonly TiledAxis[] {
  const extent = expectedSize(axis.extent, extents);
  if (extent < 2) return [];
  if (extent < largest) return [{ axis, size: extent }];
  const sizes: TiledAxis[] = [];
  for (let size = largest; size > 1; size /= 2) sizes.push({ axis, size });
  // Ten classes make two blocks of five rather than three of four.
  if (extent % 4 !== 0 && extent % 5 === 0) sizes.push({ axis, size: 5 });
  return sizes;
}

function wideSizesOf(axis: Axis, facts: NestFacts, { wide }: TileLimits): readonly TiledAxis[] {
  if (!wide || facts.searching.has(axis)) return [];
  if (wide.guards === "branch" && facts.guarded.has(axis)) return [];
  const extent = expectedSize(axis.extent, facts.extents);
  const sizes: TiledAxis[] = [];
  for (let size = laneCount; size <= Math.min(wide.largest, extent); size *= 2)
    sizes.push({ axis, size, inLanes: true });
  return sizes;
}

function lanedAxes(
  reduction: ReductionFacts | undefined,
  { wide }: TileLimits,
  extents: Extents,
): readonly Axis[] {
  if (!wide?.alongReductions || !reduction) return [];
  return [...reduction.orderless].filter((axis) => expectedSize(axis.extent, extents) >= laneCount);
}

/** Axes along which blocks come in fours that run the same loops: of free length only where no other will do. */
function quadAxes(
  { nest, rows, reductions, extents }: NestFacts,
  reduction: ReductionFacts | undefined,
  { quads }: TileLimits,
  tile: readonly TiledAxis[],
): readonly Axis[] {
  if (!quads || !reduction || rows) return [];
  const differing = reductions.flatMap(({ guards, apart }) => [...guards, apart]);
  const inFours = nest.axes.filter((axis) => {
    const size = tile.find((tiled) => tiled.axis === axis)?.size ?? 1;
    const whole = expectedSize(axis.extent, extents) % (size * quadSize) === 0;
    return whole && !differing.some((axes) => axes.has(axis));
  });
  const known = inFours.filter(({ extent }) => typeof extent === "number");
  return known.length > 0 ? known : inFours;
}

/** Along these axes lanes of a reduction load what lies side by side, or the same. */
export function lanedWell(
  { orderless, loads }: ReductionFacts,
  limits: TileLimits,
  extents: Extents,
): readonly Axis[] {
  if (!limits.wide?.alongReductions) return [];
  return [...orderless].filter(
    (axis) =>
      expectedSize(axis.extent, extents) >= 2 * laneCount &&
      loads.some(({ within }) => within.has(axis)) &&
      loads.every(({ within, contiguous }) => !within.has(axis) || contiguous.has(axis)),
  );
}

/** Loads and operations for each point and term; what blocks do not cover is computed point by point. */
function createCosts(
  facts: NestFacts,
  reduction: ReductionFacts | undefined,
  limits: TileLimits,
): (candidate: Candidate) => number {
  const { extents } = facts;
  const loads = reduction?.loads ?? facts.loads.filter(({ axes }) => isOfPoints(facts, axes));
  const guards = reduction?.guards ?? [];
  const length = reduction?.length ?? 1;
  const inBlocks = ({ axes, laned, quads }: Candidate): number => {
    const points = axes.reduce((product, { size }) => product * size, 1);
    const lanesAlong = laned ? laneCount : 1;
    const four = limits.wide?.four ?? singly;
    const loading = loads.reduce(
      (sum, load) =>
        sum +
        (quads && !load.axes.has(quads)
          ? sharedCost(load, axes)
          : loadCost(load, axes, laned, four)),
      0,
    );
    const computing = limits.wide
      ? registersOf(axes, laned !== undefined) + inTerms({ axes, laned })
      : 0;
    const storing = limits.wide
      ? storeCost(
          facts.stores.filter((store) => isOfPoints(facts, store.axes)),
          axes,
          four,
        )
      : 0;
    const guarding = limits.guardCost * guardTerms(guards, axes);
    const after = limits.wide?.speedsAll ? outsideCost(facts, { axes, laned }, four) / points : 0;
    return (
      (limits.load * loading + computing) / (points * lanesAlong) +
      guarding +
      (storing + after) / length
    );
  };
  const inTerms = ({ axes, laned }: Omit<Candidate, "quads">): number =>
    limits.wide?.speedsAll && reduction ? operationsCost(reduction.operations, axes, !laned) : 0;
  const one = inBlocks({ axes: [], laned: undefined, quads: undefined });
  return (candidate) => {
    const covered = candidate.axes.reduce((share, { axis, size }) => {
      const extent = expectedSize(axis.extent, extents);
      return (share * Math.floor(extent / size) * size) / extent;
    }, 1);
    return covered * inBlocks(candidate) + (1 - covered) * one;
  };
}

function isOfPoints({ rows }: NestFacts, axes: ReadonlySet<Axis>): boolean {
  return !rows || [...axes].some((axis) => !rows.has(axis));
}

/** Of the lanes along a reduction, those that load the same share a load. */
function loadCost(
  load: LoadFacts,
  axes: readonly TiledAxis[],
  laned: Axis | undefined,
  four: FourCosts,
): number {
  const once = axes.reduce((cost, { axis, size, inLanes }) => {
    if (!load.axes.has(axis)) return cost;
    if (!inLanes || laned) return cost * size;
    return (cost * size * (load.contiguous.has(axis) ? four.together : four.apart)) / laneCount;
  }, 1);
  if (!laned || !load.within.has(laned)) return once;
  return once * (load.contiguous.has(laned) ? four.together : four.apart);
}

/** Each invocation of a quad loads one of four elements for all, and all of what is left. */
function sharedCost({ axes: of }: LoadFacts, axes: readonly TiledAxis[]): number {
  const elements = axes.reduce((count, { axis, size }) => (of.has(axis) ? count * size : count), 1);
  return Math.floor(elements / quadSize) + (elements % quadSize);
}

/** Of a block: once for each of its points, or for four that are lanes. */
function operationsCost(
  operations: readonly OperationFacts[],
  axes: readonly TiledAxis[],
  inLanes: boolean,
): number {
  return operations.reduce((sum, { axes: of, cost }) => {
    const own = axes.filter(({ axis }) => of.has(axis));
    return sum + cost * registersOf(own, !inLanes);
  }, 0);
}

/** What a block computes outside its reductions, in loads. */
function outsideCost(
  facts: NestFacts,
  { axes, laned }: Omit<Candidate, "quads">,
  four: FourCosts,
): number {
  const { loads, operations } = facts.outside;
  const wide = axes.some(({ inLanes }) => inLanes);
  const own = operations.filter(({ axes: of }) => isOfPoints(facts, of));
  const computing = operationsCost(own, axes, true);
  const loading = loads
    .filter((load) => isOfPoints(facts, load.axes))
    .reduce((sum, load) => sum + loadCost(load, axes, undefined, four), 0);
  const sums = laned ? registersOf(axes, true) * (wide ? packedCost : acrossCost) : 0;
  return computing + loading + sums;
}

/** For each point. */
function storeCost(
  stores: readonly AccessFacts[],
  axes: readonly TiledAxis[],
  { together }: FourCosts,
): number {
  const wide = axes.find(({ inLanes }) => inLanes);
  return stores.reduce(
    (sum, { contiguous }) => sum + (wide && contiguous.has(wide.axis) ? together / laneCount : 1),
    0,
  );
}

function guardTerms(guards: readonly ReadonlySet<Axis>[], axes: readonly TiledAxis[]): number {
  return guards.filter((guard) => axes.some(({ axis }) => guard.has(axis))).length;
}

/** Among equal tiles, the one of the innermost axes, whose lanes go through more of each line of the cache. */
function contiguity({ nest }: NestFacts, axes: readonly TiledAxis[], { wide }: TileLimits): number {
  const positions = axes.map(({ axis }) => nest.axes.length - nest.axes.indexOf(axis));
  const along = axes.find(({ inLanes }) => inLanes)?.size ?? 0;
  const lanes = Math.min(along, wide?.line ?? 0);
  return positions.reduce((sum, position) => sum + 0.001 * position, 0) - 0.0001 * lanes;
}
