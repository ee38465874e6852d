// Outputs in; the results of the same names out: what small bundles have in place of members.ts where their plans are no ensembles.

import type { PredictOptions } from "../api.js";
import type { Plan } from "../plan.js";

export const predictOptions: readonly (keyof PredictOptions)[] = [
  "outputs",
  "as",
  "batch",
  "dimensions",
  "seed",
];

export function resultNames(
  _plan: Plan,
  _wishes: PredictOptions,
  outputs: readonly string[],
): readonly string[] {
  return outputs;
}

export function outputOf(name: string): string {
  return name;
}
