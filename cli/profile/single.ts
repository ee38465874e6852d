// In: a plan and one of its programs; out: the plan with programs beside that run one dispatch of it each, once or many times, and one that runs none.
import type { Backend } from "../../runtime/backend.js";
import type { Plan, PlanDispatch, PlanProgram } from "../../runtime/plan.js";

export interface SinglePlan {
  readonly plan: Plan;
  /** Takes the inputs to the device, draws what nobody gives, and dispatches nothing. */
  readonly upload: number;
  /** Does nothing: what it takes, every run takes. */
  readonly nothing: number;
  /** Of each backend, parallel to what it runs one after the other: run in this order, they do what the program does. */
  readonly singles: Readonly<Record<Backend["kind"], readonly number[]>>;
  /** Parallel to them: the same dispatch so often that a clock can tell how long it takes. */
  readonly repeated: Readonly<Record<Backend["kind"], readonly number[]>>;
}

/** What a backend runs one after the other: the CPU takes the members of what the GPU runs side by side. */
export function dispatchesOn(
  { dispatches }: PlanProgram,
  backend: Backend["kind"],
): readonly PlanDispatch[] {
  if (backend === "webgpu") return dispatches;
  return dispatches.flatMap((dispatch) => dispatch.joint ?? dispatch);
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
  const programs = [...plan.programs, upload, nothing];
  const add = (backend: Backend["kind"], count: number): readonly number[] =>
    dispatchesOn(program, backend).map((dispatch) => {
      const dispatches = new Array<PlanDispatch>(count).fill(dispatch);
      return programs.push({ ...nothing, dispatches }) - 1;
    });
  const both = (count: number): SinglePlan["singles"] => ({
    webgpu: add("webgpu", count),
    cpu: add("cpu", count),
  });
  const first = plan.programs.length;
  return {
    ...{ singles: both(1), repeated: both(repeats) },
    plan: { ...plan, programs },
    upload: first,
    nothing: first + 1,
  };
}
