// Takes a nest, gives the register tile: the output axes of which one invocation computes several points, because they share loads.
import type { Extents } from "../types/dimension.js";
import type { Axis, LoopNest } from "../types/nest.js";
import type { TileLimits } from "./target.js";
import type { NestFacts, ReductionFacts } from "./analyze.js";
import { expectedSize } from "../types/dimension.js";

export interface TiledAxis {
  readonly axis: Axis;
  readonly size: number;
}

export interface Tile {
  readonly axes: readonly TiledAxis[];
  /** Loads for each term of the sum, with the tile and without. */
  readonly loads: number;
  readonly loadsUntiled: number;
}

/** More values than this times points make a kernel too long to compile quickly. */
const mostValues = 1600;

const untiled: Tile = { axes: [], loads: 0, loadsUntiled: 0 };

export function chooseTile(facts: NestFacts, limits: TileLimits): Tile {
  const reduction = heaviest(facts.reductions);
  if (!reduction) return untiled;
  const { largest, guardCost } = limits;
  const { nest, extents } = facts;
  const points = Math.min(limits.points, mostValues / facts.values.length);
  const { loads, guards } = reduction;
  const together = nest.axes.filter((axis) => !reduction.apart.has(axis));
  const candidates = together.flatMap((axis) => sizesOf(axis, largest, extents));
  const costOf = (axes: readonly TiledAxis[]): number =>
    cost(loads, axes, extents) + guardCost * guardTerms(guards, axes) + contiguity(nest, axes);
  const loadsUntiled = loads.length;
  let best: Tile = { axes: [], loads: loadsUntiled, loadsUntiled };
  let least = costOf([]);
  const consider = (axes: readonly TiledAxis[]): void => {
    if (axes.reduce((product, { size }) => product * size, 1) > points) return;
    const total = costOf(axes);
    if (total >= least - 1e-9) return;
    least = total;
    best = { axes, loads: cost(loads, axes, extents), loadsUntiled };
  };
  for (const [at, first] of candidates.entries()) {
    consider([first]);
    for (const second of candidates.slice(at + 1)) {
      if (second.axis !== first.axis) consider([first, second]);
    }
  }
  return best;
}

function heaviest(reductions: readonly ReductionFacts[]): ReductionFacts | undefined {
  return reductions.reduce<ReductionFacts | undefined>(
    (best, facts) => (best && best.work >= facts.work ? best : facts),
    undefined,
  );
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

/** Loads for each point and term, those that lie outside counted as wasted. */
function cost(
  loads: readonly ReadonlySet<Axis>[],
  axes: readonly TiledAxis[],
  extents: Extents,
): number {
  let points = 1;
  let waste = 1;
  for (const { axis, size } of axes) {
    const extent = expectedSize(axis.extent, extents);
    points *= size;
    waste *= (Math.ceil(extent / size) * size) / extent;
  }
  let sum = 0;
  for (const load of loads) sum += lanesOf(load, axes);
  return (sum / points) * waste;
}

function lanesOf(access: ReadonlySet<Axis>, axes: readonly TiledAxis[]): number {
  return axes.reduce((points, { axis, size }) => (access.has(axis) ? points * size : points), 1);
}

function guardTerms(guards: readonly ReadonlySet<Axis>[], axes: readonly TiledAxis[]): number {
  return guards.filter((guard) => lanesOf(guard, axes) > 1).length;
}

/** Among equal tiles, the one of the innermost axes. */
function contiguity(nest: LoopNest, axes: readonly TiledAxis[]): number {
  const positions = axes.map(({ axis }) => nest.axes.length - nest.axes.indexOf(axis));
  return positions.reduce((sum, position) => sum + 0.001 * position, 0);
}
