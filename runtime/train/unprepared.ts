// A trainer and a call in; an error where the model's fitted values are not there, out.

import { fail } from "../errors.js";
import { isFitted } from "./data.js";
import type { Trainer } from "./trainer.js";

/** Answers from fitted values that are still 0 look like answers. */
export function refuseUnprepared({ session, state }: Trainer, call: string): void {
  const { plan } = session;
  if (state.fitted || !plan.programs.some(isFitted)) return;
  fail("not-prepared", `${plan.model} has fitted values: await net.prepare(data) before ${call}`);
}
