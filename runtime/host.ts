// An expression of the plan and live values in; the number the host computes in double precision out.

import { evaluateDim, type Dimensions } from "./dimensions.js";
import type { HostExpression, PlanDim } from "./plan.js";

/** step, epoch, progress, plateau.N, total.batch by name. */
export type HostScalars = Readonly<Record<string, number>>;

type Operation = (...values: number[]) => number;

/** Evaluates one host expression; scalars that are not given are at their values before any training. */
export function evaluateHost(
  expression: HostExpression,
  dimensions: Dimensions,
  scalars: HostScalars,
): number {
  if (typeof expression === "number") return expression;
  const [op, ...rest] = expression;
  if (op === "dim") return evaluateDim(rest[0] as PlanDim, dimensions);
  if (op === "scalar") {
    const name = rest[0] as string;
    return scalars[name] ?? (name === "step" || name.startsWith("plateau") ? 1 : 0);
  }
  const operation = operations[op];
  if (!operation) throw new Error(`the plan has an unknown host operation "${op}"`);
  return Number(
    operation(...rest.map((part) => evaluateHost(part as HostExpression, dimensions, scalars))),
  );
}

const operations: Readonly<Record<string, Operation | ((...values: number[]) => boolean)>> = {
  negate: (a = 0) => -a,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  round: (a = 0) => roundToEven(a),
  erf: (a = 0) => erf(a),
  erfinv: (a = 0) => inverseErf(a),
  not: (a) => !a,
  add: (a = 0, b = 0) => a + b,
  subtract: (a = 0, b = 0) => a - b,
  multiply: (a = 0, b = 0) => a * b,
  divide: (a = 0, b = 0) => a / b,
  modulo: (a = 0, b = 0) => a - Math.floor(a / b) * b,
  power: (a = 0, b = 0) => a ** b,
  minimum: Math.min,
  maximum: Math.max,
  equal: (a, b) => a === b,
  notEqual: (a, b) => a !== b,
  less: (a = 0, b = 0) => a < b,
  lessEqual: (a = 0, b = 0) => a <= b,
  greater: (a = 0, b = 0) => a > b,
  greaterEqual: (a = 0, b = 0) => a >= b,
  and: (a, b) => Boolean(a) && Boolean(b),
  or: (a, b) => Boolean(a) || Boolean(b),
  select: (condition, a = 0, b = 0) => (condition ? a : b),
  cast: (a = 0) => a,
};

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

/** Newton's steps on erf, from Winitzki's approximation. */
function inverseErf(y: number): number {
  if (Math.abs(y) >= 1) return Math.sign(y) * Infinity;
  const log = Math.log(1 - y * y);
  const half = 2 / (Math.PI * 0.147) + log / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(half * half - log / 0.147) - half);
  for (let n = 0; n < 4; n++) x -= (erf(x) - y) / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x));
  return x;
}
