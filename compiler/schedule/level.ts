// Takes the effects of a program, or of a turn of a loop in it, gives their loop nests in order, those of loops within included, or what is wrong.
import { topologicalOrder } from "../graph/walk.js";
import type { Effect, Node } from "../types/graph.js";
import type { NestMaker } from "./alikeGroups.js";
import { outcomeOf } from "./families.js";
import type { Findings, Problem } from "./findings.js";
import { groupParts } from "./groups.js";
import type { GroupOptions } from "./groups.js";
import { groupsOfLevel } from "./levelGroups.js";
import type { Level, Remembered, LevelOptions } from "./levelGroups.js";
import { kernelLimits } from "./limits.js";
import type { KernelLimits } from "./limits.js";
import type { Loops } from "./loops.js";
import type { FusionGroup } from "./order.js";
import type { LevelOutside, OwnNest } from "./outside.js";
import { makeParts } from "./parts.js";
import type { Part, PartNumbers, PartRequest } from "./parts.js";
import { nodesToStore } from "./relieve.js";
import type { Roles, Tables } from "./tables.js";

/** What all levels of a program, in all attempts to schedule it, have in common. */
export interface ProgramKnowledge {
  readonly findings: Findings;
  readonly idOf: PartNumbers;
  readonly loops: Loops;
  /** Of the program as a whole. */
  readonly remembered: Remembered;
  readonly make: NestMaker;
}

interface Attempt extends ProgramKnowledge {
  readonly options: LevelOptions;
  readonly tables: Tables;
}

export interface LevelNests {
  readonly nests: readonly OwnNest[];
  /** With any, the nests are not to be used. */
  readonly problems: readonly Problem[];
}

export function nestsOfLevel(level: Level, attempt: Attempt): LevelNests {
  const { name, isOutside, turns } = level;
  const { findings, idOf, options, tables, loops, make } = attempt;
  const { nodes, roles, request, grouping, groups } = groupsOfLevel(level, options, findings, idOf);
  if ("kind" in groups) return { nests: [], problems: [copies(groups.parts)] };
  const { materialized, stacked } = roles;
  const own = tables.of(roles, turns);
  const nests: OwnNest[] = [];
  const problems: Problem[] = [];
  const add = (more: LevelNests): void => {
    nests.push(...more.nests);
    problems.push(...more.problems);
  };
  const inside = new Set(nodes);
  const isFilled = (node: Node): boolean => {
    const outcome = outcomeOf(node);
    return isOutside(node) || (outcome ? inside.has(outcome.loop) : materialized.has(node));
  };
  for (const [index, group] of groups.entries()) {
    const label = `${name}_${index}`;
    const [part] = group.parts;
    if (!part?.loops) {
      add(nestOf(group, label, roles, own, make));
      continue;
    }
    const { recurrence, starts, turn } = loops.of(part.value);
    // Of what this level fills, the loop waits for its operands alone.
    const operands = new Set(
      topologicalOrder(part.value.inputs, (node) => (isFilled(node) ? [] : node.inputs)),
    );
    startsOf(starts, request, grouping).forEach((start, at) => {
      add(nestOf(start, `${label}_start_${at}`, roles, own, make));
    });
    const body: Level = {
      ...{ name: label, effects: turn, stacked, turns: [...turns, recurrence] },
      isOutside: (node) => isOutside(node) || (operands.has(node) && isFilled(node)),
    };
    add(nestsOfLevel(body, attempt));
  }
  return { nests, problems };
}

/** Kernels that put the first values into the carries of a loop: these are leaves, or have buffers. */
function startsOf(
  starts: readonly Effect[],
  request: Omit<PartRequest, "nodes" | "effects">,
  grouping: GroupOptions,
): readonly FusionGroup[] {
  const nodes = [...new Set(starts.map(({ value }) => value))];
  const parts = makeParts({ ...request, nodes, effects: starts, isFree: () => true });
  const groups = groupParts(parts, grouping);
  if (!Array.isArray(groups)) throw new Error("first values of carries wait for each other");
  return groups;
}

function nestOf(
  group: FusionGroup,
  name: string,
  roles: Roles,
  outside: LevelOutside,
  make: NestMaker,
): LevelNests {
  const made = make(group, name, outside);
  if ("kind" in made)
    return { nests: [], problems: [made.kind === "hazard" ? copies(made.parts) : made] };
  const alone = (part: Part): number => {
    const { shape } = part;
    const own = make({ shape, parts: [part], unwritten: new Set<Node>() }, name, outside);
    return "kind" in own ? kernelLimits.operations : own.measured.operations;
  };
  const problem = relief(group, made.measured, roles, alone);
  return { nests: [made], problems: problem === undefined ? [] : [problem] };
}

function copies(parts: readonly Part[]): Problem {
  return { kind: "copy", nodes: parts.map((part) => part.value) };
}

/** Several parts are shared out by what each takes alone; a single one is taken apart. */
function relief(
  { parts }: FusionGroup,
  measured: KernelLimits,
  roles: Roles,
  operationsAlone: (part: Part) => number,
): Problem | undefined {
  const tooMany = measured.buffers > kernelLimits.buffers;
  const tooLong = measured.operations > kernelLimits.operations;
  const last = parts.at(-1);
  if (last === undefined || (!tooMany && !tooLong)) return undefined;
  const others = parts.slice(0, -1);
  if (others.length === 0) {
    const nodes = nodesToStore(last, roles, measured, kernelLimits);
    if (nodes.length > 0) return { kind: "force", nodes };
    // One operation may be long by itself; it never has more operands than a kernel may bind, beside those whom storages leave room for.
    return tooMany ? copies([last]) : undefined;
  }
  if (tooMany) return { kind: "apart", pairs: others.map((other) => [other, last]) };
  const operations = new Map(parts.map((part) => [part, operationsAlone(part)]));
  return { kind: "operations", operations };
}
