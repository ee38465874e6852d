// In: the epochs of a run; out: a file of one JSON value a line, written as they end.
import { appendFileSync, openSync } from "node:fs";
import type { EpochReport, StageReport } from "../../runtime/api.js";
import { startAnew, statOf } from "../data/atomic.js";
import type { Attempt } from "./attempt.js";

export interface RunLog {
  readonly write: (record: Readonly<Record<string, unknown>>) => void;
  readonly epoch: (event: EpochReport) => void;
  readonly stage: (event: StageReport) => void;
}

const isPlain = (file: string): boolean => statOf(file)?.isFile() ?? true;

/** Starts the file anew, or goes on with it where a run is resumed. Without a file, logs nowhere. */
export function openLog(file: string | undefined, resumed: boolean, attempt: Attempt): RunLog {
  if (file !== undefined && !resumed && isPlain(file)) startAnew(file);
  // Who reads a pipe reads until it is closed for the first time.
  let handle: number | undefined;
  const target = (path: string): string | number =>
    isPlain(path) ? path : (handle ??= openSync(path, "a"));
  const write = (record: Readonly<Record<string, unknown>>): void => {
    if (file === undefined) return;
    attempt(file, () => {
      appendFileSync(target(file), `${JSON.stringify(record)}\n`);
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
