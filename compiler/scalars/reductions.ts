// Takes no input, gives the reductions: what each starts from in every type, and the operation that takes in one value more.
import { reductionSteps, type scalarValues } from "../../runtime/scalars.js";
import type { PlanType } from "../../runtime/plan.js";

export interface Reduction {
  /** The scalar operation of the value so far and one more. */
  readonly step: keyof typeof scalarValues;
  /** What the step leaves every value of the type as it is with; printers write infinity as their language and precision can. */
  readonly identity: Readonly<Record<PlanType, number>>;
  /** The operands' types. */
  readonly takes: readonly PlanType[];
  /** Of indices: how a value must compare with the best so far to take its place. */
  readonly beats?: "greater" | "less";
}

/** Of values of the operands' type. */
interface ValueReduction extends Reduction {
  /** WGSL's function of a subgroup that takes the step over its invocations; truth values are 1 and 0 to it. */
  readonly subgroup: string;
}

const everywhere = (value: number): Reduction["identity"] => ({
  f32: value,
  i32: value,
  u32: value,
  bool: value,
});
const lowest = { f32: -Infinity, i32: -(2 ** 31), u32: 0, bool: 0 };
const highest = { f32: Infinity, i32: 2 ** 31 - 1, u32: 2 ** 32 - 1, bool: 1 };
const numbers = ["f32", "i32", "u32"] as const;
const truth = ["bool"] as const;

/** To a value of the operands' type. */
export const reductionScalars = {
  sum: {
    ...{ step: reductionSteps.sum, identity: everywhere(0), takes: numbers },
    subgroup: "subgroupAdd",
  },
  prod: {
    ...{ step: reductionSteps.prod, identity: everywhere(1), takes: numbers },
    subgroup: "subgroupMul",
  },
  max: {
    ...{ step: reductionSteps.max, identity: lowest, takes: numbers },
    subgroup: "subgroupMax",
  },
  min: {
    ...{ step: reductionSteps.min, identity: highest, takes: numbers },
    subgroup: "subgroupMin",
  },
  any: {
    ...{ step: reductionSteps.any, identity: everywhere(0), takes: truth },
    subgroup: "subgroupOr",
  },
  all: {
    ...{ step: reductionSteps.all, identity: everywhere(1), takes: truth },
    subgroup: "subgroupAnd",
  },
} as const satisfies Readonly<Record<string, ValueReduction>>;

/** To the index of a value; `of`: what gives the value itself. */
export const extremumIndexScalars = {
  argmax: {
    ...{ step: reductionSteps.max, identity: lowest, takes: numbers },
    ...{ beats: "greater", of: "max" },
  },
  argmin: {
    ...{ step: reductionSteps.min, identity: highest, takes: numbers },
    ...{ beats: "less", of: "min" },
  },
} as const satisfies Readonly<
  Record<string, Reduction & { readonly of: keyof typeof reductionScalars }>
>;

/** To a number of values along an axis, found by halving it. */
export const searchScalars = {
  leading: { step: reductionSteps.sum, identity: everywhere(0), takes: truth },
} as const satisfies Readonly<Record<string, Reduction>>;

export const reductionTable = {
  ...reductionScalars,
  ...extremumIndexScalars,
  ...searchScalars,
} as const;

/** Whether a reduction gives an i32 that counts along its one axis: the index of a value, or how many come before one. */
export function givesIndex(
  name: keyof typeof reductionTable,
): name is keyof typeof extremumIndexScalars | keyof typeof searchScalars {
  return givesExtremumIndex(name) || searches(name);
}

/** Whether a reduction looks at a few of its values only, as what holds for one holds for all before it. */
export function searches(name: keyof typeof reductionTable): name is keyof typeof searchScalars {
  return name in searchScalars;
}

/** Whether a reduction gives the index of a value, not the value. */
export function givesExtremumIndex(
  name: keyof typeof reductionTable,
): name is keyof typeof extremumIndexScalars {
  return name in extremumIndexScalars;
}
