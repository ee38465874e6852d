// Takes a plan and what an adapter tells of itself, gives the plan with the kernels that are best there.

import { isSoftware, type AdapterInfo } from "./adapters.js";
import { halfFeatures, inHalves } from "./halves.js";
import type { Plan, PlanAdapter, PlanKernel } from "./plan.js";

/**
 * Whether invocations in fours may load together: subgroups are of whole quads, and of workgroups of powers of two either is a whole
 * number of the other, so that an invocation's place in its workgroup follows from its subgroup and its place there.
 */
export function hasQuads(features: ReadonlySet<string> | undefined, info: AdapterInfo): boolean {
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = info ?? {};
  // There are places without a navigator, where a device is given, and browsers that know of no features of the language.
  const { gpu } = (globalThis as { navigator?: { gpu?: Partial<GPU> } }).navigator ?? {};
  return (
    subgroupMinSize > 3 &&
    subgroupMaxSize < 65 &&
    !!features?.has("subgroups") &&
    !!gpu?.wgslLanguageFeatures?.has("subgroup_id")
  );
}

/** What a device is asked for; `measured`: its kernels are to be timed. */
export function featuresFor(
  features: ReadonlySet<string> | undefined,
  measured: boolean,
  plan?: Plan,
): GPUFeatureName[] {
  const wanted: GPUFeatureName[] = plan ? halfFeatures(plan, features) : [];
  if (features?.has("subgroups")) wanted.push("subgroups");
  if (measured && features?.has("timestamp-query")) wanted.push("timestamp-query");
  return wanted;
}

/** The kind of an adapter; undefined: it runs what is for any. */
export function kindOf(info: AdapterInfo): PlanAdapter | undefined {
  return isSoftware(info) ? "software" : undefined;
}

/** The kernel as a kind of adapter gets it. */
export function kernelFor(kernel: PlanKernel, kind: PlanAdapter, quads: boolean): PlanKernel {
  const own = kernel.variants?.[kind];
  return own ? { ...kernel, ...own, wgsl: (quads && own.quads) || own.wgsl } : kernel;
}

/** `features` of the device. */
export function planFor(plan: Plan, info: AdapterInfo, features?: ReadonlySet<string>): Plan {
  const kind = kindOf(info);
  if (!kind) return inHalves(plan, features);
  const quads = hasQuads(features, info);
  const chosen = {
    ...plan,
    kernels: plan.kernels.map((kernel) => kernelFor(kernel, kind, quads)),
    programs: plan.programs.map((program) => ({
      ...program,
      dispatches: program.dispatches.map((dispatch) => ({
        ...dispatch,
        workgroups: dispatch.variants?.[kind] ?? dispatch.workgroups,
      })),
    })),
  };
  return inHalves(chosen, features);
}
