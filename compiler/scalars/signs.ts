// Takes no input, gives how scalar operations treat the signs of their operands and operands that are 0: the rules that their records name.

/** What is known of all values; "positive" in f32 too, where an exponential or a product may underflow to 0. */
export type Sign = "positive" | "notNegative" | "unknown";

export interface SignedOperand {
  readonly sign: Sign;
  /** Where it is one number everywhere. */
  readonly value: number | undefined;
}

/** The sign of the results; `isSquare` where both operands are the same. */
export type SignRule = (operands: readonly SignedOperand[], isSquare: boolean) => Sign;

/**
 * Which operands make a result 0 by being 0, whatever finite number the others are: all of them together (of a choice both
 * choices), the first alone, any one; "none" where not even all do.
 */
export type ZeroRule = "all" | "first" | "any" | "choices" | "none";

const isPositive = ({ sign }: SignedOperand): boolean => sign === "positive";
const isNotNegative = ({ sign }: SignedOperand): boolean => sign !== "unknown";

/** The weakest of several signs. */
export function weakestSign(signs: readonly Sign[]): Sign {
  if (signs.includes("unknown")) return "unknown";
  return signs.includes("notNegative") ? "notNegative" : "positive";
}

const weakest = (operands: readonly SignedOperand[]): Sign =>
  weakestSign(operands.map(({ sign }) => sign));

/** Not negative where no operand is; 0 too, by rounding. */
const products: SignRule = (operands) =>
  operands.every(isNotNegative) ? "notNegative" : "unknown";

export const signRules = {
  unknown: () => "unknown",
  notNegative: () => "notNegative",
  weakest,
  products,
  /** Positive stays so, and nothing is negative. */
  magnitude: (operands) => (operands.every(isPositive) ? "positive" : "notNegative"),
  sum: (operands) => {
    if (!operands.every(isNotNegative)) return "unknown";
    return operands.some(isPositive) ? "positive" : "notNegative";
  },
  product: (operands, isSquare) => (isSquare ? "notNegative" : products(operands, isSquare)),
  greatest: (operands) => {
    if (operands.some(isPositive)) return "positive";
    return operands.some(isNotNegative) ? "notNegative" : "unknown";
  },
  choices: ([, ...choices]) => weakest(choices),
  /** Even powers, and those of what is not negative. */
  power: ([base, exponent]) =>
    (base !== undefined && isNotNegative(base)) || (exponent?.value ?? 1) % 2 === 0
      ? "notNegative"
      : "unknown",
  /** A remainder has the divisor's sign, and may be 0. */
  divisor: ([, divisor]) =>
    divisor !== undefined && isNotNegative(divisor) ? "notNegative" : "unknown",
} as const satisfies Readonly<Record<string, SignRule>>;
