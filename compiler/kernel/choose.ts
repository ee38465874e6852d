// Takes what is known of a nest and a target, gives the choice by which its kernel is built: what its axes stand for there.
import type { Axis } from "../types/nest.js";
import type { NestFacts } from "./analyze.js";
import type { Contraction } from "./contraction.js";
import { contractionOf } from "./contraction.js";
import { expectedSize } from "../types/dimension.js";
import { laneCount } from "./ir.js";
import { pointsOf } from "./measure.js";
import type { Passages } from "./shapes.js";
import { oneByOne } from "./shapes.js";
import type { PanelLimits, ParallelTarget, SerialTarget, TileLimits } from "./target.js";
import type { Tile, TiledAxis } from "./tile.js";
import { chooseTile, lanedWell, registersOf } from "./tile.js";

/** Loops over the axes, some in blocks. */
export interface SerialChoice {
  /** Their loops stand outside, around what is stored once a row. */
  readonly rows: ReadonlySet<Axis> | undefined;
  readonly tile: readonly TiledAxis[];
  readonly passages: Passages;
  /** Axes whose loops stand inmost, since they repeat what is read from a panel then. */
  readonly repeating: ReadonlySet<Axis>;
}

export interface ParallelChoice {
  /** Axes that number the invocations, or the workgroups where reductions are shared. */
  readonly outer: readonly Axis[];
  /** Axes over which the invocations of a workgroup stride, or an invocation runs. */
  readonly inner: readonly Axis[];
  /** Something is stored once for each point of the outer axes. */
  readonly rows: boolean;
  readonly tile: readonly TiledAxis[];
  /** Of reductions that an invocation does by itself. */
  readonly passages: Passages;
  /** Neighbours along it make quads, which load together what does not depend on it. */
  readonly quads: Axis | undefined;
  /** The invocations of a workgroup share reductions. */
  readonly shared: boolean;
  readonly workgroupSize: number;
}

/** A workgroup computes a tile of rows and columns together. */
export interface StagedChoice {
  readonly contraction: Contraction;
  /** Its rows and its columns, in fours: each invocation has four of either. */
  readonly fours: { readonly rows: number; readonly columns: number };
  /** Terms for which it loads what they need at once. */
  readonly terms: number;
  /** The four columns of an invocation are lanes. */
  readonly inLanes: boolean;
}

export function chooseSerial(facts: NestFacts, target: SerialTarget): SerialChoice {
  const { axes, laned } = chooseTile(facts, target.tile);
  return {
    rows: facts.rows,
    tile: axes,
    passages: passagesOf(facts, axes, laned, target.tile),
    repeating: new Set(target.panels && !laned ? repeatingAxes(facts, axes, target.panels) : []),
  };
}

/** The axes on which the vectors do not depend that take most of the time to read, where they are worth a panel. */
function repeatingAxes(
  { nest, rows, reductions, extents }: NestFacts,
  tile: readonly TiledAxis[],
  limits: PanelLimits,
): readonly Axis[] {
  const lanes = tile.find(({ inLanes }) => inLanes)?.axis;
  if (rows || !lanes) return [];
  const sizeOf = (axis: Axis): number => tile.find((one) => one.axis === axis)?.size ?? 1;
  const most = { reads: 0, axes: [] as readonly Axis[] };
  for (const { axes, within, contiguous } of reductions.flatMap(({ loads }) => loads)) {
    if (!contiguous.has(lanes)) continue;
    const others = nest.axes.filter((axis) => !axes.has(axis));
    const blocks = others.map((axis) => expectedSize(axis.extent, extents) / sizeOf(axis));
    const passes = blocks.reduce((product, count) => product * Math.max(1, count), 1);
    const terms = pointsOf([...within], extents) * bytesOfNumber;
    const operand = terms * pointsOf([...axes], extents);
    const panel = [...axes].reduce((product, axis) => product * sizeOf(axis), terms);
    if (passes < limits.passes || operand < limits.operandBytes || panel > limits.bytes) continue;
    if (operand * passes > most.reads)
      Object.assign(most, { reads: operand * passes, axes: others });
  }
  return most.axes;
}

const bytesOfNumber = 4;

function passagesOf(
  facts: NestFacts,
  tile: readonly TiledAxis[],
  chosen: Axis | undefined,
  limits: TileLimits,
): Passages {
  const well = facts.reductions.flatMap((reduction) => lanedWell(reduction, limits, facts.extents));
  // Along what the tile was chosen with, and along reductions that no tile is about where it costs nothing.
  const laned = everywhereOrderless(facts, [...(chosen ? [chosen] : []), ...well]);
  const packed = chosen && laned.has(chosen) ? chosen : undefined;
  return { laned, packed, writtenOut: writtenOut(facts, tile, laned, limits) };
}

/** Axes along which no reduction minds the order of its terms. */
function everywhereOrderless({ reductions }: NestFacts, axes: readonly Axis[]): ReadonlySet<Axis> {
  return new Set(
    axes.filter((axis) =>
      reductions.every(({ along, orderless }) => !along.has(axis) || orderless.has(axis)),
    ),
  );
}

/** The innermost axes of reductions, as far as the kernel does not become too long. */
function writtenOut(
  facts: NestFacts,
  tile: readonly TiledAxis[],
  laned: ReadonlySet<Axis>,
  { short }: TileLimits,
): ReadonlySet<Axis> {
  const found = new Set<Axis>();
  if (!short) return found;
  for (const { axes, along, loads, operations } of facts.reductions) {
    const computed = operations.reduce((sum, { cost }) => sum + cost, loads.length);
    const points = registersOf(
      tile.filter(({ axis }) => axes.has(axis)),
      false,
    );
    let terms = 1;
    for (const axis of [...along].reverse()) {
      const { extent } = axis;
      // Without terms there is nothing to write: its loop never runs.
      if (typeof extent !== "number" || extent === 0 || laned.has(axis)) break;
      terms *= extent;
      if (terms > short.terms || terms * points * computed > short.operations) break;
      found.add(axis);
    }
  }
  return everywhereOrderless(facts, [...found]);
}

