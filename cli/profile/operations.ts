// In: a loop nest and the sizes of free dimensions; out: how many operations it computes, without those that guards leave out.
import { scalarsOf } from "../../compiler/kernel/evaluate.js";
import { countedLengths, countedOperations } from "../../compiler/kernel/measure.js";
import { splitAxes } from "../../compiler/kernel/split.js";
import { evaluateScalar } from "../../compiler/scalars/evaluate.js";
import { createAxesOf, operandsOf } from "../../compiler/schedule/operands.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { Axis, LoopNest, Scalar } from "../../compiler/types/nest.js";

type Sizes = Readonly<Record<string, number>>;
type Guard = Extract<Scalar, { kind: "guard" }>;

/** Conditions that all hold. */
type Conditions = ReadonlySet<Scalar>;
const none: Conditions = new Set();

/**
 * Padding is behind guards whose conditions only know axes: where they hold is counted. Other conditions are taken to hold, as
 * data decides them.
 */
export function operationCount(nest: LoopNest, sizes: Sizes): number {
  const split = splitAxes(nest);
  const scalars = scalarsOf(split);
  const lengthOf = countedLengths(scalars);
  const conditionsOf = conditionsFinder(split, scalars);
  const shareOf = shareFinder(sizes);
  let count = 0;
  for (const { scalar, axes } of countedOperations(scalars)) {
    const points = [...axes].reduce((all, axis) => all * evaluateDim(lengthOf(axis), sizes), 1);
    count += points * shareOf(conditionsOf(scalar), axes);
  }
  return Math.round(count);
}

/** What holds wherever a scalar is needed; of a reduction, wherever it takes a term. */
function conditionsFinder(
  { stores }: Pick<LoopNest, "stores">,
  scalars: readonly Scalar[],
): (scalar: Scalar) => Conditions {
  const held = new Map<Scalar, Conditions>();
  const use = (scalar: Scalar, conditions: Conditions): void => {
    const before = held.get(scalar);
    const both = before && new Set([...before].filter((one) => conditions.has(one)));
    held.set(scalar, both ?? conditions);
  };
  for (const { index, value } of stores) for (const root of [index, value]) use(root, none);
  // Users come before what they use.
  for (const scalar of [...scalars].reverse()) {
    const own = held.get(scalar) ?? none;
    for (const operand of operandsOf(scalar)) {
      const isGuarded = scalar.kind === "guard" && operand === scalar.value;
      use(operand, isGuarded ? within(scalar, own) : own);
    }
  }
  return (scalar) => {
    const own = held.get(scalar) ?? none;
    return scalar.kind === "reduce" && scalar.value.kind === "guard"
      ? within(scalar.value, own)
      : own;
  };
}

function within({ condition }: Guard, own: Conditions): Conditions {
  return new Set([...own, ...conjuncts(condition)]);
}

function conjuncts(condition: Scalar): readonly Scalar[] {
  return condition.kind === "op" && condition.op === "and"
    ? condition.arguments.flatMap(conjuncts)
    : [condition];
}

/** Of the points of some axes, the share at which all conditions hold that know no other axis. */
function shareFinder(sizes: Sizes): (conditions: Conditions, axes: ReadonlySet<Axis>) => number {
  const axesOf = createAxesOf();
  const isKnown = knownFinder();
  const shares = new Map<string, number>();
  const numbers = new Map<Scalar, number>();
  const numberOf = (scalar: Scalar): number => {
    const number = numbers.get(scalar) ?? numbers.size;
    numbers.set(scalar, number);
    return number;
  };
  return (conditions, axes) => {
    const decided = [...conditions].filter(
      (condition) => isKnown(condition) && [...axesOf(condition)].every((axis) => axes.has(axis)),
    );
    return connected(decided, axesOf).reduce((share, group) => {
      const key = group.map(numberOf).join();
      const known = shares.get(key) ?? shareOf(group, axesOf, sizes);
      shares.set(key, known);
      return share * known;
    }, 1);
  };
}

