// Takes no input, gives the scalar operations and reductions in double precision: as mathematics has them, what the compiler folds by; and as tensors have them, what the host computes.

import { arithmetic, tensorArithmetic, type ScalarFunction } from "./arithmetic.js";
import { erf, erfc, inverseErf } from "./errorFunctions.js";

export { tensorArithmetic } from "./arithmetic.js";

/** By the names of the compiler's table of scalar operations, which takes its values from here. */
export const scalarValues = {
  ...arithmetic,
  log: Math.log,
  expm1: Math.expm1,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  sin: Math.sin,
  tanh: Math.tanh,
  abs: Math.abs,
  sign: Math.sign,
  round: roundToEven,
  half: roundToHalf,
  erf,
  erfc,
  erfinv: inverseErf,
  not: (a) => !a,
  modulo,
  power: (a, b) => a ** b,
  // A zero has no sign: GPUs lose it.
  atan2: (a, b) => Math.atan2(a + 0, b + 0),
  equal: (a, b) => a === b,
  notEqual: (a, b) => a !== b,
  lessEqual: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greaterEqual: (a, b) => a >= b,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  cast: (a) => a,
} satisfies Readonly<Record<string, ScalarFunction>>;

type Values = Readonly<Record<string, ScalarFunction | undefined>>;

/** In a precision tensors have numbers outside the domains of operations too, and zeros have no sign. */
function valuesOfTensors(least: number, halfUnit: number): Values {
  return {
    ...scalarValues,
    ...tensorArithmetic,
    log: (a) => Math.log(a < least ? least : a),
    log1p: (a) => (a <= -1 ? Math.log(least) : Math.log1p(a)),
    half: halfUnit === 2 ** -24 ? roundToHalf : (a) => a,
    erfinv: (a) => inverseErf(Math.min(Math.max(a, halfUnit - 1), 1 - halfUnit)),
    modulo: (a, b) => (b === 0 ? 0 : modulo(a, b)),
  };
}

/** By the least normal number, and half a unit in the last place of numbers below 1. */
const inPrecision = {
  32: /* @__PURE__ */ valuesOfTensors(2 ** -126, 2 ** -24),
  64: /* @__PURE__ */ valuesOfTensors(2 ** -1022, 2 ** -53),
} as const;

/** An operation as tensors of that precision have it. */
export function tensorValue(name: string, precision: 32 | 64): ScalarFunction | undefined {
  return inPrecision[precision][name];
}

/** The operation that takes one more value into each reduction. */
export const reductionSteps = {
  sum: "add",
  prod: "multiply",
  max: "maximum",
  min: "minimum",
  any: "or",
  all: "and",
} as const satisfies Readonly<Record<string, keyof typeof scalarValues>>;

/** The remainder with the divisor's sign. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest < 0 !== b < 0 && rest !== 0 ? rest + b : rest + 0;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/** The nearest number of half precision, a tie the one with an even last digit; from 65520 on it is infinite. */
function roundToHalf(value: number): number {
  const given = Math.fround(value);
  const size = Math.abs(given);
  if (!(size < 65520)) return given * Infinity;
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(size))) - 10);
  return roundToEven(given / unit) * unit;
}
