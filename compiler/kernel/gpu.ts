// Takes a nest, gives its kernel for the GPU: points to invocations, blocks of points to registers, long sums to workgroups.
import type { Dim, Extents } from "../types/dimension.js";
import { ceilDivideDims, multiplyDims } from "../types/dimension.js";
import { searches } from "../scalars/reductions.js";
import type { Axis, LoopNest, ScheduledBuffer } from "../types/nest.js";
import type { Mapping, Point } from "./assemble.js";
import { assemble } from "./assemble.js";
import type { NestFacts } from "./analyze.js";
import { analyzeNest } from "./analyze.js";
import type { AxisValues, ReductionShape } from "./evaluate.js";
import { createAxesOf } from "./evaluate.js";
import type { Kernel } from "./ir.js";
import { blockExtent, pointsOfTile } from "./points.js";
import type { ReduceScalar } from "./measure.js";
import { pointsOf } from "./measure.js";
import { dimValue } from "./polynomial.js";
import { createSerialShapes } from "./shapes.js";
import { literal, operation } from "./simplify.js";
import type { TiledAxis } from "./tile.js";
import { splitAxes } from "./split.js";
import { chooseTile } from "./tile.js";
import type { ReductionLoop, KernelValue, ValueTable, VariableValue } from "./value.js";
import { createValues } from "./value.js";

/** With fewer invocations than this, long reductions are shared by the invocations of a workgroup. */
const fewInvocations = 4096;
const longReduction = 128;
/** The accumulators of a tile cost as many trees, so that a tile is shared only where its sums are much longer. */
const fewTiles = 1024;
const longTiledReduction = 1024;
const shortRow = 32;
const invocations = 64;
/** Groups beyond this fold into a second dimension of the grid, which may leave some without work. */
const groupsAlongAxis = 65535;

interface Division {
  /** Axes that number the invocations, or the workgroups where reductions are cooperative. */
  readonly outer: readonly Axis[];
  /** Axes over which the invocations of a workgroup stride, or an invocation runs. */
  readonly inner: readonly Axis[];
  readonly tile: readonly TiledAxis[];
  readonly cooperative: boolean;
}

export function mapToGpu(
  nest: LoopNest,
  buffers: readonly ScheduledBuffer[],
  extents: Extents = {},
): Kernel {
  const apart = splitAxes(nest);
  const facts = analyzeNest(apart, extents);
  return assemble(apart, buffers, mappingOf(facts, divide(apart, facts)));
}

function divide(nest: LoopNest, facts: NestFacts): Division {
  const { reductions, extents } = facts;
  const plain: Division = { outer: nest.axes, inner: [], tile: [], cooperative: false };
  if (reductions.length === 0) return plain;
  const outer = nest.axes.filter((axis) => reductions.some(({ axes }) => axes.has(axis)));
  const inner = nest.axes.filter((axis) => !outer.includes(axis));
  const length = Math.max(...reductions.map((reduction) => reduction.length));
  // Reductions that all points of a row share are done once: short rows by an invocation, long ones by a workgroup.
  if (inner.length > 0) {
    const short = length <= shortRow && pointsOf(inner, extents) <= shortRow;
    return { outer, inner, tile: [], cooperative: !short };
  }
  const choice = chooseTile(nest, facts, { largest: 4, points: 20, guardCost: 0.25 });
  const tile = choice.loads < 0.8 * choice.loadsUntiled ? choice.axes : [];
  const blocks = tile.reduce((points, { size }) => points / size, pointsOf(nest.axes, extents));
  const cooperative =
    tile.length === 0
      ? blocks < fewInvocations && length >= longReduction
      : blocks < fewTiles && length >= longTiledReduction;
  return { outer, inner: [], tile, cooperative };
}

