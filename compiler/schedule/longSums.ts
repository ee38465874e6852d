// Takes a schedule, gives it with long reductions of few points in two steps: parts of each by themselves, then what they make together.
import { createRewrite } from "../rewrite.js";
import { reductionScalars } from "../scalars/reductions.js";
import type { Dim, Extents } from "../types/dimension.js";
import {
  addDims,
  expectedSize,
  floorDivideDims,
  multiplyDims,
  subtractDims,
} from "../types/dimension.js";
import type {
  Axis,
  LoopNest,
  NestStore,
  Scalar,
  Schedule,
  ScheduledBuffer,
} from "../types/nest.js";
import { longReduction } from "./cost.js";
import { kernelLimits, measure } from "./limits.js";
import { elementBytes } from "./memory.js";
import { createAxesOf, operandsOf, overOperands, reachableScalars } from "./operands.js";
import { extentOf, indexLiteral, indexOf, indexOperation, positionOf } from "./position.js";

type Reduce = Extract<Scalar, { kind: "reduce" }>;
type Temporary = Extract<ScheduledBuffer, { kind: "temporary" }>;
type NewAxis = (extent: Dim) => Axis;
type NewTemporary = Omit<Temporary, "kind" | "slot">;

/**
 * No machine does a long reduction at once: the invocations of one workgroup share it at most, and threads share nothing of it. Its
 * parts are points as any others. Temporaries share no memory yet.
 */
export function inParts(schedule: Schedule, estimates: Extents): Schedule {
  const buffers = [...schedule.buffers];
  const slots = [...schedule.slots];
  const made = schedule.nests.map((nest) => {
    const temporaries: NewTemporary[] = [];
    const temporary = (one: NewTemporary) => buffers.length + temporaries.push(one) - 1;
    const nests = innerFirst(nest, estimates, temporary).flatMap((one) =>
      inTwoSteps(one, estimates, temporary),
    );
    // What has too many for one kernel stays as it is.
    if (nests.some((one) => measure(one).buffers > kernelLimits.buffers)) return [nest];
    for (const one of temporaries) {
      const below = slots.length === 0 ? [] : [slots.length - 1];
      const bytes = multiplyDims(elementBytes, one.elements);
      const slot = slots.push({ bytes, first: 0, last: 0, below }) - 1;
      buffers.push({ kind: "temporary", slot, ...one });
    }
    return nests;
  });
  const nests = made.flat();
  if (nests.length === schedule.nests.length) return schedule;
  return {
    ...schedule,
    ...{ buffers, nests, steps: nests.map(() => 1) },
    serves: made.flatMap((own, at) => own.map(() => schedule.serves[at])),
    slots: slots.map((slot) => ({ ...slot, last: nests.length })),
  };
}

/**
 * What a long reduction needs to be reduced before its first term (the mean in a variance) is made by nests of their own, the innermost
 * first: each of its parts would make it again, else.
 */
function innerFirst(
  nest: LoopNest,
  estimates: Extents,
  temporary: (made: NewTemporary) => number,
): LoopNest[] {
  if (!mayBeParted(nest)) return [nest];
  const axesOf = createAxesOf();
  const pointsOf = (scalar: Scalar): Axis[] => nest.axes.filter((axis) => axesOf(scalar).has(axis));
  const long = outermostReductions(nest.stores.map(({ value }) => value)).filter((reduce) =>
    cutOf(reduce, pointsOf(reduce), estimates),
  );
  const inner = new Set(
    long.flatMap(({ value, axes }) =>
      outermostReductions([value]).filter((one) => !axes.some((axis) => axesOf(one).has(axis))),
    ),
  );
  if (inner.size === 0) return [nest];
  const stored = new Map<Scalar, Scalar>();
  const before = [...inner].flatMap((reduce, at) => {
    const points = pointsOf(reduce);
    const buffer = temporary({
      type: reduce.type,
      elements: multiplyDims(1, ...points.map(({ extent }) => extent)),
      ...labelled(nest, `a ${reduce.combine} before another`),
    });
    const index = positionOf(points);
    stored.set(reduce, { kind: "load", type: reduce.type, buffer, index });
    const own: LoopNest = {
      ...nest,
      ...{ name: `${nest.name}_first${at === 0 ? "" : at}`, axes: points },
      stores: [{ buffer, index, value: reduce }],
    };
    return innerFirst(own, estimates, temporary);
  });
  const visit = createRewrite<Scalar>(overOperands, (scalar) => stored.get(scalar));
  const rest = { ...nest, stores: nest.stores.map((one) => ({ ...one, value: visit(one.value) })) };
  return [...before, rest];
}

function labelled(
  { origins: [origin] }: LoopNest,
  label: string,
): Pick<NewTemporary, "label" | "origin"> {
  return origin ? { label, origin } : { label };
}

/** Those of turns and rows stay as they are. */
function mayBeParted({ turns, stores }: LoopNest): boolean {
  return !turns && !stores.some(({ rows }) => rows);
}

