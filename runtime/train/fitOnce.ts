// A trainer and a source of the whole set in; fitted values, where there are none yet, out.

import { isFitted, type Source } from "./data.js";
import { fitValues } from "./evaluate.js";
import type { Trainer } from "./trainer.js";

export async function fitOnce(trainer: Trainer, source: Source, seed: number): Promise<void> {
  const { plan } = trainer.session;
  if (!trainer.state.fitted && plan.programs.some(isFitted)) {
    await fitValues(trainer, source, seed);
  }
}
