// The `start` lines of a stage in; what fills in the parameters that their files have, once all of them are read, out.

import type { PlanStage } from "../plan.js";
import type { TrainingSession } from "../session.js";
import { applyWeights, compareWeights, readWeights } from "../weights.js";
import type { Waiting } from "./calls.js";

interface Reader {
  readonly session: TrainingSession;
  readonly readFile: (file: string, parameters: readonly string[]) => Promise<Uint8Array>;
}

/** Rejects where a file cannot be read or does not fit. */
export async function readStart(
  { session, readFile }: Reader,
  { start }: PlanStage,
  waiting: Waiting,
): Promise<readonly (() => void)[]> {
  const fills: (() => void)[] = [];
  for (const { file, parameters } of start) {
    const weights = readWeights(await waiting.wait(readFile(file, parameters)), file);
    const named = session.plan.parameters.filter(({ name }) => parameters.includes(name));
    // What else the file holds is no matter of this line.
    const tensors = new Map([...weights.tensors].filter(([name]) => parameters.includes(name)));
    compareWeights(`what \`start\` takes from ${file}`, named, { ...weights, tensors }, false);
    fills.push(() => {
      applyWeights(session, weights, parameters);
    });
  }
  return fills;
}
