// Takes scalars of a nest and what each axis stands for, gives values: the same subexpression of two points is one value.
import { givesExtremumIndex, reductionTable, searches } from "../scalars/reductions.js";
import { createAxesOf, operandsOf } from "../schedule/operands.js";
import type { Axis, LoopNest, Scalar } from "../types/nest.js";
import { laneCount } from "./ir.js";
import { indexInLane } from "./lanes.js";
import { dimValue } from "./polynomial.js";
import { literal, operation } from "./simplify.js";
import type { ReductionLoop, KernelValue, ValueTable, VariableValue } from "./value.js";

/** What each axis stands for: a loop variable, a point of a tile, a part of an invocation's number. */
export type AxisValues = ReadonlyMap<Axis, KernelValue>;

/** How the loops of a reduction run: its axes in terms of loop variables. */
export interface ReductionShape {
  /** The lane of the table where each lane takes terms of its own. */
  readonly lanes?: VariableValue;
  /** Of wide points: each lane's is reduced by itself, and its lanes take terms of their own. */
  readonly packed?: true;
  /** What these loops leave over, where lanes do not come out even: taken by itself and combined. */
  readonly rest?: ReductionShape;
  readonly loops: readonly ReductionLoop[];
  readonly axes: AxisValues;
  /** What axes that have no loop stand for in each of the terms that are taken at once; absent: there is one. */
  readonly terms?: readonly AxisValues[];
  readonly cooperative: boolean;
  /** Scalars of its terms that are read from the workgroup's memory, where the axes say from which element. */
  readonly staged?: ReadonlyMap<Scalar, (axes: AxisValues) => KernelValue | undefined>;
  /** Where alone what its points come to is wanted; absent: anywhere. */
  readonly where?: KernelValue | undefined;
  /** How an invocation goes through its terms by itself, where `staged` is of its workgroup. */
  readonly alone?: ReductionShape;
}

type ReduceScalar = Extract<Scalar, { kind: "reduce" }>;

export interface NestEvaluation {
  readonly values: ValueTable;
  readonly evaluate: (scalar: Scalar, axes: AxisValues) => KernelValue;
}

