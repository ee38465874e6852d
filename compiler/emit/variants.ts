// Takes what kinds of adapters have by themselves, gives it as plans do; and plans with what is for any adapter alone.
import type {
  Plan,
  PlanAdapter,
  PlanDispatch,
  PlanKernel,
  PlanVariant,
} from "../../runtime/plan.js";
import { kindNames } from "../kernel/targets.js";

type Variants<T> = Readonly<Partial<Record<PlanAdapter, T>>>;

/** `of`: what a kind of adapter has otherwise than any adapter; undefined: nothing. */
export function variantsOf<T>(of: (adapter: PlanAdapter) => T | undefined): {
  readonly variants?: Variants<T>;
} {
  const own = kindNames.flatMap((name) => {
    const found = of(name);
    return found === undefined ? [] : [[name, found] as const];
  });
  return own.length === 0 ? {} : { variants: Object.fromEntries(own) };
}

/** With something else for each of its shaders. */
export function withShaders(
  variants: Variants<PlanVariant>,
  change: (wgsl: string) => string,
): Variants<PlanVariant> {
  return (
    variantsOf((adapter) => {
      const own = variants[adapter];
      if (!own) return undefined;
      const quads = own.quads === undefined ? {} : { quads: change(own.quads) };
      return { ...own, wgsl: change(own.wgsl), ...quads };
    }).variants ?? {}
  );
}

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
  const members = dispatch.joint?.map(forAny<PlanDispatch>);
  return { ...forAny(dispatch), ...(members ? { joint: members } : {}) };
}
