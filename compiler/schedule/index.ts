// Takes a program (effects of a graph), gives its schedule: loop nests in order, buffers with shared memory, host values.
import type { Program } from "../types/graph.js";
import type { Schedule } from "../types/nest.js";
import { createNestMaker } from "./alikeGroups.js";
import type { NestMaker } from "./alikeGroups.js";
import { assemble } from "./assemble.js";
import { bindNest } from "./bind.js";
import { noFindings } from "./findings.js";
import type { Problem } from "./findings.js";
import { nestsOfLevel } from "./level.js";
import type { ProgramKnowledge } from "./level.js";
import { createRemembered, wholeLevel } from "./levelGroups.js";
import type { LevelOptions } from "./levelGroups.js";
import { inParts } from "./longSums.js";
import { createLoops } from "./loops.js";
import { numberParts } from "./parts.js";
import { placeTemporaries } from "./place.js";
import { createTables } from "./tables.js";
import type { StorageOf } from "./tables.js";

export interface ScheduleOptions extends LevelOptions {
  /** False: no two temporaries share memory, as where a later phase settles which nests run side by side. */
  readonly share?: boolean;
  readonly storage: StorageOf;
  /** Of all programs of a model. */
  readonly make?: NestMaker;
}

export function schedule(program: Program, options: ScheduleOptions): Schedule {
  return scheduled(program, options).schedule;
}

export interface Scheduled {
  readonly schedule: Schedule;
  /** What the attempts before it found. */
  readonly known: ProgramKnowledge;
}

/** An attempt finds all that is too much for its kernels, and the next knows it. */
export function scheduled(program: Program, options: ScheduleOptions): Scheduled {
  const findings = noFindings();
  const known: ProgramKnowledge = {
    ...{ findings, idOf: numberParts(), loops: createLoops(), remembered: createRemembered() },
    make: options.make ?? createNestMaker(),
  };
  for (;;) {
    const outcome = trySchedule(program, options, known);
    if (outcome.kind === "done") return { schedule: outcome.schedule, known };
    const news = outcome.problems.map((problem) => findings.add(problem));
    if (!news.includes(true)) {
      // To wait saves memory; it is not worth a program.
      const { waits, ...others } = program;
      if (waits !== undefined) return scheduled(others, options);
      const [problem] = outcome.problems;
      throw new Error(`no schedule found for ${program.name}: ${problem?.kind ?? "no problem"}`);
    }
  }
}

type Outcome =
  | { readonly kind: "done"; readonly schedule: Schedule }
  | { readonly kind: "again"; readonly problems: readonly Problem[] };

function trySchedule(program: Program, options: ScheduleOptions, known: ProgramKnowledge): Outcome {
  const tables = createTables(options.storage, known.loops);
  const level = { ...program, ...wholeLevel, remembered: known.remembered };
  const { nests, problems } = nestsOfLevel(level, { ...known, tables, options });
  if (problems.length > 0) return { kind: "again", problems };
  const bound = nests.map((nest) => bindNest(nest, tables));
  const made = inParts(assemble(program, bound, tables), options.estimates);
  const { share = true, estimates } = options;
  return { kind: "done", schedule: share ? placeTemporaries(made, estimates) : made };
}
