// Takes the effects of a program, or of a turn of a loop in it, gives what becomes of its nodes, and its groups in order.
import { topologicalOrder } from "../graph/walk.js";
import type { Extents } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type { Recurrence } from "../types/nest.js";
import { decide } from "./decide.js";
import { levelFacts } from "./facts.js";
import type { LevelFacts } from "./facts.js";
import { isRecurrent } from "./families.js";
import type { Findings } from "./findings.js";
import { groupParts } from "./groups.js";
import type { GroupOptions } from "./groups.js";
import { hostNodes } from "./host.js";
import { kernelLimits } from "./limits.js";
import type { Cycle, FusionGroup } from "./order.js";
import { makeParts } from "./parts.js";
import type { LevelEffect, Part, PartNumbers, PartRequest, StackEffect } from "./parts.js";
import { isFree } from "./tables.js";
import type { Roles } from "./tables.js";

export interface LevelOptions {
  /** Extents of free dimensions to weigh costs by: those it is trained with. */
  readonly estimates: Extents;
  /** False: every node has a kernel and a buffer of its own (for tests). */
  readonly fuse?: boolean;
  /** Kernels run in the order that takes least memory, even where that is little and fewer run side by side. */
  readonly thrifty?: boolean;
}

/** A program, or a turn of a loop in it. */
export interface Level {
  readonly name: string;
  readonly effects: readonly LevelEffect[];
  /** What is not computed before something else, and what that is: see `Program.waits`. */
  readonly waits?: ReadonlyMap<Node, Node>;
  /** As of Program. */
  readonly apart?: boolean;
  /** Whether a node has a buffer that is full before the level runs. */
  readonly isOutside: (node: Node) => boolean;
  /** As of Roles, of the levels around it. */
  readonly stacked: Roles["stacked"];
  /** The loops around it, the outermost first. */
  readonly turns: readonly Recurrence[];
  /** Of a level that is the same in all attempts; what stands outside of others changes. */
  readonly remembered?: Remembered;
}

/** Of a program, nothing stands around it. */
export const wholeLevel: Pick<Level, "isOutside" | "stacked" | "turns"> = {
  isOutside: () => false,
  stacked: new Map(),
  turns: [],
};

export interface LevelGroups {
  readonly nodes: readonly Node[];
  readonly roles: Roles;
  /** What parts of the level are made and grouped by. */
  readonly request: Omit<PartRequest, "nodes" | "effects">;
  readonly grouping: GroupOptions;
  readonly groups: readonly FusionGroup[] | Cycle;
}

/** A level before its parts are grouped. */
type LevelParts = Omit<LevelGroups, "groups"> & { readonly parts: readonly Part[] };

/** What attempts to schedule a level have in common, of which each knows more than the one before. */
export interface Remembered {
  readonly facts: Latest<{ readonly host: ReadonlySet<Node>; readonly own: LevelFacts }>;
  readonly parts: Latest<LevelParts>;
  readonly groups: Latest<LevelGroups["groups"]>;
}

/** What was made last, where it was made for an equal key. */
type Latest<T> = (key: string, make: () => T) => T;

export function createRemembered(): Remembered {
  return { facts: createLatest(), parts: createLatest(), groups: createLatest() };
}

function createLatest<T>(): Latest<T> {
  let latest: { readonly key: string; readonly made: T } | undefined;
  return (key, make) => {
    if (latest?.key !== key) latest = { key, made: make() };
    return latest.made;
  };
}

export function groupsOfLevel(
  level: Level,
  options: LevelOptions,
  findings: Findings,
  idOf: PartNumbers,
): LevelGroups {
  const { remembered = createRemembered() } = level;
  // They only grow.
  const known = `${findings.forced.size} ${findings.copied.size}`;
  const { parts, ...own } = remembered.parts(known, () =>
    partsOfLevel({ ...level, remembered }, options, findings, idOf),
  );
  const groups = remembered.groups(String(findings.count()), () => groupParts(parts, own.grouping));
  return { ...own, groups };
}

function partsOfLevel(
  {
    effects,
    isOutside,
    waits,
    remembered,
    apart = false,
    ...level
  }: Level & { readonly remembered: Remembered },
  { estimates, fuse = true, thrifty = false }: LevelOptions,
  findings: Findings,
  idOf: PartNumbers,
): LevelParts {
  const { forced, copied } = findings;
  const { host, own } = remembered.facts("", () => factsOf(effects, isOutside, waits, estimates));
  const { nodes } = own;
  const { materialized, costs } = decide(own, { fuse, forced });
  const free = (node: Node): boolean => isFree({ host, isOutside }, node);
  const isOwn = (node: Node): boolean => materialized.has(node) && !free(node) && !copied.has(node);
  const stacked = new Map([...level.stacked, ...stackedBy(effects, isOwn)]);
  const roles: Roles = { host, materialized, copied, isOutside, stacked };
  const request = {
    ...{ materialized, isFree: free, isOutside, copied, stacked, idOf },
    ...(waits === undefined ? {} : { waits }),
  };
  const grouping: GroupOptions = {
    ...{ merge: fuse, limits: kernelLimits, findings, thrifty, apart },
    sizeOf: (node) => costs.size.get(node) ?? 0,
  };
  return { nodes, roles, request, grouping, parts: makeParts({ nodes, effects, ...request }) };
}

function factsOf(
  effects: Level["effects"],
  isOutside: Level["isOutside"],
  waits: Level["waits"],
  estimates: Extents,
): { readonly host: ReadonlySet<Node>; readonly own: LevelFacts } {
  const before = (node: Node): readonly Node[] => {
    const other = waits?.get(node);
    return other === undefined ? node.inputs : [other, ...node.inputs];
  };
  const nodes = topologicalOrder(
    effects.map((effect) => effect.value),
    (node) => (isOutside(node) ? [] : before(node)),
  );
  const host = hostNodes(nodes);
  const isGiven = (node: Node): boolean => host.has(node) || isRecurrent(node) || isOutside(node);
  return { host, own: levelFacts(nodes, effects, isGiven, estimates) };
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
