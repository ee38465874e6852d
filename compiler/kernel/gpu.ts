// Takes a nest and a choice, gives its kernel for the GPU: points to invocations, blocks of points to registers, long sums to workgroups.
import type { Dim } from "../types/dimension.js";
import { ceilDivideDims, multiplyDims } from "../types/dimension.js";
import { searches } from "../scalars/reductions.js";
import { createAxesOf } from "../schedule/operands.js";
import type { Axis, ScheduledBuffer } from "../types/nest.js";
import type { Mapping, NamedVariable } from "./assemble.js";
import { assemble } from "./assemble.js";
import type { NestFacts } from "./analyze.js";
import type { ParallelChoice } from "./choose.js";
import type { AxisValues, ReductionShape } from "./evaluate.js";
import type { Kernel } from "./ir.js";
import { quadSize } from "./ir.js";
import type { QuadOfBlocks } from "./points.js";
import { blockExtent, regionsOfBlocks } from "./points.js";
import type { ReduceScalar } from "./measure.js";
import { split, withinOf } from "./numbering.js";
import { dimValue } from "./polynomial.js";
import { createSerialShapes } from "./shapes.js";
import { literal, operation } from "./simplify.js";
import type { ParallelTarget } from "./target.js";
import type { TiledAxis } from "./tile.js";
import type { ReductionLoop, KernelValue, ValueTable, VariableValue } from "./value.js";
import { createValues } from "./value.js";

export function buildForGpu(
  facts: NestFacts,
  choice: ParallelChoice,
  buffers: readonly ScheduledBuffer[],
  target: ParallelTarget,
): Kernel {
  return assemble(facts.nest, buffers, mappingOf(choice, target));
}

/** Blocks along each axis, quads of them where they make quads. */
function countsOf(axes: readonly Axis[], { tile, quads }: ParallelChoice): readonly Dim[] {
  return axes.map((axis) => {
    const count = blockExtent(axis, tile);
    return axis === quads ? ceilDivideDims(count, quadSize) : count;
  });
}

/** Entries of an axis that each workgroup does by itself. */
export interface Slice {
  readonly axis: Axis;
  /** A multiple of the tile's size along the axis. */
  readonly entries: number;
}

/**
 * The kernel of a nest that runs in turns within a dispatch: a workgroup does its slice, or all there is, whatever the number of its
 * invocations, so that what it stores may be read behind a barrier.
 */
export function buildForWorkgroup(
  facts: NestFacts,
  choice: ParallelChoice,
  slice: Slice | undefined,
  buffers: readonly ScheduledBuffer[],
  target: ParallelTarget,
): Kernel {
  return assemble(facts.nest, buffers, workgroupMapping(choice, slice, target));
}

function workgroupMapping(
  choice: ParallelChoice,
  slice: Slice | undefined,
  { groupsAlongAxis }: ParallelTarget,
): Mapping {
  const values = createValues();
  const { inner, tile, passages, workgroupSize } = choice;
  const local = values.variable("localIndex", undefined);
  const others = inQuads(choice).filter((axis) => axis !== slice?.axis);
  const counts = countsOf(others, choice);
  const sliced = slice && sliceOf(values, slice, tile, groupsAlongAxis);
  const index = (op: "add" | "multiply", left: KernelValue, right: KernelValue) =>
    operation(values, op, "index", [left, right]);
  const all = multiplyDims(1, ...counts);
  const quads = choice.quads
    ? quadsOf(values, local, ceilDivideDims(workgroupSize, quadSize))
    : undefined;
  const each = dimValue(values, all);
  const below = sliced ? index("multiply", sliced.count, each) : each;
  const most = sliced ? index("multiply", sliced.most, each) : each;
  const variable = values.variable("block", most);
  const along = slice ? [slice.axis, ...others] : others;
  const counted = slice ? [slice.entries, ...counts] : counts;
  const numbered = quads
    ? splitQuads(values, { number: variable, member: quads.member.variable }, along, counted)
    : { axes: split(values, variable, along, counted) };
  const axes = new Map(numbered.axes);
  const own = slice && axes.get(slice.axis);
  if (slice && sliced && own) axes.set(slice.axis, index("add", sliced.first, own));
  const blocks: ReductionLoop = quads
    ? { variable, from: quads.number.variable, below, step: workgroupSize / quadSize }
    : { variable, from: local, below, step: workgroupSize };
  const rows = splitLoop(values, inner, literal(values, "index", 0), 1);
  return {
    target: "gpu",
    accumulates: "f32",
    workgroupSize,
    workgroups: slice ? ceilDivideDims(slice.axis.extent, slice.entries) : 1,
    values,
    given: sliced ? [sliced.group, local] : [local],
    quads,
    within: undefined,
    rows: choice.rows ? { loops: [blocks], axes, once: undefined } : undefined,
    loops: choice.rows ? rows.loops : [blocks, ...rows.loops],
    once: undefined,
    regions: regionsOfBlocks(values, new Map([...axes, ...rows.axes]), tile, numbered.quad),
    shapeOf: createSerialShapes(values, passages),
  };
}

