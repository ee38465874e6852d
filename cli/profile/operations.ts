// In: a loop nest and the sizes of free dimensions; out: how many operations it computes, without those that guards leave out.
import { scalarsOf } from "../../compiler/kernel/evaluate.js";
import { countedLengths, countedOperations } from "../../compiler/kernel/measure.js";
import { conjunctsOf, zeroConditions } from "../../compiler/kernel/simplify.js";
import { splitAxes } from "../../compiler/kernel/split.js";
import { reductionTable } from "../../compiler/scalars/reductions.js";
import { operandsOf } from "../../compiler/schedule/operands.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { LoopNest, Scalar } from "../../compiler/types/nest.js";
import { shareFinder } from "./shares.js";
import type { Condition, Conditions, Sizes } from "./shares.js";

type Reduce = Extract<Scalar, { kind: "reduce" }>;

/**
 * In all turns of the recurrences around it. Padding, masks and ends of blocks are behind conditions that only know axes and turns: where
 * they hold is counted. Other conditions are taken to hold, as data decides them.
 */
export function operationCount(nest: LoopNest, sizes: Sizes): number {
  const split = splitAxes(nest);
  const scalars = scalarsOf(split);
  const lengthOf = countedLengths(scalars, ({ extent }) => evaluateDim(extent, sizes));
  const conditionsOf = conditionsFinder(split, scalars);
  const shareOf = shareFinder(split, sizes);
  const turns = (nest.turns ?? []).map(({ length }) => evaluateDim(length, sizes));
  let count = 0;
  for (const { scalar, axes } of countedOperations(scalars)) {
    const points = [...axes].reduce((all, axis) => all * evaluateDim(lengthOf(axis), sizes), 1);
    count += points * shareOf(conditionsOf(scalar), axes);
  }
  return Math.round(turns.reduce((product, length) => product * length, count));
}

const none: Conditions = new Set();

/** What holds wherever a scalar is needed; of a reduction, wherever it takes a term. */
function conditionsFinder(
  { stores }: Pick<LoopNest, "stores">,
  scalars: readonly Scalar[],
): (scalar: Scalar) => Conditions {
  const held = new Map<Scalar, Conditions>();
  const within = conditionsWithin();
  const use = (scalar: Scalar, conditions: Conditions): void => {
    const before = held.get(scalar);
    const both = before && new Set([...before].filter((one) => conditions.has(one)));
    held.set(scalar, both ?? conditions);
  };
  const useOperands = (scalar: Scalar, own: Conditions): void => {
    if (scalar.kind === "guard") {
      const { condition, value, otherwise } = scalar;
      use(condition, own);
      use(value, within(own, conjunctsOf(condition), true));
      use(otherwise, within(own, [condition], false));
    } else if (scalar.kind === "reduce") use(scalar.value, within(own, termsOf(scalar), true));
    else for (const operand of operandsOf(scalar)) use(operand, own);
  };
  for (const { index, value } of stores) for (const root of [index, value]) use(root, none);
  // Users come before what they use.
  for (const scalar of [...scalars].reverse()) useOperands(scalar, held.get(scalar) ?? none);
  return (scalar) => {
    const own = held.get(scalar) ?? none;
    return scalar.kind === "reduce" ? within(own, termsOf(scalar), true) : own;
  };
}

/** Conditions without which a term leaves the reduction as it is: no kernel takes such terms in. */
function termsOf({ combine, value }: Reduce): readonly Scalar[] {
  // As kernels do: see commonConditions in compiler/kernel/group.ts.
  if (combine === "sum" || combine === "any") return zeroConditions(value);
  const { identity } = reductionTable[combine];
  const find = (term: Scalar): readonly Scalar[] =>
    term.kind === "guard" &&
    term.otherwise.kind === "literal" &&
    term.type !== "index" &&
    term.otherwise.value === identity[term.type]
      ? [...conjunctsOf(term.condition), ...find(term.value)]
      : [];
  return find(value);
}

/** Conditions and more of them, each the same object wherever it comes from. */
function conditionsWithin(): (
  own: Conditions,
  more: readonly Scalar[],
  holds: boolean,
) => Conditions {
  const known = { true: new Map<Scalar, Condition>(), false: new Map<Scalar, Condition>() };
  return (own, more, holds) => {
    const conditions = more.map((scalar) => {
      const same = known[`${holds}`];
      const condition = same.get(scalar) ?? { scalar, holds };
      same.set(scalar, condition);
      return condition;
    });
    return new Set([...own, ...conditions]);
  };
}
