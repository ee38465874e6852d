// In: the epochs of a run; out: a file of one JSON value a line, written as they end.
import { appendFileSync, writeFileSync } from "node:fs";
import type { EpochReport } from "../../runtime/api.js";
import { WriteError } from "../data/atomic.js";
import { errorCode } from "../data/file.js";

export interface RunLog {
  readonly write: (record: Readonly<Record<string, unknown>>) => void;
  readonly epoch: (event: EpochReport) => void;
}

/** Starts the file anew, or goes on with it where a run is resumed. Without a file, logs nowhere. */
export function openLog(file: string | undefined, resumed: boolean): RunLog {
  const attempt = (action: (path: string) => void): void => {
    if (file === undefined) return;
    try {
      action(file);
    } catch (error) {
      throw new WriteError(file, errorCode(error));
    }
  };
  if (!resumed) {
    attempt((path) => {
      writeFileSync(path, "");
    });
  }
  const write = (record: Readonly<Record<string, unknown>>): void => {
    attempt((path) => {
      appendFileSync(path, `${JSON.stringify(record)}\n`);
    });
  };
  return {
    write,
    epoch: (event) => {
      write({ kind: "epoch", ...event });
    },
  };
}
