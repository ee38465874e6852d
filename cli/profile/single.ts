// In: a plan and one of its programs; out: the plan with programs beside that run one dispatch of it each, and one that runs none.
import type { Plan, PlanProgram } from "../../runtime/plan.js";

export interface SinglePlan {
  readonly plan: Plan;
  /** Takes the inputs to the device, draws what nobody gives, and dispatches nothing. */
  readonly upload: number;
  /** Does nothing: what it takes, every run takes. */
  readonly nothing: number;
  /** Parallel to the program's dispatches: run in this order, they do what it does. */
  readonly singles: readonly number[];
}

/** Programs share the memory of a plan, so that each dispatch finds what those before it wrote. */
export function withSingles(plan: Plan, program: PlanProgram): SinglePlan {
  const { kind, name, uniforms, slots, inputs } = program;
  const nothing: PlanProgram = {
    ...{ kind, name, uniforms, slots },
    ...{ inputs: [], dispatches: [], results: [] },
  };
  const bounds = (program.bounds ?? []).map(({ value, text }) => ({ value, text }));
  const upload: PlanProgram = { ...nothing, inputs, bounds };
  const singles = program.dispatches.map((dispatch): PlanProgram => ({
    ...nothing,
    dispatches: [dispatch],
  }));
  const first = plan.programs.length;
  return {
    plan: { ...plan, programs: [...plan.programs, upload, nothing, ...singles] },
    upload: first,
    nothing: first + 1,
    singles: singles.map((_, at) => first + 2 + at),
  };
}