/** The nest, behind those that make parts of its long reductions: one for all over the same axes. */
function inTwoSteps(
  nest: LoopNest,
  estimates: Extents,
  temporary: (made: NewTemporary) => number,
): LoopNest[] {
  if (!mayBeParted(nest)) return [nest];
  const values = nest.stores.map(({ value }) => value);
  const axesOf = createAxesOf();
  const steps = new Map<string, Step>();
  const combined = new Map<Scalar, Scalar>();
  const fresh = createFreshAxes(nest);
  for (const reduce of outermostReductions(values)) {
    const points = nest.axes.filter((axis) => axesOf(reduce).has(axis));
    const cut = cutOf(reduce, points, estimates);
    if (!cut) continue;
    const whole = floorDivideDims(cut.axis.extent, cut.terms);
    const left = subtractDims(cut.axis.extent, multiplyDims(whole, cut.terms));
    const count = left === 0 ? whole : addDims(whole, 1);
    const buffer = temporary({
      type: reduce.type,
      elements: multiplyDims(count, ...points.map(({ extent }) => extent)),
      ...labelled(nest, `parts of a ${reduce.combine}`),
    });
    const partOf = (number: Scalar): Scalar =>
      points.length === 0
        ? number
        : indexOperation(
            "add",
            indexOperation("multiply", positionOf(points), extentOf(count)),
            number,
          );
    const key = `${idsOf(points)} over ${idsOf(reduce.axes)}`;
    const step = steps.get(key) ?? { part: fresh(whole), points, parts: [], rest: [] };
    steps.set(key, step);
    const first = indexOperation("multiply", indexOf(step.part), indexLiteral(cut.terms));
    const own = cut.terms === 1 ? undefined : fresh(cut.terms);
    step.parts.push({
      ...{ buffer, index: partOf(indexOf(step.part)) },
      value: over(reduce, cut.axis, first, own),
    });
    if (left !== 0) {
      const behind = extentOf(multiplyDims(whole, cut.terms));
      step.rest.push({
        ...{ buffer, index: partOf(extentOf(whole)) },
        value: over(reduce, cut.axis, behind, fresh(left)),
      });
    }
    const along = fresh(count);
    combined.set(reduce, {
      ...{ kind: "reduce", type: reduce.type, combine: reduce.combine, axes: [along] },
      value: { kind: "load", type: reduce.type, buffer, index: partOf(indexOf(along)) },
    });
  }
  if (steps.size === 0) return [nest];
  const visit = createRewrite<Scalar>(overOperands, (scalar) => combined.get(scalar));
  const numbered = [...steps.values()].entries();
  const parts = [...numbered].flatMap(([at, { part, points, ...step }]): LoopNest[] => {
    const name = `${nest.name}_parts${at === 0 ? "" : at}`;
    const whole = { ...nest, name, axes: [...points, part], stores: step.parts };
    const behind = { ...nest, name: `${name}_rest`, axes: points, stores: step.rest };
    return step.rest.length === 0 ? [whole] : [whole, behind];
  });
  return [
    ...parts,
    { ...nest, stores: nest.stores.map((one) => ({ ...one, value: visit(one.value) })) },
  ];
}

/** Parts of all reductions over the same axes, for the same points. */
interface Step {
  readonly part: Axis;
  readonly points: readonly Axis[];
  readonly parts: NestStore[];
  /** What is behind the last whole part. */
  readonly rest: NestStore[];
}

function idsOf(axes: readonly Axis[]): string {
  return axes.map(({ id }) => id).join();
}

/** Those that are computed at each point whatever holds there, within no other. */
function outermostReductions(values: readonly Scalar[]): readonly Reduce[] {
  const found = new Set<Reduce>();
  const seen = new Set<Scalar>();
  const visit = (scalar: Scalar): void => {
    if (seen.has(scalar)) return;
    seen.add(scalar);
    if (scalar.kind === "reduce") found.add(scalar);
    else if (scalar.kind === "guard") visit(scalar.condition);
    else operandsOf(scalar).forEach(visit);
  };
  values.forEach(visit);
  return [...found];
}

/** The axis that is cut, and how many of its indices belong to a part. */
interface Cut {
  readonly axis: Axis;
  readonly terms: number;
}

function cutOf(
  { combine, type, axes, terms }: Reduce,
  points: readonly Axis[],
  estimates: Extents,
): Cut | undefined {
  if (!Object.hasOwn(reductionScalars, combine) || type === "bool" || terms) return undefined;
  const sizeOf = ({ extent }: Axis): number => Math.max(1, expectedSize(extent, estimates));
  const product = (all: readonly Axis[]): number =>
    all.reduce((count, axis) => count * sizeOf(axis), 1);
  const [longest] = [...axes].sort((one, other) => sizeOf(other) - sizeOf(one));
  const [length, count] = [product(axes), product(points)];
  if (!longest || length < longReduction.terms || count > longReduction.points) return undefined;
  const others = length / sizeOf(longest);
  const fewest = Math.ceil((sizeOf(longest) * count) / longReduction.parts);
  const own = Math.max(1, fewest, Math.ceil(longReduction.partTerms / others));
  return 2 * own > sizeOf(longest) ? undefined : { axis: longest, terms: own };
}

/** The reduction over some indices of one of its axes alone: over `own` of them, from `first` on. */
function over(reduce: Reduce, axis: Axis, first: Scalar, own: Axis | undefined): Scalar {
  const at = own ? indexOperation("add", first, indexOf(own)) : first;
  const visit = createRewrite<Scalar>(overOperands, (scalar) =>
    scalar.kind === "axis" && scalar.axis === axis ? at : undefined,
  );
  const axes = reduce.axes.flatMap((one) => (one === axis ? (own ?? []) : one));
  return { ...reduce, axes, value: visit(reduce.value) };
}

/** Axes that are none of the nest's. */
function createFreshAxes({ axes, stores }: LoopNest): NewAxis {
  const scalars = [...reachableScalars(stores.map(({ value }) => value))];
  const bound = scalars.flatMap((scalar) => (scalar.kind === "reduce" ? scalar.axes : []));
  let id = Math.max(-1, ...[...axes, ...bound].map((axis) => axis.id));
  return (extent) => ({ id: ++id, extent });
}
