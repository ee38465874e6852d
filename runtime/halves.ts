// A plan and the features of a device in; the plan with what is of half precision stored and computed so, where the device can, out.

import type { Plan, PlanKernel, PlanSlot } from "./plan.js";

const feature = "shader-f16";
const told = "; f16 is computed in f32, as this adapter has no shader-f16";

/** Whether a plan computes in half precision; its shaders do so where `half` is f16. */
export function usesHalves({ programs }: Plan): boolean {
  return programs.some(({ halves }) => halves);
}

/** What a device is asked for. */
export function halfFeatures(
  plan: Plan,
  features: ReadonlySet<string> | undefined,
): GPUFeatureName[] {
  return usesHalves(plan) && features?.has(feature) ? [feature] : [];
}

/** Shaders as they stand in a plan compute in single precision, and its slots have room for that. */
export function inHalves(plan: Plan, features: ReadonlySet<string> | undefined): Plan {
  if (!usesHalves(plan)) return plan;
  if (!features?.has(feature)) return { ...plan, told };
  return {
    ...plan,
    kernels: plan.kernels.map(halfKernel),
    programs: plan.programs.map((program) => ({
      ...program,
      slots: program.slots.map((slot, at) => (program.halves?.includes(at) ? halved(slot) : slot)),
    })),
  };
}

function halfKernel(kernel: PlanKernel): PlanKernel {
  const { wgsl, later } = kernel;
  return {
    ...kernel,
    wgsl: inHalf(wgsl),
    ...(later && { later: async () => inHalf(await later()) }),
  };
}

/** A shader whose `half` is f16; one without it stays as it is. */
export function inHalf(code: string): string {
  const aliased = code.replace(/(alias \w+ ?= ?)f32;/, "$1f16;");
  return aliased === code ? code : `enable f16;${aliased}`;
}

/** Whole words: a binding has a multiple of four bytes. */
function halved([bytes, ...below]: PlanSlot): PlanSlot {
  return [["*", 4, ["/", ["+", bytes, 7], 8]], ...below];
}
