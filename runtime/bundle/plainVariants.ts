// A plan without variants in; the same out: what small bundles have in place of variants.ts where their plans have none.

import type { Plan } from "../plan.js";

export function planFor(plan: Plan): Plan {
  return plan;
}

export function featuresFor(features: ReadonlySet<string> | undefined): GPUFeatureName[] {
  return features?.has("subgroups") ? ["subgroups"] : [];
}
