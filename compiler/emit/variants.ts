// Takes a plan, gives it with the kernels for any adapter alone.
import type { Plan, PlanDispatch, PlanKernel } from "../../runtime/plan.js";

export function withoutVariants(plan: Plan): Plan {
  return {
    ...plan,
    kernels: plan.kernels.map(forAny<PlanKernel>),
    programs: plan.programs.map((program) => ({
      ...program,
      dispatches: program.dispatches.map(dispatchForAny),
    })),
  };
}

function forAny<T extends { readonly variants?: unknown }>(part: T): T {
  return { ...part, variants: undefined };
}

function dispatchForAny(dispatch: PlanDispatch): PlanDispatch {
  const members = dispatch.members?.map(forAny<PlanDispatch>);
  return { ...forAny(dispatch), ...(members ? { members } : {}) };
}
