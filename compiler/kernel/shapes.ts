// Takes a reduction, gives how one invocation goes through its terms: in a loop an axis, in four lanes along one of them, or written out.
import { createAxesOf, reachableScalars } from "../schedule/operands.js";
import type { Axis, Scalar } from "../types/nest.js";
import type { AxisValues, ReductionShape } from "./evaluate.js";
import { laneCount } from "./ir.js";
import type { ReduceScalar } from "./measure.js";
import { dimValue } from "./polynomial.js";
import { literal, operation } from "./simplify.js";
import type { KernelValue, ReductionLoop, ValueTable } from "./value.js";

/** How an invocation goes through the terms of its reductions. */
export interface Passages {
  /** Axes along which lanes take terms of their own: each every fourth, what is left is taken after. */
  readonly laned: ReadonlySet<Axis>;
  /** The one along which they do so for wide points too, each of whose lanes is reduced by itself. */
  readonly packed: Axis | undefined;
  /** Axes without a loop: all of their terms are taken at once. */
  readonly writtenOut: ReadonlySet<Axis>;
}

/** One term after the other, in a loop for each axis. */
export const oneByOne: Passages = { laned: new Set(), packed: undefined, writtenOut: new Set() };

/** An axis as its reduction goes through it. */
interface Passage {
  readonly loop: ReductionLoop | undefined;
  readonly index: KernelValue;
}

/** One loop an axis, where it is not written out; axes of extent 1 need none. */
export function createSerialShapes(
  values: ValueTable,
  { laned, packed, writtenOut }: Passages = oneByOne,
): (reduce: ReduceScalar, wide: boolean) => ReductionShape {
  const passages = new Map<Axis, Passage>();
  const single = (axis: Axis): Passage => {
    const passage = passages.get(axis) ?? singly(values, axis);
    passages.set(axis, passage);
    return passage;
  };
  const lanes = new Map<Axis, ReturnType<typeof inLanes>>();
  return (reduce, wide) => {
    const axes = inOrder(reduce).filter((axis) => !writtenOut.has(axis));
    const terms = termsAlong(
      values,
      reduce.axes.filter((axis) => writtenOut.has(axis)),
    );
    const axis = axes.find((each) => (wide ? each === packed : laned.has(each)));
    if (!axis) return shapeOf(axes, terms, single);
    const parts = lanes.get(axis) ?? inLanes(values, axis);
    lanes.set(axis, parts);
    const along =
      (part: Passage) =>
      (each: Axis): Passage =>
        each === axis ? part : single(each);
    const shape: ReductionShape = {
      ...shapeOf(axes, terms, along(parts.whole)),
      lanes: values.lane,
      ...(wide && { packed: true }),
    };
    return parts.rest ? { ...shape, rest: shapeOf(axes, terms, along(parts.rest)) } : shape;
  };
}

/** The loops that a guard bounds first, from outside in: those within them then run from end to end, whatever the point. */
function inOrder({ axes, value }: ReduceScalar): readonly Axis[] {
  if (axes.length < 2) return axes;
  const guarding = guardAxes(value);
  return [true, false].flatMap((bounded) => axes.filter((axis) => guarding.has(axis) === bounded));
}

/** The axes that say which terms of a reduction are guarded. */
function guardAxes(term: Scalar): ReadonlySet<Axis> {
  const axesOf = createAxesOf();
  const scalars = [...reachableScalars([term])];
  return new Set(
    scalars.flatMap((each) => (each.kind === "guard" ? [...axesOf(each.condition)] : [])),
  );
}

/** Every term along the axes, the last of which runs fastest. */
function termsAlong(values: ValueTable, axes: readonly Axis[]): readonly AxisValues[] {
  return axes.reduce<readonly AxisValues[]>(
    (terms, axis) =>
      terms.flatMap((term) =>
        Array.from(
          { length: Number(axis.extent) },
          (_, at) => new Map([...term, [axis, literal(values, "index", at)]]),
        ),
      ),
    [new Map()],
  );
}

function shapeOf(
  axes: readonly Axis[],
  terms: readonly AxisValues[],
  passageOf: (axis: Axis) => Passage,
): ReductionShape {
  const passages = axes.map((axis) => [axis, passageOf(axis)] as const);
  return {
    axes: new Map(passages.map(([axis, { index }]) => [axis, index])),
    loops: passages.flatMap(([, { loop }]) => loop ?? []),
    terms,
    cooperative: false,
  };
}

function singly(values: ValueTable, axis: Axis): Passage {
  const from = literal(values, "index", 0);
  if (axis.extent === 1) return { loop: undefined, index: from };
  const below = dimValue(values, axis.extent);
  const variable = values.variable(`k${axis.id}`, below);
  return { loop: { variable, from, below, step: 1 }, index: variable };
}

function inLanes(values: ValueTable, axis: Axis): { whole: Passage; rest: Passage | undefined } {
  const index = (
    op: "add" | "subtract" | "multiply" | "divide",
    left: KernelValue,
    by: KernelValue,
  ) => operation(values, op, "index", [left, by]);
  const whole = (value: number): KernelValue => literal(values, "index", value);
  const extent = dimValue(values, axis.extent);
  const below = index("multiply", index("divide", extent, whole(laneCount)), whole(laneCount));
  // In terms of the whole extent, as of a single lane: so whatever is decided for one is decided for four.
  const first = values.variable(`k${axis.id}w`, index("subtract", extent, whole(laneCount - 1)));
  const loop = { variable: first, from: whole(0), below, step: laneCount };
  const even = typeof axis.extent === "number" && axis.extent % laneCount === 0;
  const left = values.variable(`k${axis.id}r`, extent);
  return {
    whole: { loop, index: index("add", first, values.lane) },
    rest: even
      ? undefined
      : { loop: { variable: left, from: below, below: extent, step: 1 }, index: left },
  };
}
