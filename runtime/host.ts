// An expression of the plan and live values in; the number the host computes in double precision out.

import { evaluateDim, type Dimensions } from "./dimensions.js";
import { fail } from "./errors.js";
import type { HostExpression, PlanDim } from "./plan.js";
import { tensorValue } from "./scalars.js";

/** step, epoch, progress, plateau.N, total.batch by name. */
export type HostScalars = Readonly<Record<string, number>>;

export type EvaluateHost = typeof evaluateHost;

/** Evaluates one host expression as a tensor of that precision; scalars that are not given are at their values before any training. */
export function evaluateHost(
  expression: HostExpression,
  dimensions: Dimensions,
  scalars: HostScalars,
  precision: 32 | 64 = 32,
): number {
  if (typeof expression === "number") return expression;
  const [op, ...rest] = expression;
  if (op === "dim") return evaluateDim(rest[0] as PlanDim, dimensions);
  if (op === "scalar") {
    const name = rest[0] as string;
    return scalars[name] ?? (name === "step" || name.startsWith("plateau") ? 1 : 0);
  }
  const operation = tensorValue(op, precision);
  if (!operation) fail("internal", `unknown host operation ${op}`);
  const values = rest.map((part) =>
    evaluateHost(part as HostExpression, dimensions, scalars, precision),
  );
  return Number(operation(...(values as [number, number, number])));
}
