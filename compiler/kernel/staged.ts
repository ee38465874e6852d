// Takes a nest that contracts and the choice of its tiles, gives its kernel for the GPU: a workgroup loads each operand once, into its memory.
import type { Dim } from "../types/dimension.js";
import { ceilDivideDims, multiplyDims } from "../types/dimension.js";
import type { Axis, Scalar, ScheduledBuffer } from "../types/nest.js";
import type { Mapping } from "./assemble.js";
import { createAxesOf, reachableScalars } from "../schedule/operands.js";
import { assemble } from "./assemble.js";
import type { NestFacts } from "./analyze.js";
import { neighboursAlong } from "./analyze.js";
import type { StagedChoice } from "./choose.js";
import type { Parts } from "./contraction.js";
import type { AxisValues, ReductionShape } from "./evaluate.js";
import { createEvaluation } from "./evaluate.js";
import type { Kernel } from "./ir.js";
import { laneCount } from "./ir.js";
import type { ReduceScalar } from "./measure.js";
import { split, withinOf } from "./numbering.js";
import type { Region } from "./points.js";
import { dimValue } from "./polynomial.js";
import { createSerialShapes } from "./shapes.js";
import { literal, operation } from "./simplify.js";
import type { ParallelTarget } from "./target.js";
import type {
  KernelValue,
  ReductionLoop,
  StagedArray,
  ValueTable,
  VariableValue,
} from "./value.js";
import { createValues } from "./value.js";

export function buildStaged(
  { nest }: NestFacts,
  choice: StagedChoice,
  buffers: readonly ScheduledBuffer[],
  target: ParallelTarget,
): Kernel {
  return assemble(nest, buffers, mappingOf(choice, target));
}

const sideNames = ["rows", "columns"] as const;
type SideName = (typeof sideNames)[number];

/** Rows, or columns, of a workgroup's tile: each invocation has four of them, side by side. */
interface Side {
  readonly axes: readonly Axis[];
  /** In all. */
  readonly count: Dim;
  /** Of the workgroup's tile. */
  readonly fours: number;
  /** The first of the workgroup's. */
  readonly start: KernelValue;
  /** Which four of them this invocation has. */
  readonly four: KernelValue;
  /** Stands for which of its four a point is. */
  readonly member: Axis;
  /** The four, one by one or as lanes. */
  readonly members: readonly KernelValue[];
}

type Sides = Readonly<Record<SideName, Side>>;

interface Tiles {
  readonly values: ValueTable;
  readonly choice: StagedChoice;
  readonly sides: Sides;
  /** What the axes of the batch stand for. */
  readonly batch: AxisValues;
  readonly local: VariableValue;
}

/** How a reduction goes through its terms: block by block. */
interface Terms {
  readonly axes: readonly Axis[];
  /** The first of a block, and which of the block's. */
  readonly block: VariableValue;
  readonly term: VariableValue;
  /** Stands for the term where one is read from the workgroup's memory. */
  readonly axis: Axis;
}

function mappingOf(choice: StagedChoice, target: ParallelTarget): Mapping {
  const values = createValues();
  const { contraction, fours } = choice;
  const blocks = (side: SideName): Axis =>
    standIn(ceilDivideDims(countOf(contraction[side]), fours[side] * laneCount));
  const along = { rows: blocks("rows"), columns: blocks("columns") };
  const outer = [...contraction.batch, along.rows, along.columns];
  const total = countOf(outer);
  const group = values.variable("workgroupIndex", dimValue(values, total));
  const size = fours.rows * fours.columns;
  const local = values.variable("localIndex", literal(values, "index", size));
  const batch = split(values, group, outer, extentsOf(outer));
  const sides = {
    rows: sideOf(values, choice, "rows", batch.get(along.rows), local),
    columns: sideOf(values, choice, "columns", batch.get(along.columns), local),
  };
  const tiles: Tiles = { values, choice, sides, batch, local };
  return {
    target: "gpu",
    accumulates: "f32",
    workgroupSize: size,
    workgroups: total,
    values,
    given: [group, local],
    within: withinOf(values, group, total, 1, target),
    rows: undefined,
    loops: [],
    once: undefined,
    regions: [regionOf(tiles)],
    shapeOf: createShapes(tiles),
  };
}

