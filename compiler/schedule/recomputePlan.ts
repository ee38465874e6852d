// Takes a program and what was found of it, gives it as it would be scheduled: groups in order, and what lives when.
import type { Node, Program } from "../types/graph.js";
import type { ProgramKnowledge } from "./level.js";
import { groupsOfLevel, wholeLevel } from "./levelGroups.js";
import type { LevelGroups, LevelOptions } from "./levelGroups.js";
import { memoryOf } from "./order.js";
import type { FusionGroup } from "./order.js";
import { useOf } from "./reorder.js";
import type { GroupMemory, MemoryUse } from "./reorder.js";

export interface RecomputeLimits {
  /** Bytes that temporaries may take, as trained. */
  readonly bytes: number;
  /** The most that a value may cost to be computed again, in simple operations for each of its elements. */
  readonly mostOperations: number;
}

/** A program as it would be scheduled: groups in order, and what lives when. */
export interface ProgramPlan {
  readonly groups: readonly FusionGroup[];
  readonly roles: LevelGroups["roles"];
  readonly memory: GroupMemory;
  readonly use: MemoryUse;
}

/** Between these two groups nothing reads a value: it is let go after the first, and computed again for the second. */
export interface Gap {
  readonly after: number;
  readonly until: number;
}

export interface Dropping {
  /** Values that are kept no longer, each with the gap in which it does not live. */
  readonly dropped: ReadonlyMap<Node, Gap>;
  /** The group until which each value is kept then. */
  readonly last: ReadonlyMap<Node, number>;
}

/** Undefined where it cannot be ordered as it is. */
export function planOf(
  program: Program,
  options: LevelOptions,
  { findings, idOf, remembered }: ProgramKnowledge,
): ProgramPlan | undefined {
  const level = { ...program, ...wholeLevel, remembered };
  const { groups, roles, grouping } = groupsOfLevel(level, options, findings, idOf);
  if ("kind" in groups) return undefined;
  const memory = memoryOf(groups, grouping.sizeOf);
  return { groups, roles, memory, use: useOf([...groups.keys()], memory) };
}
