// Takes the table of scalar operations, gives the names of pointwise operations and reductions, which the graph, loop nests and kernels have in common.
import { arithmeticScalars, comparisonScalars, logicScalars } from "../scalars/binary.js";
import { reductionScalars } from "../scalars/reductions.js";
import { unaryScalars } from "../scalars/unary.js";

export type ScalarUnaryName = keyof typeof unaryScalars;
export type UnaryName = ScalarUnaryName | "stopGradient" | "widen";
export type ArithmeticName = keyof typeof arithmeticScalars;
export type ComparisonName = keyof typeof comparisonScalars;
export type BinaryName = ArithmeticName | ComparisonName | keyof typeof logicScalars;
export type ReductionName = keyof typeof reductionScalars;

function namesOf<K extends string>(table: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(table) as K[];
}

/** One operand, of which each is also an operation on scalars. */
export const scalarUnaryNames = namesOf(unaryScalars);

export const unaryNames: readonly UnaryName[] = [...scalarUnaryNames, "stopGradient", "widen"];

/** Two operands of the result's type. */
export const arithmeticNames = namesOf(arithmeticScalars);

/** Two operands of one type; the result is `bool`. */
export const comparisonNames = namesOf(comparisonScalars);

export const binaryNames: readonly BinaryName[] = [
  ...arithmeticNames,
  ...comparisonNames,
  ...namesOf(logicScalars),
];

export const reductionNames = namesOf(reductionScalars);
