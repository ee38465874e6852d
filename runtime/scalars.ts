// Takes no input, gives the scalar operations and reductions in double precision: what the host computes, and what the compiler folds by.

/** Truth values are 0 and 1, or what `Number` makes them. */
export type ScalarFunction = (a: number, b: number, c: number) => number | boolean;

/** By the names of the compiler's table of scalar operations, which takes its values from here. */
export const scalarValues = {
  negate: (a) => -a,
  exp: Math.exp,
  log: Math.log,
  expm1: Math.expm1,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  round: roundToEven,
  erf,
  erfc,
  erfinv: inverseErf,
  not: (a) => !a,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  modulo: (a, b) => a - Math.floor(a / b) * b,
  power: (a, b) => a ** b,
  // A zero has no sign: GPUs lose it.
  atan2: (a, b) => Math.atan2(a + 0, b + 0),
  minimum: (a, b) => Math.min(a, b),
  maximum: (a, b) => Math.max(a, b),
  equal: (a, b) => a === b,
  notEqual: (a, b) => a !== b,
  less: (a, b) => a < b,
  lessEqual: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greaterEqual: (a, b) => a >= b,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  select: (condition, a, b) => (condition ? a : b),
  cast: (a) => a,
} satisfies Readonly<Record<string, ScalarFunction>>;

/** The operation that takes one more value into each reduction. */
export const reductionSteps = {
  sum: "add",
  prod: "multiply",
  max: "maximum",
  min: "minimum",
  any: "or",
  all: "and",
} as const satisfies Readonly<Record<string, keyof typeof scalarValues>>;

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/** erf(x) = 2/√π · Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)), in the form without alternating signs. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The continued fraction of Laplace where erf is near 1. */
function erfc(x: number): number {
  if (x < 2) return 1 - erf(x);
  let tail = x;
  for (let n = 99; n > 0; n--) tail = x + n / 2 / tail;
  return Math.exp(-x * x) / tail / Math.sqrt(Math.PI);
}

/** Newton's steps on erf, from Winitzki's approximation. */
function inverseErf(y: number): number {
  if (Math.abs(y) >= 1) return Math.sign(y) * Infinity;
  const log = Math.log(1 - y * y);
  const half = 2 / (Math.PI * 0.147) + log / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(half * half - log / 0.147) - half);
  for (let n = 0; n < 4; n++) x -= (erf(x) - y) / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x));
  return x;
}
