// Takes the effects of a program, or of a turn of a loop in it, gives their loop nests in order, those of loops within included, or what is wrong.
import { topologicalOrder } from "../graph/walk.js";
import type { Extents } from "../types/dimension.js";
import type { Effect, Node } from "../types/graph.js";
import type { LoopNest, Recurrence } from "../types/nest.js";
import { decide } from "./decide.js";
import { isRecurrent, outcomeOf } from "./families.js";
import type { Findings, Problem } from "./findings.js";
import { groupParts } from "./groups.js";
import type { GroupOptions } from "./groups.js";
import { hostNodes } from "./host.js";
import { kernelLimits, measure } from "./limits.js";
import type { Loops } from "./loops.js";
import { makeNest } from "./nests.js";
import type { ProgramTables } from "./nests.js";
import type { FusionGroup } from "./order.js";
import { makeParts } from "./parts.js";
import type { LevelEffect, Part, PartNumbers, PartRequest, StackEffect } from "./parts.js";
import { nodesToStore } from "./relieve.js";
import { isFree } from "./tables.js";
import type { Roles, Tables } from "./tables.js";

export interface LevelOptions {
  /** Extents of free dimensions to weigh costs by: those it is trained with. */
  readonly estimates: Extents;
  /** False: every node has a kernel and a buffer of its own (for tests). */
  readonly fuse?: boolean;
}

/** A program, or a turn of a loop in it. */
interface Level {
  readonly name: string;
  readonly effects: readonly LevelEffect[];
  /** Whether a node has a buffer that is full before the level runs. */
  readonly isOutside: (node: Node) => boolean;
  /** As of Roles, of the levels around it. */
  readonly stacked: Roles["stacked"];
  /** The loops around it, the outermost first. */
  readonly turns: readonly Recurrence[];
}

/** What all levels of a program, in all attempts to schedule it, have in common. */
export interface ProgramKnowledge {
  readonly findings: Findings;
  readonly idOf: PartNumbers;
  readonly loops: Loops;
}

interface Attempt extends ProgramKnowledge {
  readonly options: LevelOptions;
  readonly tables: Tables;
}

export interface LevelNests {
  readonly nests: readonly LoopNest[];
  /** With any, the nests are not to be used. */
  readonly problems: readonly Problem[];
}

export function nestsOfLevel(level: Level, attempt: Attempt): LevelNests {
  const { name, effects, isOutside, turns } = level;
  const { findings, idOf, options, tables, loops } = attempt;
  const { estimates, fuse = true } = options;
  const { forced, copied } = findings;
  const nodes = topologicalOrder(
    effects.map((effect) => effect.value),
    (node) => (isOutside(node) ? [] : node.inputs),
  );
  const host = hostNodes(nodes);
  const isGiven = (node: Node): boolean => host.has(node) || isRecurrent(node) || isOutside(node);
  const decided = decide(nodes, effects, isGiven, { estimates, fuse, forced });
  const { materialized } = decided;
  const free = (node: Node): boolean => isFree({ host, isOutside }, node);
  const isOwn = (node: Node): boolean => materialized.has(node) && !free(node) && !copied.has(node);
  const stacked = new Map([...level.stacked, ...stackedBy(effects, isOwn)]);
  const roles: Roles = { host, materialized, copied, isOutside, stacked };
  const sizeOf = (node: Node): number => decided.costs.size.get(node) ?? 0;
  const request = { materialized, isFree: free, isOutside, copied, stacked, idOf };
  const parts = makeParts({ nodes, effects, ...request });
  const grouping = { merge: fuse, limits: kernelLimits, findings, sizeOf };
  const groups = groupParts(parts, grouping);
  if (!Array.isArray(groups)) return { nests: [], problems: [copies(groups.parts)] };
  const own = tables.of(roles, turns);
  const nests: LoopNest[] = [];
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
      add(nestOf(group, label, roles, own));
      continue;
    }
    const { recurrence, starts, turn } = loops.of(part.value);
    // Of what this level fills, the loop waits for its operands alone.
    const operands = new Set(
      topologicalOrder(part.value.inputs, (node) => (isFilled(node) ? [] : node.inputs)),
    );
    startsOf(starts, request, grouping).forEach((start, at) => {
      add(nestOf(start, `${label}_start_${at}`, roles, own));
    });
    const body: Level = {
      ...{ name: label, effects: turn, stacked, turns: [...turns, recurrence] },
      isOutside: (node) => isOutside(node) || (operands.has(node) && isFilled(node)),
    };
    add(nestsOfLevel(body, attempt));
  }
  return { nests, problems };
}

/** By value, the first effect that stacks it. */
function stackedBy(
  effects: readonly LevelEffect[],
  isOwn: (node: Node) => boolean,
): ReadonlyMap<Node, StackEffect> {
  const found = new Map<Node, StackEffect>();
  for (const effect of effects)
    if (effect.kind === "stack" && isOwn(effect.value) && !found.has(effect.value))
      found.set(effect.value, effect);
  return found;
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

function nestOf(group: FusionGroup, name: string, roles: Roles, tables: ProgramTables): LevelNests {
  const made = makeNest(group, name, tables);
  if ("kind" in made)
    return { nests: [], problems: [made.kind === "hazard" ? copies(made.parts) : made] };
  const problem = relief(group, made, roles, tables);
  return { nests: [made], problems: problem === undefined ? [] : [problem] };
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
