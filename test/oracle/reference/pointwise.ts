// Operands that broadcast come in; the tensor of an elementwise function goes out. Bools are 0 and 1.

import { erf, erfc, erfinv } from "./special.js";
import { type Tensor, at, broadcastAt, broadcastShape, filled } from "./tensor.js";

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** Half precision has eleven digits from 2^-14 on, and a fixed point below. */
function halfOf(x: number): number {
  const single = Math.fround(x);
  for (let unit = 2 ** -24; unit <= 32; unit *= 2) {
    const digits = roundToEven(single / unit);
    if (Math.abs(digits) < 2048) return digits * unit;
    if (Math.abs(digits) === 2048 && unit < 32) return digits * unit;
  }
  return single * Infinity;
}

/** The remainder with the divisor's sign. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

function truth(value: boolean): number {
  return value ? 1 : 0;
}

/** By the half angle: tan(φ / 2) = y / (r + x), or (r − x) / y where that cancels less. */
function angle(y: number, x: number): number {
  const r = Math.hypot(x, y);
  if (r === 0) return 0;
  if (y === 0) return x < 0 ? Math.PI : 0;
  return 2 * Math.atan(x > 0 ? y / (r + x) : (r - x) / y);
}

/** Kahan's: the error of the exponential and that of its logarithm are one and cancel. */
function exponentialLessOne(x: number): number {
  const power = Math.exp(x);
  if (power === 1) return x;
  if (power < 0.1 || power > 10) return power - 1;
  return ((power - 1) * x) / Math.log(power);
}

/** Kahan's, likewise. */
function logarithmOfOneMore(x: number): number {
  const sum = 1 + x;
  return sum === 1 ? x : sum > 10 ? Math.log(sum) : (Math.log(sum) * x) / (sum - 1);
}

export const scalarFunctions = {
  negate: (x) => -x,
  exp: (x) => Math.exp(x),
  log: (x) => Math.log(x),
  expm1: exponentialLessOne,
  log1p: logarithmOfOneMore,
  sqrt: (x) => Math.sqrt(x),
  sin: (x) => Math.sin(x),
  cos: (x) => Math.cos(x),
  tanh: (x) => Math.tanh(x),
  abs: (x) => Math.abs(x),
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  floor: (x) => Math.floor(x),
  round: roundToEven,
  half: (x) => halfOf(x),
  erf,
  erfc,
  erfinv,
  not: (x) => truth(x === 0),
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  modulo,
  power: (a, b) => Math.pow(a, b),
  atan2: (a, b) => angle(a, b),
  minimum: (a, b) => (a <= b ? a : b),
  maximum: (a, b) => (a >= b ? a : b),
  equal: (a, b) => truth(a === b),
  notEqual: (a, b) => truth(a !== b),
  less: (a, b) => truth(a < b),
  lessEqual: (a, b) => truth(a <= b),
  greater: (a, b) => truth(a > b),
  greaterEqual: (a, b) => truth(a >= b),
  and: (a, b) => truth(a !== 0 && b !== 0),
  or: (a, b) => truth(a !== 0 || b !== 0),
  select: (condition, then, otherwise) => (condition !== 0 ? then : otherwise),
  stopGradient: (x) => x,
  widen: (x) => x,
} as const satisfies Record<string, (a: number, b: number, c: number) => number>;

type Name = keyof typeof scalarFunctions;

/** Where functions that are not defined everywhere are smooth, for samples. */
export const smoothDomains: Readonly<Partial<Record<Name, readonly [number, number]>>> = {
  log: [0.2, 3],
  log1p: [-0.8, 3],
  sqrt: [0.2, 3],
  erfinv: [-0.9, 0.9],
};

const largest = Number.MAX_VALUE;
const smallest = { 32: 2 ** -126, 64: 2 ** -1022 } as const;
/** Digits of a precision, in bits. */
const digits = { 32: 24, 64: 53 } as const;

type InKernels = Readonly<Partial<Record<Name, (a: number, b: number) => number | undefined>>>;

/** What tensors of a precision have where mathematics has no number, as the language says; undefined where devices differ. */
export function inKernels(precision: 32 | 64): InKernels {
  const single = precision === 32;
  const least = Math.log(smallest[precision]);
  const nearOne = 1 - 2 ** -digits[precision];
  return {
    exp: (x) => (single && x > 88 ? undefined : Math.exp(x)),
    log: (x) => (x > smallest[precision] ? Math.log(x) : least),
    expm1: (x) => (single && x > 88 ? undefined : exponentialLessOne(x)),
    log1p: (x) => (x > -1 ? logarithmOfOneMore(x) : least),
    half: (x) => (single ? halfOf(x) : x),
    sqrt: (x) => (x > 0 ? Math.sqrt(x) : 0),
    sin: (x) => (single && Math.abs(x) >= 1e4 ? undefined : Math.sin(x)),
    cos: (x) => (single && Math.abs(x) >= 1e4 ? undefined : Math.cos(x)),
    erfinv: (x) => erfinv(Math.max(-nearOne, Math.min(x, nearOne))),
    divide: (a, b) => (b === 0 ? undefined : a / b),
    // Where single precision rounds a remainder to the divisor, both are right.
    modulo: (a, b) => {
      if (b === 0) return 0;
      const rest = modulo(a, b);
      return single && Math.fround(rest) === b ? undefined : rest;
    },
    power: (a, b) => {
      if (b === 0) return 1;
      if (a === 0) return b > 0 ? 0 : largest;
      if (a < 0 && !Number.isInteger(b)) return 0;
      return Math.max(Math.min(a ** b, largest), -largest);
    },
  };
}

export function pointwise(
  compute: (a: number, b: number, c: number) => number,
  inputs: readonly Tensor[],
): Tensor {
  const shape = broadcastShape(inputs.map((input) => input.shape));
  return filled(shape, (position) => {
    const values = inputs.map((input) => broadcastAt(input, position));
    return compute(at(values, 0), values[1] ?? 0, values[2] ?? 0);
  });
}

/** Casts: to integers towards zero (u32 and i32 saturate as WGSL's conversions do), to bool by `!= 0`; f32 stands for real numbers. */
export function cast(x: Tensor, to: "f32" | "i32" | "u32" | "bool"): Tensor {
  const limits = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;
  return pointwise(
    (value) => {
      if (to === "bool") return truth(value !== 0);
      if (to === "f32") return value;
      if (Number.isNaN(value)) return 0;
      const [low, high] = limits[to];
      return Math.min(high, Math.max(low, Math.trunc(value)));
    },
    [x],
  );
}
