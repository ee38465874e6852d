// In: the epochs of a run; out: a file of one JSON value a line, written as they end.
import { appendFileSync } from "node:fs";
import type { EpochReport, StageReport } from "../../runtime/api.js";
import { startAnew } from "../data/atomic.js";
import type { Attempt } from "./attempt.js";

export interface RunLog {
  readonly write: (record: Readonly<Record<string, unknown>>) => void;
  readonly epoch: (event: EpochReport) => void;
  readonly stage: (event: StageReport) => void;
}

/** Starts the file anew, or goes on with it where a run is resumed. Without a file, logs nowhere. */
export function openLog(file: string | undefined, resumed: boolean, attempt: Attempt): RunLog {
  if (file !== undefined && !resumed) startAnew(file);
  const write = (record: Readonly<Record<string, unknown>>): void => {
    if (file === undefined) return;
    attempt(file, () => {
      appendFileSync(file, `${JSON.stringify(record)}\n`);
    });
  };
  return {
    write,
    epoch: (event) => {
      write({ kind: "epoch", ...event });
    },
    stage: (event) => {
      write({ kind: "stage", ...event });
    },
  };
}
