// An open session and a seed in; parameters at their first values out.

import { makeRun, type Session } from "../session.js";

/** Runs the programs that draw the first weights. */
export function initialize(session: Session, seed: number): void {
  const { plan, backend } = session;
  plan.programs.forEach(({ kind }, index) => {
    if (kind === "init") backend.submit(makeRun(session, index, { dimensions: {}, seed }));
  });
}