/** Whether a condition is made of axes and numbers alone. */
function knownFinder(): (scalar: Scalar) => boolean {
  const kinds = new Set<Scalar["kind"]>(["literal", "axis", "dim", "op"]);
  const known = new Map<Scalar, boolean>();
  const find = (scalar: Scalar): boolean => {
    const before = known.get(scalar);
    if (before !== undefined) return before;
    const found = kinds.has(scalar.kind) && operandsOf(scalar).every(find);
    known.set(scalar, found);
    return found;
  };
  return find;
}

/** Conditions that share axes, directly or by others, together: groups are independent of each other. */
function connected(
  conditions: readonly Scalar[],
  axesOf: (scalar: Scalar) => ReadonlySet<Axis>,
): readonly (readonly Scalar[])[] {
  let groups: { readonly axes: ReadonlySet<Axis>; readonly conditions: readonly Scalar[] }[] = [];
  for (const condition of conditions) {
    const axes = axesOf(condition);
    const touches = (other: { readonly axes: ReadonlySet<Axis> }): boolean =>
      [...axes].some((axis) => other.axes.has(axis));
    const joined = groups.filter(touches);
    groups = [
      ...groups.filter((group) => !touches(group)),
      {
        axes: new Set([...axes, ...joined.flatMap((group) => [...group.axes])]),
        conditions: [...joined.flatMap((group) => group.conditions), condition],
      },
    ];
  }
  return groups.map((group) => group.conditions);
}

/** Of more points, so many are looked at. */
const mostPoints = 1 << 15;

function shareOf(
  conditions: readonly Scalar[],
  axesOf: (scalar: Scalar) => ReadonlySet<Axis>,
  sizes: Sizes,
): number {
  const axes = [...new Set(conditions.flatMap((condition) => [...axesOf(condition)]))];
  const extents = axes.map(({ extent }) => evaluateDim(extent, sizes));
  const points = extents.reduce((all, extent) => all * extent, 1);
  const looked = Math.min(points, mostPoints);
  const tests = conditions.map((condition) => evaluator(condition, axes, sizes));
  const place = axes.map(() => 0);
  let held = 0;
  for (let at = 0; at < looked; at++) {
    // Spread evenly, and not by the same step along the inner axes.
    let rest = points === looked ? at : Math.floor(((at + ((at * 0.618) % 1)) * points) / looked);
    for (const [n, extent] of extents.entries()) {
      place[n] = rest % extent;
      rest = Math.floor(rest / extent);
    }
    if (tests.every((test) => test(place) !== 0)) held++;
  }
  return looked > 0 ? held / looked : 1;
}

/** What a scalar of axes and numbers is where the axes stand. */
function evaluator(
  scalar: Scalar,
  axes: readonly Axis[],
  sizes: Sizes,
): (place: readonly number[]) => number {
  if (scalar.kind === "axis") {
    const n = axes.indexOf(scalar.axis);
    return (place) => place[n] ?? 0;
  }
  if (scalar.kind === "literal" || scalar.kind === "dim") {
    const value = scalar.kind === "dim" ? evaluateDim(scalar.dim, sizes) : scalar.value;
    return () => value;
  }
  if (scalar.kind !== "op") throw new Error(`a condition of axes alone holds a ${scalar.kind}`);
  const { op, type, arguments: operands } = scalar;
  const values = operands.map((operand) => evaluator(operand, axes, sizes));
  const [first, second] = values;
  // Of integers only indices are divided.
  if (op === "divide" && type === "index" && first && second)
    return (place) => Math.floor(first(place) / second(place));
  const types = { operands: elementType(operands[0] ?? scalar), result: elementType(scalar) };
  return (place) => {
    const given = values.map((value) => value(place));
    return evaluateScalar(op, types, given) ?? 1;
  };
}

function elementType({ type }: Scalar): Exclude<Scalar["type"], "index"> {
  return type === "index" ? "i32" : type;
}
