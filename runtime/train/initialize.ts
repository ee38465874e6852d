// An open session and a seed in; parameters at their first values out.

import { makeRun, type Session } from "../session.js";

/** Runs the programs that draw the first weights; rejects with what goes wrong in them. */
export async function initialize(session: Session, seed: number): Promise<void> {
  const { plan, backend } = session;
  const programs = [...plan.programs.keys()].filter(
    (index) => plan.programs[index]?.kind === "init",
  );
  await Promise.all(
    programs.map((index) => backend.read(makeRun(session, index, { dimensions: {}, seed }))),
  );
}
