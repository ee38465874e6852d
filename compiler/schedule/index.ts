// Takes a program (effects of a graph), gives its schedule: loop nests in order, buffers with shared memory, host values.
import type { Program } from "../types/graph.js";
import type { Schedule } from "../types/nest.js";
import { assemble } from "./assemble.js";
import { noFindings } from "./findings.js";
import type { Problem } from "./findings.js";
import { nestsOfLevel } from "./level.js";
import type { LevelOptions, ProgramKnowledge } from "./level.js";
import { createLoops } from "./loops.js";
import { numberParts } from "./parts.js";
import { placeTemporaries } from "./place.js";
import { createTables } from "./tables.js";
import type { StorageOf } from "./tables.js";

export interface ScheduleOptions extends LevelOptions {
  /** False: no two temporaries share memory, as where a later phase settles which nests run side by side. */
  readonly share?: boolean;
  readonly storage: StorageOf;
}

/** An attempt finds all that is too much for its kernels, and the next knows it. */
export function schedule(program: Program, options: ScheduleOptions): Schedule {
  const findings = noFindings();
  const known: ProgramKnowledge = { findings, idOf: numberParts(), loops: createLoops() };
  for (;;) {
    const outcome = trySchedule(program, options, known);
    if (outcome.kind === "done") return outcome.schedule;
    const news = outcome.problems.map((problem) => findings.add(problem));
    if (!news.includes(true)) {
      const [problem] = outcome.problems;
      throw new Error(`no schedule found for ${program.name}: ${problem?.kind ?? "no problem"}`);
    }
  }
}

type Outcome =
  | { readonly kind: "done"; readonly schedule: Schedule }
  | { readonly kind: "again"; readonly problems: readonly Problem[] };

function trySchedule(program: Program, options: ScheduleOptions, known: ProgramKnowledge): Outcome {
  const { name, effects } = program;
  const tables = createTables(options.storage, known.loops);
  const level = { name, effects, isOutside: () => false, stacked: new Map(), turns: [] };
  const { nests, problems } = nestsOfLevel(level, { ...known, tables, options });
  if (problems.length > 0) return { kind: "again", problems };
  const made = assemble(program, nests, tables);
  const { share = true, estimates } = options;
  return { kind: "done", schedule: share ? placeTemporaries(made, estimates) : made };
}
