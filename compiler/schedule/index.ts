// Takes a program (effects of a graph), gives its schedule: loop nests in order, buffers with shared memory, host values.
import type { Extents } from "../types/dimension.js";
import { topologicalOrder } from "../graph/walk.js";
import type { Node, Program } from "../types/graph.js";
import type { LoopNest, Schedule } from "../types/nest.js";
import { assemble } from "./assemble.js";
import { decide } from "./decide.js";
import { noFindings } from "./findings.js";
import type { Findings, Problem } from "./findings.js";
import { groupParts } from "./groups.js";
import type { FusionGroup } from "./order.js";
import { hostNodes } from "./host.js";
import { kernelLimits, measure } from "./limits.js";
import { makeNest } from "./nests.js";
import type { ProgramTables } from "./nests.js";
import { makeParts, numberParts } from "./parts.js";
import type { Part, PartNumbers } from "./parts.js";
import { placeTemporaries } from "./place.js";
import { nodesToStore } from "./relieve.js";
import { createTables, isFree } from "./tables.js";
import type { Roles, StorageOf } from "./tables.js";

export interface ScheduleOptions {
  /** Extents of free dimensions to weigh costs by: those it is trained with. */
  readonly estimates: Extents;
  /** False: every node has a kernel and a buffer of its own (for tests). */
  readonly fuse?: boolean;
  /** False: no two temporaries share memory, as where a later phase settles which nests run side by side. */
  readonly share?: boolean;
  readonly storage: StorageOf;
}

/** An attempt finds all that is too much for its kernels, and the next knows it. */
export function schedule(program: Program, options: ScheduleOptions): Schedule {
  const findings = noFindings();
  const idOf = numberParts();
  for (;;) {
    const outcome = trySchedule(program, options, findings, idOf);
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

function trySchedule(
  program: Program,
  options: ScheduleOptions,
  findings: Findings,
  idOf: PartNumbers,
): Outcome {
  const { effects } = program;
  const { estimates, fuse = true, share = true } = options;
  const { forced, copied } = findings;
  const nodes = topologicalOrder(effects.map((effect) => effect.value));
  const host = hostNodes(nodes);
  const decided = decide(nodes, effects, (node) => host.has(node), { estimates, fuse, forced });
  const { materialized } = decided;
  const roles: Roles = { host, materialized, copied };
  const free = (node: Node): boolean => isFree(roles, node);
  const parts = makeParts({ nodes, effects, materialized, isFree: free, copied, idOf });
  const sizeOf = (node: Node): number => decided.costs.size.get(node) ?? 0;
  const groups = groupParts(parts, { merge: fuse, limits: kernelLimits, findings, sizeOf });
  if (!Array.isArray(groups)) return { kind: "again", problems: [copies(groups.parts)] };
  const tables = createTables(roles, options.storage);
  const nests: LoopNest[] = [];
  const problems: Problem[] = [];
  for (const [index, group] of groups.entries()) {
    const made = makeNest(group, `${program.name}_${index}`, tables.tables);
    if ("kind" in made) {
      problems.push(made.kind === "hazard" ? copies(made.parts) : made);
      continue;
    }
    nests.push(made);
    const problem = relief(group, made, roles, tables.tables);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) return { kind: "again", problems };
  const made = assemble(program, nests, tables);
  return { kind: "done", schedule: share ? placeTemporaries(made, estimates) : made };
}

function copies(parts: readonly Part[]): Problem {
  return { kind: "copy", nodes: parts.map((part) => part.value) };
}

/** Several parts are shared out by what each takes alone; a single one is taken apart. */
function relief(
  group: FusionGroup,
  nest: LoopNest,
  roles: Roles,
  tables: ProgramTables,
): Problem | undefined {
  const measured = measure(nest);
  const tooMany = measured.buffers > kernelLimits.buffers;
  const tooLong = measured.operations > kernelLimits.operations;
  const last = group.parts.at(-1);
  if (last === undefined || (!tooMany && !tooLong)) return undefined;
  const others = group.parts.slice(0, -1);
  if (others.length === 0) {
    const nodes = nodesToStore(last, roles, measured, kernelLimits);
    // One operation may be long by itself; it never has more operands than a kernel may bind.
    return nodes.length === 0 && !tooMany ? undefined : { kind: "force", nodes };
  }
  if (tooMany) return { kind: "apart", pairs: others.map((other) => [other, last]) };
  const operations = new Map<Part, number>();
  for (const part of group.parts) {
    const { shape } = part;
    const alone = makeNest({ shape, parts: [part], unwritten: new Set<Node>() }, nest.name, tables);
    operations.set(part, "kind" in alone ? kernelLimits.operations : measure(alone).operations);
  }
  return { kind: "operations", operations };
}
