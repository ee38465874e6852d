// Takes a program (effects of a graph), gives its schedule: loop nests in order, buffers with shared memory, host values.
import type { Extents } from "../types/dimension.js";
import { topologicalOrder } from "../graph/walk.js";
import type { Node, Program } from "../types/graph.js";
import type { LoopNest, Schedule } from "../types/nest.js";
import { assemble } from "./assemble.js";
import { decide } from "./decide.js";
import { groupParts } from "./groups.js";
import type { FusionGroup } from "./groups.js";
import { hostNodes } from "./host.js";
import { overfull } from "./limits.js";
import { makeNest } from "./nests.js";
import type { ProgramTables } from "./nests.js";
import { makeParts } from "./parts.js";
import type { Part } from "./parts.js";
import { relieve } from "./relieve.js";
import type { Relief } from "./relieve.js";
import { createTables, isFree } from "./tables.js";
import type { Roles, StorageOf } from "./tables.js";

export interface ScheduleOptions {
  /** Extents of free dimensions to weigh costs by: those it is trained with. */
  readonly estimates: Extents;
  /** False: every node has a kernel and a buffer of its own (for tests). */
  readonly fuse?: boolean;
  /** False: no two temporaries share memory (for tests). */
  readonly share?: boolean;
  readonly storage: StorageOf;
}

/** What WebGPU promises a shader stage. */
const maximumBuffers = 8;

export function schedule(program: Program, options: ScheduleOptions): Schedule {
  const forced = new Set<Node>();
  const alone = new Set<number>();
  const copied = new Set<Node>();
  for (let attempt = 0; attempt < 2000; attempt++) {
    const outcome = trySchedule(program, options, { forced, alone, copied });
    if (outcome.kind === "done") return outcome.schedule;
    if (outcome.kind === "force") {
      forced.add(outcome.node);
      alone.clear(); // parts are numbered anew
    } else if (outcome.kind === "alone") alone.add(outcome.part);
    else {
      for (const node of outcome.nodes) copied.add(node);
      alone.clear();
    }
  }
  throw new Error(`no schedule found for ${program.name}`);
}

interface Constraints {
  readonly forced: ReadonlySet<Node>;
  readonly alone: ReadonlySet<number>;
  readonly copied: ReadonlySet<Node>;
}

type Outcome =
  | { readonly kind: "done"; readonly schedule: Schedule }
  | { readonly kind: "copy"; readonly nodes: readonly Node[] }
  | Relief;

function trySchedule(
  program: Program,
  options: ScheduleOptions,
  constraints: Constraints,
): Outcome {
  const { effects } = program;
  const { estimates, fuse = true, share = true } = options;
  const { forced, alone, copied } = constraints;
  const nodes = topologicalOrder(effects.map((effect) => effect.value));
  const host = hostNodes(nodes);
  const decided = decide(nodes, effects, (node) => host.has(node), { estimates, fuse, forced });
  const { materialized } = decided;
  const roles: Roles = { host, materialized, copied };
  const free = (node: Node): boolean => isFree(roles, node);
  const parts = makeParts({ nodes, effects, materialized, isFree: free, copied });
  const groups = groupParts(parts, { merge: fuse, alone, maxBuffers: maximumBuffers });
  if (!Array.isArray(groups)) return copyOutcome(program, groups.parts, constraints);
  const tables = createTables(roles, options.storage);
  const nests: LoopNest[] = [];
  for (const [index, group] of groups.entries()) {
    const name = `${program.name}_${index}`;
    const made = nestOrOutcome(program, group, name, tables.tables, roles, constraints);
    if ("kind" in made) return made;
    nests.push(made);
  }
  const schedule = assemble(program, groups, nests, tables, { estimates, share });
  return { kind: "done", schedule };
}

/** The nest of a group, or what to change before the next attempt. */
function nestOrOutcome(
  program: Program,
  group: FusionGroup,
  name: string,
  tables: ProgramTables,
  roles: Roles,
  constraints: Constraints,
): LoopNest | Outcome {
  const nest = makeNest(group, name, tables);
  if ("kind" in nest) {
    if (nest.kind === "conflict") return { kind: "alone", part: nest.part.id };
    return copyOutcome(program, nest.parts, constraints);
  }
  const over = overfull(nest, maximumBuffers);
  if (over === undefined) return nest;
  const relief = relieve(group, roles, constraints.forced);
  if (relief === undefined) throw new Error(`${nest.name} of ${program.name}: ${over}`);
  return relief;
}

function copyOutcome(program: Program, parts: readonly Part[], constraints: Constraints): Outcome {
  const nodes = parts.map((part) => part.value).filter((node) => !constraints.copied.has(node));
  if (nodes.length === 0) throw new Error(`the kernels of ${program.name} wait for each other`);
  return { kind: "copy", nodes };
}