function sideOf(
  values: ValueTable,
  { contraction, fours, inLanes }: StagedChoice,
  name: SideName,
  block: KernelValue | undefined,
  local: KernelValue,
): Side {
  if (!block) throw new Error("a tile has no place");
  const axes = contraction[name];
  const whole = (value: number): KernelValue => literal(values, "index", value);
  const place = name === "rows" ? "divide" : "modulo";
  return {
    axes,
    count: countOf(axes),
    fours: fours[name],
    start: operation(values, "multiply", "index", [block, whole(fours[name] * laneCount)]),
    four: operation(values, place, "index", [local, whole(fours.columns)]),
    member: standIn(laneCount),
    members:
      inLanes && name === "columns"
        ? [values.lane]
        : Array.from({ length: laneCount }, (_, at) => whole(at)),
  };
}

/** All points of an invocation at once, stored where the tile lies within the nest. */
function regionOf({ values, sides: { rows, columns }, batch }: Tiles): Region {
  const pointsOf = (side: Side) => side.members.map((member) => pointOf(values, side, member));
  const points = pointsOf(rows).flatMap((row) =>
    pointsOf(columns).map((column) => ({
      axes: new Map([...batch, ...row.axes, ...column.axes]),
      where: both(values, row.where, column.where),
    })),
  );
  return {
    ...{ where: undefined, named: [], loops: [] },
    points: points.map(({ axes }) => axes),
    stored: points.map(({ where }) => where),
  };
}

/** Where the first point of an invocation lies within the nest: elsewhere none does. */
function firstWhere({ values, sides: { rows, columns } }: Tiles): KernelValue | undefined {
  const [row, column] = [rows, columns].map(
    (side) => side.members[0] && pointOf(values, side, side.members[0]).where,
  );
  return both(values, row, column);
}

function pointOf(
  values: ValueTable,
  { axes, count, fours, start, four, member: own }: Side,
  member: KernelValue,
): { axes: AxisValues; where: KernelValue | undefined } {
  const index = (op: "add" | "multiply", left: KernelValue, right: KernelValue) =>
    operation(values, op, "index", [left, right]);
  const first = index("add", start, index("multiply", four, literal(values, "index", laneCount)));
  const at = index("add", first, member);
  // Of lanes all are within the nest, or none.
  const last = member === values.lane ? first : at;
  const fits = typeof count === "number" && count % (fours * laneCount) === 0;
  return {
    axes: new Map([...split(values, at, axes, extentsOf(axes)), [own, member]]),
    where: fits ? undefined : operation(values, "less", "bool", [last, dimValue(values, count)]),
  };
}

function both(
  values: ValueTable,
  left: KernelValue | undefined,
  right: KernelValue | undefined,
): KernelValue | undefined {
  return left && right ? operation(values, "and", "bool", [left, right]) : (left ?? right);
}

/** Sums along the same axes run in the same loops, and read the same elements. */
function createShapes(tiles: Tiles): (reduce: ReduceScalar) => ReductionShape {
  const { parts } = tiles.choice.contraction;
  const keyOf = ({ axes }: ReduceScalar): string => axes.map(({ id }) => id).join(",");
  const shapes = new Map<string, ReductionShape>();
  const fresh = createArrayNames();
  const serial = createSerialShapes(tiles.values);
  return (reduce) => {
    const key = keyOf(reduce);
    const alike = [...parts].flatMap(([other, of]) => (keyOf(other) === key ? [of] : []));
    const shape = shapes.get(key) ?? {
      ...shapeOf(tiles, reduce.axes, alike, fresh),
      alone: { ...serial(reduce, false), where: firstWhere(tiles) },
    };
    shapes.set(key, shape);
    return shape;
  };
}

function createArrayNames(): () => string {
  let count = 0;
  return () => `staged${++count}`;
}

function shapeOf(
  tiles: Tiles,
  axes: readonly Axis[],
  parts: readonly Parts[],
  fresh: () => string,
): ReductionShape {
  const { values, sides, choice } = tiles;
  const whole = (value: number): KernelValue => literal(values, "index", value);
  const id = axes[0]?.id ?? 0;
  const length = countOf(axes);
  const below = dimValue(values, length);
  const depth = whole(choice.terms);
  const block = values.variable(`t${id}`, below);
  const term = values.variable(`k${id}`, depth);
  const terms: Terms = { axes, block, term, axis: standIn(choice.terms) };
  const staged = new Map<Scalar, (at: AxisValues) => KernelValue | undefined>();
  const arrays = sideNames.flatMap((name) =>
    [...new Set(parts.flatMap((of) => of[name]))].map((part): StagedArray => {
      const array = fresh();
      staged.set(part, (at) => readOf(tiles, part, array, sides[name], terms, at));
      return fillOf(tiles, part, array, sides[name], terms);
    }),
  );
  const left = operation(values, "subtract", "index", [below, block]);
  const even = typeof length === "number" && length % choice.terms === 0;
  const loops: readonly ReductionLoop[] = [
    { ...{ variable: block, from: whole(0), below, step: choice.terms }, staging: arrays },
    {
      ...{ variable: term, from: whole(0), step: 1, most: choice.terms },
      below: even ? depth : operation(values, "minimum", "index", [left, depth]),
    },
  ];
  return { loops, axes: new Map([[terms.axis, term]]), cooperative: false, staged };
}

