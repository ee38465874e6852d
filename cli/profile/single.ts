// In: a plan and one of its programs; out: the plan with programs beside that run one dispatch of it each, once or many times, and one that runs none.
import type { Plan, PlanProgram } from "../../runtime/plan.js";

export interface SinglePlan {
  readonly plan: Plan;
  /** Takes the inputs to the device, draws what nobody gives, and dispatches nothing. */
  readonly upload: number;
  /** Does nothing: what it takes, every run takes. */
  readonly nothing: number;
  /** Parallel to the program's dispatches: run in this order, they do what it does. */
  readonly singles: readonly number[];
  /** Parallel to them: the same dispatch so often that a clock can tell how long it takes. */
  readonly repeated: readonly number[];
}

export const repeats = 64;

/** Programs share the memory of a plan, so that each dispatch finds what those before it wrote. */
export function withSingles(plan: Plan, program: PlanProgram): SinglePlan {
  const { kind, name, uniforms, slots, inputs } = program;
  const nothing: PlanProgram = {
    ...{ kind, name, uniforms, slots },
    ...{ inputs: [], dispatches: [], results: [] },
  };
  const bounds = (program.bounds ?? []).map(({ value, text }) => ({ value, text }));
  const upload: PlanProgram = { ...nothing, inputs, bounds };
  const times = (count: number): readonly PlanProgram[] =>
    program.dispatches.map((dispatch) => ({
      ...nothing,
      dispatches: new Array<typeof dispatch>(count).fill(dispatch),
    }));
  const singles = times(1);
  const first = plan.programs.length;
  return {
    plan: { ...plan, programs: [...plan.programs, upload, nothing, ...singles, ...times(repeats)] },
    upload: first,
    nothing: first + 1,
    singles: singles.map((_, at) => first + 2 + at),
    repeated: singles.map((_, at) => first + 2 + singles.length + at),
  };
}
