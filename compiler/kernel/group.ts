// Takes the values that a kernel stores, gives its reductions in groups that run in one loop, and how often each value is used.
import { reachable } from "../reachable.js";
import { searches } from "../scalars/reductions.js";
import { zeroConditions } from "./simplify.js";
import { laneCount } from "./ir.js";
import { isWide, readsOf } from "./lanes.js";
import type {
  LanesValue,
  PolynomialValue,
  ReductionValue,
  KernelValue,
  ValueTable,
} from "./value.js";
import { childrenOf } from "./value.js";

/** Reductions over the same loops, none of which needs another; `conditions` hold wherever a term counts. */
export interface ReductionGroup {
  readonly members: readonly ReductionValue[];
  readonly conditions: readonly KernelValue[];
}

export interface Survey {
  readonly uses: ReadonlyMap<KernelValue, number>;
  readonly groups: ReadonlyMap<ReductionValue, ReductionGroup>;
  /** The reductions of the lanes of one wide value, by the first of them. */
  readonly packs: ReadonlyMap<ReductionValue, Pack>;
}

/** A wide value of reductions whose lanes take terms of their own. */
export interface Pack {
  readonly value: LanesValue;
  readonly members: readonly ReductionValue[];
}

/** More accumulators than this in one loop would leave the registers. */
const mostMembers = 32;

/**
 * The roots of each region, which share no loop of their own. `partsOf` gives the values that a polynomial is computed from where
 * they are shared.
 */
export function survey(
  regions: readonly (readonly KernelValue[])[],
  values: ValueTable,
  partsOf: (value: PolynomialValue) => readonly KernelValue[],
): Survey {
  const uses = new Map<KernelValue, number>();
  let reductions: ReductionValue[] = [];
  const visit = (value: KernelValue): void => {
    const before = uses.get(value) ?? 0;
    uses.set(value, before + 1);
    if (before > 0) return;
    for (const child of readsOf(values, value)) visit(child);
    if (value.kind === "polynomial") {
      for (const part of partsOf(value)) uses.set(part, (uses.get(part) ?? 0) + 1);
    }
    if (value.kind === "reduction") reductions.push(value);
    const pack = value.kind === "lanes" ? packOf(value) : undefined;
    const [first] = pack?.members ?? [];
    if (pack && first) packs.set(first, pack);
  };
  const packs = new Map<ReductionValue, Pack>();
  const groups = new Map<ReductionValue, ReductionGroup>();
  for (const roots of regions) {
    reductions = [];
    roots.forEach(visit);
    for (const [one, group] of groupReductions(values, reductions)) groups.set(one, group);
  }
  return { uses, groups, packs };
}

export function packOf(value: LanesValue): Pack | undefined {
  const members = value.arguments.filter((one) => one.kind === "reduction");
  const isPack = members.length === laneCount && members.every(({ lanes }) => lanes !== undefined);
  return isPack ? { value, members } : undefined;
}

function groupReductions(
  values: ValueTable,
  reductions: readonly ReductionValue[],
): ReadonlyMap<ReductionValue, ReductionGroup> {
  const rankOf = createRanks();
  const loops = reductions.filter(({ combine }) => !searches(combine));
  const families = collect(loops, rankOf);
  const merged = new Map<
    string,
    { members: ReductionValue[]; conditions: readonly KernelValue[] }[]
  >();
  const groups = new Map<ReductionValue, ReductionGroup>();
  for (const one of reductions) groups.set(one, { members: [one], conditions: [] });
  for (const { members, rank, free } of families) {
    const conditions = commonConditions(values, members);
    const key = `${loopKey(members)} ${rank} ${idsOf(conditions)} ${free}`;
    const list = merged.get(key) ?? [];
    merged.set(key, list);
    const open = list.find((group) => group.members.length + members.length <= mostMembers);
    if (open) open.members.push(...members);
    else list.push({ members: [...members], conditions });
  }
  for (const list of merged.values()) {
    for (const group of list) for (const member of group.members) groups.set(member, group);
  }
  return groups;
}

interface Family {
  readonly members: readonly ReductionValue[];
  readonly rank: number;
  readonly free: string;
}

/**
 * The points of each reduction. Those that depend on less than others (one may have no terms at all) are a family of their own: they are
 * computed further out, where the loops of the others are not open.
 */
function collect(
  reductions: readonly ReductionValue[],
  rankOf: (reduction: ReductionValue) => number,
): readonly Family[] {
  const found: (Family & { readonly family: object; readonly members: ReductionValue[] })[] = [];
  for (const reduction of reductions) {
    const { family } = reduction;
    const [rank, free] = [rankOf(reduction), freeKey(reduction)];
    const known = found.find(
      (one) => one.family === family && one.rank === rank && one.free === free,
    );
    if (known) known.members.push(reduction);
    else found.push({ family, rank, free, members: [reduction] });
  }
  return found;
}

/** How many reductions must run one after the other before this one is done. */
function createRanks(): (value: KernelValue) => number {
  const memo = new Map<KernelValue, number>();
  const rankOf = (value: KernelValue): number => {
    const known = memo.get(value);
    if (known !== undefined) return known;
    let rank = 0;
    for (const child of childrenOf(value)) rank = Math.max(rank, rankOf(child));
    if (value.kind === "reduction") rank++;
    memo.set(value, rank);
    return rank;
  };
  return rankOf;
}

/** `wanted` and what else of its group a branch needs: other branches may need the others, and compute them by themselves. */
export function groupWithin(
  values: ValueTable,
  group: ReductionGroup,
  branch: KernelValue,
  wanted: ReductionValue,
): ReductionGroup {
  if (group.members.length === 1) return group;
  const needed = reachable([branch], (value) => readsOf(values, value));
  const members = group.members.filter((member) => member === wanted || needed.has(member));
  if (members.length === group.members.length) return group;
  return { members, conditions: commonConditions(values, members) };
}

/**
 * Terms that a condition makes 0 need not be visited: in a sum, and where `any` looks for a true one. Lanes share a loop: what only
 * some of them need they all visit.
 */
export function commonConditions(
  values: ValueTable,
  members: readonly ReductionValue[],
): readonly KernelValue[] {
  const [first, ...others] = members;
  if (!first || (first.combine !== "sum" && first.combine !== "any")) return [];
  const conditions = zeroConditions(first.value).filter((condition) => !isWide(values, condition));
  if (conditions.length === 0 || others.length === 0) return conditions;
  const sets = others.map((other) => new Set(zeroConditions(other.value)));
  return conditions.filter((condition) => sets.every((set) => set.has(condition)));
}

function loopKey(members: readonly ReductionValue[]): string {
  const [first] = members;
  return `${first?.cooperative ?? false} ${idsOf(first?.loops.map((loop) => loop.variable) ?? [])}`;
}

function freeKey({ free }: ReductionValue): string {
  return idsOf([...free].sort((a, b) => a.id - b.id));
}

function idsOf(values: readonly KernelValue[]): string {
  return values.map((value) => value.id).join(",");
}