/** Element `four` of a term's, terms one behind the other. */
function elementOf(
  { values }: Tiles,
  { fours }: Side,
  term: KernelValue,
  four: KernelValue,
): KernelValue {
  const before = operation(values, "multiply", "index", [term, literal(values, "index", fours)]);
  return operation(values, "add", "index", [before, four]);
}

function readOf(
  tiles: Tiles,
  { type }: Scalar,
  array: string,
  side: Side,
  { axis }: Terms,
  at: AxisValues,
): KernelValue | undefined {
  const [term, member] = [at.get(axis), at.get(side.member)];
  if (!term || !member) return undefined;
  const { intern, lane } = tiles.values;
  const element = { kind: "staged", type, array, index: elementOf(tiles, side, term, side.four) };
  if (member === lane) return intern({ ...element, kind: "staged", lane });
  const of = intern({ ...element, kind: "staged" });
  if (of.kind !== "staged" || member.kind !== "literal") throw new Error("a point is in no four");
  return intern({ kind: "lane", type, of, lane: member.value });
}

/** The invocations take the elements in turns: neighbours load what lies side by side. */
function fillOf(
  tiles: Tiles,
  part: Scalar,
  array: string,
  side: Side,
  { axes, block }: Terms,
): StagedArray {
  const { values, batch, local, choice } = tiles;
  const { fours, terms } = choice;
  const whole = (value: number): KernelValue => literal(values, "index", value);
  const index = (op: "add" | "multiply" | "divide" | "modulo", ...operands: KernelValue[]) =>
    operation(values, op, "index", operands);
  const length = side.fours * terms;
  const size = fours.rows * fours.columns;
  const element = length === size ? local : values.variable(`${array}_at`, whole(length));
  const alongTerms = liesAlong(part, axes.at(-1));
  const inner = whole(alongTerms ? terms : side.fours);
  const [major, minor] = [index("divide", element, inner), index("modulo", element, inner)];
  const [four, term] = alongTerms ? [major, minor] : [minor, major];
  const first = index("add", side.start, index("multiply", four, whole(laneCount)));
  const point = split(values, index("add", first, values.lane), side.axes, extentsOf(side.axes));
  const along = split(values, index("add", block, term), axes, extentsOf(axes));
  const { evaluate } = createEvaluation(values, noReduction);
  return {
    ...{ name: array, type: part.type, length },
    index: elementOf(tiles, side, term, four),
    value: evaluate(part, new Map([...batch, ...point, ...along])),
    loop:
      element === local
        ? undefined
        : { variable: element, from: local, below: whole(length), step: size },
  };
}

/** Whether what a part of a term loads for neighbours along an axis lies side by side. */
function liesAlong(part: Scalar, axis: Axis | undefined): boolean {
  const values = createValues();
  const axes = new Map(
    [...createAxesOf()(part)].map((one) => [one, values.variable(`a${one.id}`, undefined)]),
  );
  const along = axis && axes.get(axis);
  if (!along) return false;
  const { evaluate } = createEvaluation(values, noReduction);
  const loads = [...reachableScalars([part])].filter((scalar) => scalar.kind === "load");
  return loads.some(({ index }) => neighboursAlong(evaluate(index, axes)).includes(along));
}

function noReduction(): never {
  throw new Error("a part of a term is no reduction");
}

/** An axis that is none of the nest's. */
function standIn(extent: Dim): Axis {
  return { id: -1, extent };
}

function extentsOf(axes: readonly Axis[]): readonly Dim[] {
  return axes.map(({ extent }) => extent);
}

function countOf(axes: readonly Axis[]): Dim {
  return multiplyDims(1, ...extentsOf(axes));
}
