// The latest step in; its losses and metrics, out.

import type { Report } from "../api.js";
import { fail } from "../errors.js";
import { meansOf, summarize } from "./journal.js";
import { failOutside } from "./ranges.js";
import { isRead, outsideOf, sumsOfStep, type Trainer } from "./trainer.js";

/** Losses and metrics of the latest step. */
export async function reportLatest({
  latest,
  journal,
}: Pick<Trainer, "latest" | "journal">): Promise<Report> {
  if (!latest) fail("option", "no step was made yet: report tells of the latest one");
  while (!isRead(latest)) await journal.read();
  const outside = outsideOf(latest);
  if (outside !== undefined) failOutside(outside, ` (step ${latest.step})`);
  return { step: latest.step, ...summarize(meansOf(sumsOfStep(latest))) };
}
