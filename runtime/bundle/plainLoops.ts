// A program without loops in; its dispatches in their order, and the words that each is given, out: what small bundles have in place of loops.ts where their plans have none.

import type { Turn } from "../loops.js";
import type { PlanGiven, PlanProgram } from "../plan.js";

export function inTurns({ dispatches }: Pick<PlanProgram, "dispatches">): Iterable<Turn> {
  return dispatches.map((_, dispatch) => ({ dispatch, turns: [] }));
}

export function givenIn(given: readonly PlanGiven[]): number[] {
  return given.map(Number);
}
