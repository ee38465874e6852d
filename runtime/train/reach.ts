// A program and the inputs that are there in; the results that it can give from them out.

import type { Plan, PlanProgram } from "../plan.js";
import { findDraw, inputsFor } from "../session.js";

/** Results whose inputs are all there or drawn: a stage's data need not reach every loss. */
export function reachable(
  plan: Plan,
  program: PlanProgram,
  has: (name: string) => boolean,
): number[] {
  return [...program.results.keys()].filter((result) =>
    inputsFor(program, [result]).every((name) => has(name) || findDraw(plan, name) >= 0),
  );
}