/** The blocks of a workgroup along the axis of its slice: at the end there may be fewer, and behind it none. */
function sliceOf(
  values: ValueTable,
  { axis, entries }: Slice,
  tile: readonly TiledAxis[],
  groupsAlongAxis: number,
) {
  const size = tile.find((tiled) => tiled.axis === axis)?.size ?? 1;
  const most = literal(values, "index", entries / size);
  const groups = dimValue(values, ceilDivideDims(axis.extent, entries));
  const group = values.variable("workgroupIndex", groups);
  const first = operation(values, "multiply", "index", [group, most]);
  const fits =
    typeof axis.extent === "number" &&
    axis.extent % entries === 0 &&
    axis.extent / entries <= groupsAlongAxis;
  const all = dimValue(values, blockExtent(axis, tile));
  const left = operation(values, "subtract", "index", [all, first]);
  return {
    ...{ group, first, most },
    count: fits ? most : operation(values, "minimum", "index", [most, left]),
  };
}

function mappingOf(choice: ParallelChoice, target: ParallelTarget): Mapping {
  const values = createValues();
  const { inner, tile, shared, workgroupSize: size } = choice;
  const outer = inQuads(choice);
  const counts = countsOf(outer, choice);
  const total = multiplyDims(1, ...counts);
  // Quads are numbered by all invocations, those beyond the last point too.
  const most = choice.quads ? undefined : dimValue(values, total);
  const number = values.variable(shared ? "workgroupIndex" : "invocation", most);
  const local = values.variable("localIndex", undefined);
  const quads = choice.quads ? quadsOf(values, number, total) : undefined;
  const blocks = quads
    ? splitQuads(
        values,
        { number: quads.number.variable, member: quads.member.variable },
        outer,
        counts,
      )
    : { axes: split(values, number, outer, counts) };
  const rows = shared
    ? splitLoop(values, inner, local, size)
    : splitLoop(values, inner, literal(values, "index", 0), 1);
  const axes = new Map([...blocks.axes, ...rows.axes]);
  return {
    target: "gpu",
    accumulates: "f32",
    workgroupSize: size,
    subgroups: target.sharing.subgroups,
    workgroups: shared
      ? total
      : ceilDivideDims(quads ? multiplyDims(quadSize, total) : total, size),
    values,
    given: [number, local],
    quads,
    within: quads
      ? withinOf(values, quads.number.variable, quads.count, size / quadSize, target)
      : withinOf(values, number, total, shared ? 1 : size, target),
    rows: choice.rows
      ? { loops: [], axes: blocks.axes, once: shared ? isFirst(values, local) : undefined }
      : undefined,
    loops: rows.loops,
    once: shared && inner.length === 0 ? isFirst(values, local) : undefined,
    regions: regionsOfBlocks(values, axes, tile, blocks.quad),
    shapeOf: createShapes(values, local, choice),
  };
}

/** The axis along which neighbours make a quad runs fastest. */
function inQuads({ outer, quads }: ParallelChoice): readonly Axis[] {
  return quads ? [...outer.filter((axis) => axis !== quads), quads] : outer;
}

/** Invocations by the number of their quad and their place in it; `count`: how many quads there are. */
interface Quads {
  readonly number: NamedVariable;
  readonly member: NamedVariable;
  readonly count: Dim;
}

function quadsOf(values: ValueTable, invocation: VariableValue, count: Dim): Quads {
  const size = literal(values, "index", quadSize);
  const part = (op: "divide" | "modulo"): KernelValue =>
    operation(values, op, "index", [invocation, size]);
  return {
    number: { variable: values.variable("quad", dimValue(values, count)), value: part("divide") },
    member: { variable: values.variable("inQuad", size), value: part("modulo") },
    count,
  };
}

interface QuadAxes {
  readonly axes: AxisValues;
  readonly quad?: QuadOfBlocks;
}

/** As `split`, of invocations in quads along the last axis, along which quads are counted. */
function splitQuads(
  values: ValueTable,
  { number, member }: { readonly number: VariableValue; readonly member: VariableValue },
  axes: readonly Axis[],
  counts: readonly Dim[],
): QuadAxes {
  const parts = new Map(split(values, number, axes, counts));
  const axis = axes.at(-1);
  const quad = axis && parts.get(axis);
  if (!quad) throw new Error("quads lie along no axis");
  const size = literal(values, "index", quadSize);
  const first = operation(values, "multiply", "index", [quad, size]);
  const behind = operation(values, "add", "index", [first, size]);
  parts.set(axis, operation(values, "add", "index", [first, member]));
  return { axes: parts, quad: { axis, behind } };
}

/** One invocation of a workgroup. */
function isFirst(values: ValueTable, local: VariableValue): KernelValue {
  return operation(values, "equal", "bool", [local, literal(values, "index", 0)]);
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
  { outer, shared: sharing, workgroupSize: size, passages }: ParallelChoice,
): (reduce: ReduceScalar, wide: boolean) => ReductionShape {
  const axesOf = createAxesOf();
  const groupAxes = sharing ? new Set(outer) : undefined;
  const serial = createSerialShapes(values, passages);
  const shared = new Map<string, ReductionShape>();
  return (reduce, wide) => {
    const alike =
      groupAxes &&
      !searches(reduce.combine) &&
      [...axesOf(reduce)].every((axis) => groupAxes.has(axis));
    if (!alike) return serial(reduce, wide);
    const key = reduce.axes.map((axis) => axis.id).join(",");
    const known = shared.get(key);
    if (known) return known;
    const made = { ...splitLoop(values, reduce.axes, local, size), cooperative: true };
    shared.set(key, made);
    return made;
  };
}
