// In: conditions of a nest over its axes and turns, and the sizes of free dimensions; out: at which share of the points they hold.
import { evaluateScalar } from "../../compiler/scalars/evaluate.js";
import { operandsOf, reachableScalars } from "../../compiler/schedule/operands.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type {
  Axis,
  LoopNest,
  NestArgument,
  Recurrence,
  Scalar,
} from "../../compiler/types/nest.js";

export type Sizes = Readonly<Record<string, number>>;

/** That a scalar is true, or that it is not. */
export interface Condition {
  readonly scalar: Scalar;
  readonly holds: boolean;
}

/** They all hold. */
export type Conditions = ReadonlySet<Condition>;

/** What a condition knows: it takes all its values as often as each other. */
type Variable = Axis | Recurrence;

/** Of the points of some axes in all turns, the share at which all conditions hold that know no other axis. */
export function shareFinder(
  nest: Pick<LoopNest, "arguments">,
  sizes: Sizes,
): (conditions: Conditions, axes: ReadonlySet<Axis>) => number {
  const variablesOf = variablesFinder(nest.arguments);
  const shares = new Map<string, number>();
  const numbers = new Map<Condition, number>();
  const numberOf = (condition: Condition): number => {
    const number = numbers.get(condition) ?? numbers.size;
    numbers.set(condition, number);
    return number;
  };
  return (conditions, axes) => {
    const decided = [...conditions].flatMap((condition): Decided[] => {
      const variables = variablesOf(condition.scalar);
      const isKnown = variables && [...variables].every((one) => !isAxis(one) || axes.has(one));
      return isKnown ? [{ condition, variables }] : [];
    });
    return connected(decided).reduce((share, group) => {
      const key = group.map(({ condition }) => numberOf(condition)).join();
      const known = shares.get(key) ?? shareOf(group, nest.arguments, sizes);
      shares.set(key, known);
      return share * known;
    }, 1);
  };
}

interface Decided {
  readonly condition: Condition;
  readonly variables: ReadonlySet<Variable>;
}

function isAxis(variable: Variable): variable is Axis {
  return "extent" in variable;
}

/** What a condition is made of beside numbers; undefined where that is more than axes and turns. */
function variablesFinder(
  given: readonly NestArgument[],
): (scalar: Scalar) => ReadonlySet<Variable> | undefined {
  const known = new Map<Scalar, ReadonlySet<Variable> | undefined>();
  const collect = (scalar: Scalar): ReadonlySet<Variable> | undefined => {
    const variables = new Set<Variable>();
    for (const one of reachableScalars([scalar])) {
      if (one.kind === "axis") variables.add(one.axis);
      else if (one.kind === "argument") {
        const argument = given[one.argument];
        if (argument === undefined) return undefined;
        if (typeof argument !== "number") variables.add(argument);
      } else if (one.kind !== "literal" && one.kind !== "dim" && one.kind !== "op")
        return undefined;
    }
    return variables;
  };
  return (scalar) => {
    if (!known.has(scalar)) known.set(scalar, collect(scalar));
    return known.get(scalar);
  };
}

/** Conditions that share variables, directly or by others, together: groups are independent of each other. */
function connected(conditions: readonly Decided[]): readonly (readonly Decided[])[] {
  let groups: {
    readonly variables: ReadonlySet<Variable>;
    readonly conditions: readonly Decided[];
  }[] = [];
  for (const one of conditions) {
    const touches = (other: { readonly variables: ReadonlySet<Variable> }): boolean =>
      [...one.variables].some((variable) => other.variables.has(variable));
    const joined = groups.filter(touches);
    groups = [
      ...groups.filter((group) => !touches(group)),
      {
        variables: new Set([...one.variables, ...joined.flatMap((group) => [...group.variables])]),
        conditions: [...joined.flatMap((group) => group.conditions), one],
      },
    ];
  }
  return groups.map((group) => group.conditions);
}

/** Of more points, so many are looked at. */
const mostPoints = 1 << 16;

function shareOf(
  conditions: readonly Decided[],
  given: readonly NestArgument[],
  sizes: Sizes,
): number {
  const all = [...new Set(conditions.flatMap(({ variables }) => [...variables]))];
  const extents = all.map((one) => evaluateDim(isAxis(one) ? one.extent : one.length, sizes));
  const points = extents.reduce((product, extent) => product * extent, 1);
  const looked = Math.min(points, mostPoints);
  const valueOf = evaluators(all, given, sizes);
  const tests = conditions.map(({ condition: { scalar, holds } }) => {
    const value = valueOf(scalar);
    return (place: readonly number[]): boolean => (value(place) !== 0) === holds;
  });
  const place = all.map(() => 0);
  let held = 0;
  for (let at = 0; at < looked; at++) {
    // Spread evenly, and not by the same step along the inner axes.
    let rest = points === looked ? at : Math.floor(((at + ((at * 0.618) % 1)) * points) / looked);
    for (const [n, extent] of extents.entries()) {
      place[n] = rest % extent;
      rest = Math.floor(rest / extent);
    }
    if (tests.every((test) => test(place))) held++;
  }
  return looked > 0 ? held / looked : 1;
}

type Evaluator = (place: readonly number[]) => number;

/** What scalars of axes, turns and numbers are where the variables stand. */
function evaluators(
  variables: readonly Variable[],
  given: readonly NestArgument[],
  sizes: Sizes,
): (scalar: Scalar) => Evaluator {
  const at = (variable: Variable): Evaluator => {
    const n = variables.indexOf(variable);
    return (place) => place[n] ?? 0;
  };
  const constant = (value: number): Evaluator => {
    return () => value;
  };
  const evaluator = (scalar: Scalar): Evaluator => {
    if (scalar.kind === "axis") return at(scalar.axis);
    if (scalar.kind === "literal") return constant(scalar.value);
    if (scalar.kind === "dim") return constant(evaluateDim(scalar.dim, sizes));
    if (scalar.kind === "argument") {
      const argument = given[scalar.argument] ?? 0;
      return typeof argument === "number" ? constant(argument) : at(argument);
    }
    if (scalar.kind !== "op")
      throw new Error(`a condition of axes and turns alone holds a ${scalar.kind}`);
    const { op, type } = scalar;
    const operands = operandsOf(scalar);
    const values = operands.map(evaluator);
    const [first, second] = values;
    // Of integers only indices are divided.
    if (op === "divide" && type === "index" && first && second)
      return (place) => Math.floor(first(place) / second(place));
    const types = { operands: elementType(operands[0] ?? scalar), result: elementType(scalar) };
    return (place) => {
      const taken = values.map((value) => value(place));
      return evaluateScalar(op, types, taken) ?? 1;
    };
  };
  return evaluator;
}

function elementType({ type }: Scalar): Exclude<Scalar["type"], "index"> {
  return type === "index" ? "i32" : type;
}
