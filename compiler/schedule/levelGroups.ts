// Takes the effects of a program, or of a turn of a loop in it, gives what becomes of its nodes, and its groups in order.
import { topologicalOrder } from "../graph/walk.js";
import type { Extents } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type { Recurrence } from "../types/nest.js";
import { decide } from "./decide.js";
import { isRecurrent } from "./families.js";
import type { Findings } from "./findings.js";
import { groupParts } from "./groups.js";
import type { GroupOptions } from "./groups.js";
import { hostNodes } from "./host.js";
import { kernelLimits } from "./limits.js";
import type { Cycle, FusionGroup } from "./order.js";
import { makeParts } from "./parts.js";
import type { LevelEffect, PartNumbers, PartRequest, StackEffect } from "./parts.js";
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
  /** Whether a node has a buffer that is full before the level runs. */
  readonly isOutside: (node: Node) => boolean;
  /** As of Roles, of the levels around it. */
  readonly stacked: Roles["stacked"];
  /** The loops around it, the outermost first. */
  readonly turns: readonly Recurrence[];
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

export function groupsOfLevel(
  { effects, isOutside, waits, ...level }: Level,
  { estimates, fuse = true, thrifty = false }: LevelOptions,
  findings: Findings,
  idOf: PartNumbers,
): LevelGroups {
  const { forced, copied } = findings;
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
  const { materialized, costs } = decide(nodes, effects, isGiven, { estimates, fuse, forced });
  const free = (node: Node): boolean => isFree({ host, isOutside }, node);
  const isOwn = (node: Node): boolean => materialized.has(node) && !free(node) && !copied.has(node);
  const stacked = new Map([...level.stacked, ...stackedBy(effects, isOwn)]);
  const roles: Roles = { host, materialized, copied, isOutside, stacked };
  const request = {
    ...{ materialized, isFree: free, isOutside, copied, stacked, idOf },
    ...(waits === undefined ? {} : { waits }),
  };
  const grouping: GroupOptions = {
    ...{ merge: fuse, limits: kernelLimits, findings, thrifty },
    sizeOf: (node) => costs.size.get(node) ?? 0,
  };
  const parts = makeParts({ nodes, effects, ...request });
  return { nodes, roles, request, grouping, groups: groupParts(parts, grouping) };
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
