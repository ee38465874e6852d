// The journal of a search in; its lines, and what each trial tried and came to, out.

import { readFileSync } from "node:fs";

interface JournalLine {
  readonly kind: string;
  readonly trial: number;
  readonly set?: object;
  readonly value?: number;
  readonly reason?: string;
}

export const linesOf = (file: string): JournalLine[] =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as JournalLine);

/** By number: the settings of each trial that ended, how, and its value or what was wrong. */
export function outcomesOf(file: string): string[] {
  const lines = linesOf(file);
  const ends = lines.filter(({ kind }) => ["finished", "failed", "stopped"].includes(kind));
  return ends
    .toSorted((a, b) => a.trial - b.trial)
    .map(({ kind, trial, value, reason }) => {
      const set = lines.findLast((line) => line.kind === "started" && line.trial === trial)?.set;
      return JSON.stringify([trial, set, kind, value ?? reason]);
    });
}