/** Where tiles of a workgroup's are mostly full, and sums long enough. */
export function chooseStaged(
  facts: NestFacts,
  choice: ParallelChoice,
  { staging }: ParallelTarget,
): StagedChoice | undefined {
  const { nest, extents } = facts;
  if (!staging || choice.shared || choice.rows || choice.inner.length > 0) return undefined;
  if (facts.reductions.some(({ length }) => length < staging.length)) return undefined;
  const stores = facts.stores.flatMap(({ contiguous }) => [...contiguous]);
  const contraction = contractionOf(nest, new Set(stores));
  if (!contraction) return undefined;
  const { fours, terms } = staging;
  const full = (axes: readonly Axis[], size: number): number => {
    const points = pointsOf(axes, extents);
    return points / (Math.ceil(points / size) * size);
  };
  const share =
    full(contraction.rows, fours * laneCount) * full(contraction.columns, fours * laneCount);
  if (share < staging.full) return undefined;
  const columns = contraction.columns.reduce<number>(
    (count, { extent }) => count * (typeof extent === "number" ? extent : NaN),
    1,
  );
  return {
    ...{ contraction, terms, fours: { rows: fours, columns: fours } },
    inLanes: columns % laneCount === 0,
  };
}

export function chooseParallel(facts: NestFacts, target: ParallelTarget): ParallelChoice {
  const { nest, reductions, extents } = facts;
  const rows = facts.rows !== undefined;
  const { invocations, sharing } = target;
  const alone = (outer: readonly Axis[], inner: readonly Axis[]): ParallelChoice => ({
    ...{ outer, inner, rows, tile: [], shared: false, workgroupSize: invocations },
    ...{ passages: passagesOf(facts, [], undefined, target.tile), quads: undefined },
  });
  if (reductions.length === 0)
    return { ...alone(nest.axes, []), tile: chooseTile(facts, target.tile).axes };
  const outer = nest.axes.filter(
    (axis) => facts.rows?.has(axis) ?? reductions.some(({ axes }) => axes.has(axis)),
  );
  const inner = nest.axes.filter((axis) => !outer.includes(axis));
  const length = Math.max(...reductions.map((reduction) => reduction.length));
  const together = (tile: readonly TiledAxis[]): ParallelChoice => ({
    ...{ outer, inner, rows, tile, shared: true },
    ...{ passages: oneByOne, quads: undefined },
    workgroupSize: sharingInvocations(facts, tile, length, target),
  });
  // Reductions that all points of a row share are done once: short rows by an invocation, long ones by a workgroup.
  if (inner.length > 0) {
    const { shortRow } = sharing;
    const short = length <= shortRow && pointsOf(inner, extents) <= shortRow;
    return short ? alone(outer, inner) : together([]);
  }
  const found = chooseTile(facts, target.tile);
  const worthwhile = isWorthIt(found);
  const tile = worthwhile ? found.axes : [];
  const blocks = tile.reduce((points, { size }) => points / size, pointsOf(nest.axes, extents));
  const limit = tile.length === 0 ? sharing.plain : sharing.tiled;
  return blocks < limit.fewerThan && length >= limit.length
    ? together(tile)
    : {
        ...alone(outer, []),
        tile,
        passages: passagesOf(facts, tile, found.laned, target.tile),
        quads: worthwhile ? found.quads : undefined,
      };
}

/** Of a nest all of whose points, or a slice of them, a workgroup does by itself: its invocations share no reduction. */
export function chooseForWorkgroup(
  facts: NestFacts,
  target: ParallelTarget,
  slice?: { readonly axis: Axis; readonly most: number },
): ParallelChoice {
  const { nest, reductions } = facts;
  const rows = facts.rows !== undefined;
  const repeated = nest.axes.filter(
    (axis) =>
      reductions.length > 0 &&
      !(facts.rows?.has(axis) ?? reductions.some(({ axes }) => axes.has(axis))),
  );
  // Each invocation has entries of the slice of its own.
  const inner = repeated.filter((axis) => axis !== slice?.axis);
  const outer = nest.axes.filter((axis) => !inner.includes(axis));
  const largest = new Map(slice ? [[slice.axis, slice.most]] : []);
  const found = chooseTile(facts, target.tile, largest);
  const tiled = inner.length === 0 && (reductions.length === 0 || isWorthIt(found));
  return {
    ...{ outer, inner, rows, shared: false, workgroupSize: target.turns.invocations },
    ...(tiled
      ? { tile: found.axes, passages: passagesOf(facts, found.axes, found.laned, target.tile) }
      : { tile: [], passages: passagesOf(facts, [], undefined, target.tile) }),
    quads: tiled && found.quads !== slice?.axis ? found.quads : undefined,
  };
}

function isWorthIt({ cost, costUntiled }: Tile): boolean {
  return cost < worthATile * costUntiled;
}

/** A tile has to spare this share of the loads. */
const worthATile = 0.8;

/** Many accumulators share the workgroup's memory. */
function sharingInvocations(
  { reductions }: NestFacts,
  tile: readonly TiledAxis[],
  length: number,
  { sharing: { large, invocations } }: ParallelTarget,
): number {
  const points = tile.reduce((product, { size }) => product * size, 1);
  const arrays = points * reductions.length * 2;
  return arrays <= large.arrays && length >= large.length ? large.invocations : invocations;
}
