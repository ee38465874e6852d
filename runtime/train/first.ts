// A plan in; the programs that training begins with, whose kernels a net has when it is given out, out.

import type { Plan } from "../plan.js";

/**
 * First weights and updates, in every stage; predictions, evaluations and what reads data for drawn inputs compile their
 * kernels when they are first asked for. Without updates, predictions are what a net is for.
 */
export function firstPrograms({ programs, stages }: Plan, isFilled: boolean): readonly number[] {
  const ofKind = (kind: string): number[] =>
    [...programs.keys()].filter((index) => programs[index]?.kind === kind);
  const updates = stages
    .flatMap(({ objectives }) => objectives)
    .flatMap(({ program, gather = program }) => [gather, program]);
  return [
    ...(isFilled ? [] : ofKind("init")),
    ...(updates.length > 0 ? updates : ofKind("predict")),
  ];
}
