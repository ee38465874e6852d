// The name of an operation that most hosts need in; what it computes as tensors have it, out: what small bundles have in place of scalars.ts where their plans need no others.

import { tensorArithmetic, type ScalarFunction } from "../arithmetic.js";

export function tensorValue(name: string): ScalarFunction | undefined {
  const all: Readonly<Record<string, ScalarFunction>> = tensorArithmetic;
  return all[name];
}
