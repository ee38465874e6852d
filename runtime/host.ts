// An expression of the plan and live values in; the number the host computes in double precision out.

import { evaluateDim, type Dimensions } from "./dimensions.js";
import { fail } from "./errors.js";
import type { HostExpression, PlanDim } from "./plan.js";

/** step, epoch, progress, plateau.N, total.batch by name. */
export type HostScalars = Readonly<Record<string, number>>;

type Operation = (a: number, b: number, c: number) => number | boolean;

export type EvaluateHost = typeof evaluateHost;

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
  const operation =
    operations[op] ?? (Math as unknown as Record<string, Operation | undefined>)[op];
  if (!operation) fail("internal", `unknown host operation ${op}`);
  const values = rest.map((part) => evaluateHost(part as HostExpression, dimensions, scalars));
  return Number(operation(...(values as [number, number, number])));
}

/** What `Math` has not under the same name. */
const operations: Readonly<Record<string, Operation | undefined>> = {
  negate: (a) => -a,
  round: roundToEven,
  erf,
  erfinv: inverseErf,
  not: (a) => !a,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  modulo: (a, b) => a - Math.floor(a / b) * b,
  power: (a, b) => a ** b,
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
