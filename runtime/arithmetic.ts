// Takes no input, gives those scalar operations in double precision that most programs' hosts need: small bundles whose plans need no others have them alone.

/** Truth values are 0 and 1, or what `Number` makes them. */
export type ScalarFunction = (a: number, b: number, c: number) => number | boolean;

/** By the names of the compiler's table of scalar operations. */
export const arithmetic = {
  negate: (a) => -a,
  exp: Math.exp,
  cos: Math.cos,
  floor: Math.floor,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  minimum: (a, b) => Math.min(a, b),
  maximum: (a, b) => Math.max(a, b),
  less: (a, b) => a < b,
  select: (condition, a, b) => (condition ? a : b),
} satisfies Readonly<Record<string, ScalarFunction>>;

/** As tensors have them: numbers outside the domains of operations too, and zeros without a sign. */
export const tensorArithmetic = {
  ...arithmetic,
  sqrt: (a) => (a <= 0 ? 0 : Math.sqrt(a)),
  power: (a, b) => (a < 0 && b !== Math.floor(b) ? 0 : Math.pow(a + 0, b)),
} satisfies Readonly<Record<string, ScalarFunction>>;
