// Takes no input, gives the names of pointwise operations and reductions, which the graph, loop nests and kernels have in common.

/** One operand, of which each is also an operation on scalars. */
export const scalarUnaryNames = [
  "negate",
  "exp",
  "log",
  "sqrt",
  "sin",
  "cos",
  "tanh",
  "abs",
  "sign",
  "floor",
  "round",
  "erf",
  "erfinv",
  "not",
] as const;

export const unaryNames = [...scalarUnaryNames, "stopGradient"] as const;

/** Two operands of the result's type. */
export const arithmeticNames = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "modulo",
  "power",
  "minimum",
  "maximum",
] as const;

/** Two operands of one type; the result is `bool`. */
export const comparisonNames = [
  "equal",
  "notEqual",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
] as const;

export const binaryNames = [...arithmeticNames, ...comparisonNames, "and", "or"] as const;

export const reductionNames = ["sum", "prod", "max", "min", "any", "all"] as const;

export type ScalarUnaryName = (typeof scalarUnaryNames)[number];
export type UnaryName = (typeof unaryNames)[number];
export type BinaryName = (typeof binaryNames)[number];
export type ReductionName = (typeof reductionNames)[number];

/** How printers for people write operations between their operands. */
export const operatorSigns = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  modulo: "%",
  equal: "==",
  notEqual: "!=",
  less: "<",
  lessEqual: "<=",
  greater: ">",
  greaterEqual: ">=",
  and: "and",
  or: "or",
} as const satisfies Partial<Record<BinaryName, string>>;