function mappingOf(facts: NestFacts, division: Division): Mapping {
  const values = createValues();
  const { outer, inner, tile, cooperative } = division;
  const counts = outer.map((axis) => blockExtent(axis, tile));
  const total = multiplyDims(1, ...counts);
  const number = values.variable(
    cooperative ? "workgroupIndex" : "invocation",
    dimValue(values, total),
  );
  const local = values.variable("localIndex", undefined);
  const size = cooperative ? workgroupSizeFor(facts, tile) : invocations;
  const blocks = split(values, number, outer, counts);
  const rows = cooperative
    ? splitLoop(values, inner, local, size)
    : splitLoop(values, inner, literal(values, "index", 0), 1);
  const axes = new Map([...blocks, ...rows.axes]);
  return {
    target: "gpu",
    workgroupSize: size,
    workgroups: cooperative ? total : ceilDivideDims(total, size),
    values,
    given: [number, local],
    within: withinOf(values, number, total, cooperative ? 1 : size),
    loops: rows.loops,
    once:
      cooperative && inner.length === 0
        ? operation(values, "equal", "bool", [local, literal(values, "index", 0)])
        : undefined,
    points: pointsOfTile(values, axes, tile) satisfies readonly Point[],
    shapeOf: createShapes(values, local, size, cooperative ? new Set(outer) : undefined),
  };
}

/** Many accumulators share the 16 KiB of workgroup memory. */
function workgroupSizeFor(facts: NestFacts, tile: readonly TiledAxis[]): number {
  const points = tile.reduce((product, { size }) => product * size, 1);
  const arrays = points * facts.reductions.length * 2;
  if (arrays > 8) return 64;
  const length = Math.max(...facts.reductions.map((reduction) => reduction.length));
  return length >= 1024 ? 256 : 64;
}

/** Invocations beyond the last point do nothing; none exist where the grid fits exactly. */
function withinOf(
  values: ValueTable,
  number: VariableValue,
  total: Dim,
  size: number,
): KernelValue | undefined {
  if (typeof total === "number" && total % size === 0 && total / size <= groupsAlongAxis) {
    return undefined;
  }
  // The range of `number` would decide this, so it is not simplified.
  const limit = dimValue(values, total);
  return values.intern({ kind: "op", type: "bool", op: "less", arguments: [number, limit] });
}

/** Takes a number apart into axes, the last one running fastest. */
function split(
  values: ValueTable,
  number: KernelValue,
  axes: readonly Axis[],
  counts: readonly Dim[],
): AxisValues {
  const parts = new Map<Axis, KernelValue>();
  let rest = number;
  for (let at = axes.length - 1; at >= 0; at--) {
    const axis = axes[at];
    const count = counts[at];
    if (!axis || count === undefined) continue;
    const extent = dimValue(values, count);
    parts.set(axis, at === 0 ? rest : operation(values, "modulo", "index", [rest, extent]));
    rest = operation(values, "divide", "index", [rest, extent]);
  }
  return parts;
}

/** One loop over all combinations of axes, which the invocations of a workgroup share. */
function splitLoop(
  values: ValueTable,
  axes: readonly Axis[],
  local: KernelValue,
  step: number,
): { loops: readonly ReductionLoop[]; axes: AxisValues } {
  if (axes.length === 0) return { loops: [], axes: new Map() };
  const counts = axes.map((axis) => axis.extent);
  const below = dimValue(values, multiplyDims(1, ...counts));
  const variable = values.variable(`p${axes[0]?.id ?? 0}`, below);
  return {
    loops: [{ variable, from: local, below, step }],
    axes: split(values, variable, axes, counts),
  };
}

/** Reductions that a whole workgroup shares are cooperative, others run in one invocation. */
function createShapes(
  values: ValueTable,
  local: VariableValue,
  size: number,
  groupAxes: ReadonlySet<Axis> | undefined,
): (reduce: ReduceScalar) => ReductionShape {
  const axesOf = createAxesOf();
  const serial = createSerialShapes(values);
  const shared = new Map<string, ReductionShape>();
  return (reduce) => {
    const alike =
      groupAxes &&
      !searches(reduce.combine) &&
      [...axesOf(reduce)].every((axis) => groupAxes.has(axis));
    if (!alike) return serial(reduce);
    const key = reduce.axes.map((axis) => axis.id).join(",");
    const known = shared.get(key);
    if (known) return known;
    const made = { ...splitLoop(values, reduce.axes, local, size), cooperative: true };
    shared.set(key, made);
    return made;
  };
}
