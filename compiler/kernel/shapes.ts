// Takes a reduction, gives its loops in one invocation: one an axis, or one an axis and four lanes along one of them.
import type { Axis } from "../types/nest.js";
import type { ReductionShape } from "./evaluate.js";
import { laneCount } from "./ir.js";
import type { ReduceScalar } from "./measure.js";
import { dimValue } from "./polynomial.js";
import { literal, operation } from "./simplify.js";
import type { KernelValue, ReductionLoop, ValueTable } from "./value.js";

/** An axis as its reduction goes through it. */
interface Passage {
  readonly loop: ReductionLoop | undefined;
  readonly index: KernelValue;
}

/**
 * One loop an axis; axes of extent 1 need none. Along `laned` axes each lane takes every fourth term, what is left is taken after; of wide
 * points along the `packed` one alone.
 */
export function createSerialShapes(
  values: ValueTable,
  laned: ReadonlySet<Axis> = new Set(),
  packed?: Axis,
): (reduce: ReduceScalar, wide: boolean) => ReductionShape {
  const passages = new Map<Axis, Passage>();
  const single = (axis: Axis): Passage => {
    const passage = passages.get(axis) ?? singly(values, axis);
    passages.set(axis, passage);
    return passage;
  };
  const lanes = new Map<Axis, ReturnType<typeof inLanes>>();
  return ({ axes }, wide) => {
    const axis = axes.find((each) => (wide ? each === packed : laned.has(each)));
    if (!axis) return shapeOf(axes, single);
    const parts = lanes.get(axis) ?? inLanes(values, axis);
    lanes.set(axis, parts);
    const along =
      (part: Passage) =>
      (each: Axis): Passage =>
        each === axis ? part : single(each);
    const shape: ReductionShape = {
      ...shapeOf(axes, along(parts.whole)),
      lanes: values.lane,
      ...(wide && { packed: true }),
    };
    return parts.rest ? { ...shape, rest: shapeOf(axes, along(parts.rest)) } : shape;
  };
}

function shapeOf(axes: readonly Axis[], passageOf: (axis: Axis) => Passage): ReductionShape {
  const passages = axes.map((axis) => [axis, passageOf(axis)] as const);
  return {
    axes: new Map(passages.map(([axis, { index }]) => [axis, index])),
    loops: passages.flatMap(([, { loop }]) => loop ?? []),
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
