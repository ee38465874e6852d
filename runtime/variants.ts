// Takes a plan and what an adapter tells of itself, gives the plan with the kernels that are best there.

import type { Plan } from "./plan.js";

/** What is known of an adapter; some browsers tell nothing. */
export type AdapterInfo = Partial<GPUAdapterInfo> | undefined;

export function nameOfAdapter(info: AdapterInfo): string {
  return [info?.vendor, info?.architecture, info?.device, info?.description]
    .filter(Boolean)
    .join(" ");
}

/** Whether a processor computes what a GPU should. */
export function isSoftware(info: AdapterInfo): boolean {
  const known = /swiftshader|llvmpipe|lavapipe|software|basic render/i;
  return info?.isFallbackAdapter === true || known.test(nameOfAdapter(info));
}

export function planFor(plan: Plan, info: AdapterInfo): Plan {
  if (!isSoftware(info)) return plan;
  return {
    ...plan,
    kernels: plan.kernels.map((kernel) => ({ ...kernel, ...kernel.variants?.software })),
    programs: plan.programs.map((program) => ({
      ...program,
      dispatches: program.dispatches.map((dispatch) => ({
        ...dispatch,
        workgroups: dispatch.variants?.software ?? dispatch.workgroups,
      })),
    })),
  };
}