/** `shapeOf` is asked for each reduction, of single and of wide points; the loops it gives are shared by all such points. */
export function createEvaluation(
  values: ValueTable,
  shapeOf: (reduce: ReduceScalar, wide: boolean) => ReductionShape,
): NestEvaluation {
  const memo = new Map<Scalar, Map<string, KernelValue>>();
  const axesOf = createAxesOf();
  const shapes = {
    wide: new Map<Scalar, ReductionShape>(),
    single: new Map<Scalar, ReductionShape>(),
  };
  /** Of reductions whose terms are read from the workgroup's memory: by the scalars that stand there. */
  const staged = new Map<Scalar, (axes: AxisValues) => KernelValue | undefined>();
  const evaluate = (scalar: Scalar, axes: AxisValues): KernelValue => {
    const there = staged.get(scalar)?.(axes);
    if (there) return there;
    let key = "";
    for (const axis of axesOf(scalar)) key += `${axes.get(axis)?.id ?? "?"},`;
    const known = memo.get(scalar) ?? new Map<string, KernelValue>();
    memo.set(scalar, known);
    const found = known.get(key);
    if (found) return found;
    const made = compute(scalar, axes);
    known.set(key, made);
    return made;
  };
  const compute = (scalar: Scalar, axes: AxisValues): KernelValue => {
    switch (scalar.kind) {
      case "literal":
        return literal(values, scalar.type, scalar.value);
      case "axis": {
        const value = axes.get(scalar.axis);
        if (!value) throw new Error(`axis ${scalar.axis.id} is not bound`);
        return value;
      }
      case "dim":
        return dimValue(values, scalar.dim);
      case "host":
        return values.intern({
          kind: "uniform",
          type: "f32",
          uniform: { kind: "host", index: scalar.index },
        });
      case "argument":
        return values.intern({
          kind: "uniform",
          type: scalar.type,
          uniform: { kind: "argument", type: scalar.type, index: scalar.argument },
        });
      case "load":
        return values.intern({
          kind: "load",
          type: scalar.type,
          buffer: scalar.buffer,
          index: evaluate(scalar.index, axes),
        });
      case "op":
        return operation(
          values,
          scalar.op,
          scalar.type,
          scalar.arguments.map((argument) => evaluate(argument, axes)),
        );
      case "guard":
        return guard(scalar, axes);
      case "reduce":
        return reduce(scalar, axes);
      case "random":
        return values.intern({
          kind: "draw",
          type: scalar.type,
          source: scalar.source,
          stream: evaluate(scalar.stream, axes),
          index: evaluate(scalar.index, axes),
        });
    }
  };
  const guard = (scalar: Extract<Scalar, { kind: "guard" }>, axes: AxisValues): KernelValue => {
    const condition = evaluate(scalar.condition, axes);
    const value = evaluate(scalar.value, axes);
    const otherwise = evaluate(scalar.otherwise, axes);
    if (condition.kind === "literal") return condition.value !== 0 ? value : otherwise;
    if (value === otherwise) return value;
    return values.intern({ kind: "guard", type: scalar.type, condition, value, otherwise });
  };
  const reduce = (scalar: ReduceScalar, axes: AxisValues): KernelValue => {
    const wide = [...axesOf(scalar)].some((axis) => axes.get(axis)?.free.has(values.lane));
    const known = wide ? shapes.wide : shapes.single;
    const shape = known.get(scalar) ?? ownShape(shapeOf(scalar, wide));
    known.set(scalar, shape);
    for (const [part, at] of shape.staged ?? []) staged.set(part, at);
    return reduceAlong(scalar, wide && shape.packed ? axesInLanes(values, axes) : [axes], shape);
  };
  /** Of one point, or of those in the lanes of a wide value. */
  const reduceAlong = (
    scalar: ReduceScalar,
    points: readonly AxisValues[],
    shape: ReductionShape,
  ): KernelValue => {
    const found = points.map((axes) => reducePoint(scalar, axes, shape));
    const [one, another] = found;
    if (!one) throw new Error("a reduction of no point");
    const { type } = scalar;
    const reduction = another ? values.intern({ kind: "lanes", type, arguments: found }) : one;
    if (!shape.rest) return reduction;
    const { step } = reductionTable[scalar.combine];
    const rest = reduceAlong(scalar, points, shape.rest);
    return operation(values, step, scalar.type, [reduction, rest]);
  };
  const reducePoint = (
    scalar: ReduceScalar,
    axes: AxisValues,
    shape: ReductionShape,
  ): KernelValue => {
    const inner = new Map([...axes, ...shape.axes]);
    const [first = inner, ...more] = (shape.terms ?? []).map(
      (term): AxisValues => new Map([...inner, ...term]),
    );
    const { step } = reductionTable[scalar.combine];
    const value = more.reduce(
      (sum, term) =>
        operation(values, step, scalar.value.type, [sum, evaluate(scalar.value, term)]),
      evaluate(scalar.value, first),
    );
    const arg = givesExtremumIndex(scalar.combine);
    const [axis] = scalar.axes;
    const index = arg && axis ? inner.get(axis) : undefined;
    if (shape.loops.length === 0)
      return index || searches(scalar.combine)
        ? operation(values, "cast", scalar.type, [index ?? value])
        : value;
    const alone = shape.alone && reducePoint(scalar, axes, shape.alone);
    return values.intern({
      kind: "reduction",
      type: scalar.type,
      combine: scalar.combine,
      cooperative: shape.cooperative,
      loops: shape.loops,
      value,
      index,
      terms: scalar.terms,
      family: shape,
      lanes: shape.lanes,
      ...(shape.where && { where: shape.where }),
      ...(alone?.kind === "reduction" && { alone }),
    });
  };
  return { values, evaluate };
}

/** What the axes stand for in each of the lanes. */
function axesInLanes(values: ValueTable, axes: AxisValues): readonly AxisValues[] {
  return Array.from(
    { length: laneCount },
    (_, lane) =>
      new Map([...axes].map(([axis, index]) => [axis, indexInLane(values, index, lane)])),
  );
}

/** An object of its own, by which the points of one reduction know each other. */
function ownShape(shape: ReductionShape): ReductionShape {
  return shape.rest ? { ...shape, rest: { ...shape.rest } } : { ...shape };
}

/** Every scalar of a nest once, operands before those that use them. */
export function scalarsOf(nest: LoopNest): readonly Scalar[] {
  const seen = new Set<Scalar>();
  const visit = (scalar: Scalar): void => {
    if (seen.has(scalar)) return;
    for (const operand of operandsOf(scalar)) visit(operand);
    seen.add(scalar);
  };
  for (const store of nest.stores) {
    visit(store.index);
    visit(store.value);
  }
  return [...seen];
}
