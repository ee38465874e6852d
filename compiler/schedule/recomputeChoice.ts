// Takes a program as it would be scheduled, gives the values that cost least to compute again for the memory that they free where most lives.
import { isContraction } from "../ops/table.js";
import type { Extents } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { ownCost, reductionLength } from "./cost.js";
import { isGivenLeaf, isOfPieces, isRecurrent, isReducing } from "./families.js";
import { elementBytes } from "./memory.js";
import type { Dropping, Gap, ProgramPlan, RecomputeLimits } from "./recomputePlan.js";

/** What takes less than this share of what lives at most is not looked at. */
const leastShare = 1 / 1000;
/** Places are looked at again when this share of what lives there is left. */
const stride = 0.95;
/** A value longer kept that takes less than this share of what is let go for it counts for nothing. */
const little = 1 / 8;

export function valuesToDrop(
  plan: ProgramPlan,
  { bytes, mostOperations }: RecomputeLimits,
  estimates: Extents,
): Dropping {
  const { memory, use } = plan;
  const { sizeOf } = memory;
  const living = [...use.living];
  const grow = (from: number, until: number, size: number): void => {
    for (let at = from; at < until; at++) living[at] = (living[at] ?? 0) + size;
  };
  const last = new Map([...use.spans].map(([node, span]) => [node, span.last]));
  const touches = touchesOf(plan);
  const dropped = new Map<Node, Gap>();
  const settled = new Set<Node>();
  const kinds = computedNodes(plan);
  const search = { plan, living, last, dropped, kinds, estimates, mostOperations };
  const drop = ({ node, gap, longer, sooner }: Candidate): void => {
    settled.add(node);
    dropped.set(node, gap);
    grow(gap.after + 1, gap.until, -sizeOf(node));
    for (const other of longer) {
      grow((last.get(other) ?? 0) + 1, gap.until + 1, sizeOf(other));
      last.set(other, gap.until);
      // What is read for this is kept for it.
      settled.add(other);
    }
    for (const [other, own] of sooner) {
      grow(gap.until, own.until, sizeOf(other));
      dropped.set(other, { after: own.after, until: gap.until });
    }
  };
  for (;;) {
    const most = living.reduce((sum, one) => Math.max(sum, one), 0);
    const target = Math.max(bytes / elementBytes, stride * most);
    if (elementBytes * most <= bytes) break;
    const top = living.indexOf(most);
    const candidateOf = (node: Node): Candidate | undefined => {
      const counts = !settled.has(node) && sizeOf(node) >= leastShare * most;
      const gap = counts ? gapAt(touches.get(node) ?? [], top) : undefined;
      return gap && candidate(search, node, gap, target);
    };
    const found = [...kinds].flatMap((node) => candidateOf(node) ?? []);
    found.sort((one, other) => one.operations - other.operations);
    for (const { node } of found) {
      if ((living[top] ?? 0) <= target) break;
      // What was dropped meanwhile may be what it is computed from.
      const now = candidateOf(node);
      if (now) drop(now);
    }
    if ((living[top] ?? 0) >= most) break;
  }
  return { dropped, last };
}

/** The places at which each value is written or read, in order. */
function touchesOf({ groups, memory }: ProgramPlan): ReadonlyMap<Node, readonly number[]> {
  const touches = new Map<Node, number[]>();
  for (const place of groups.keys())
    for (const node of new Set([...(memory.writes[place] ?? []), ...(memory.reads[place] ?? [])]))
      touches.set(node, [...(touches.get(node) ?? []), place]);
  return touches;
}

function gapAt(touches: readonly number[], top: number): Gap | undefined {
  const next = touches.findIndex((place) => place >= top);
  const [after, until] = [touches[next - 1], touches[next]];
  return after === undefined || until === undefined || until === top ? undefined : { after, until };
}

/** Values in memory that one group computes whole. */
function computedNodes({ groups, memory }: ProgramPlan): ReadonlySet<Node> {
  const computed = new Set<Node>();
  groups.forEach(({ parts }, place) => {
    for (const { owner, value, computes, offset } of parts)
      if (owner === value && computes && offset === undefined && memory.writes[place]?.has(value))
        computed.add(value);
  });
  for (const node of memory.results) computed.delete(node);
  for (const node of computed) if (isOfPieces(node) || isRecurrent(node)) computed.delete(node);
  return computed;
}

interface Search {
  readonly plan: ProgramPlan;
  /** What lives at each place by now, in elements. */
  readonly living: readonly number[];
  /** The last place at which each value is read, by now. */
  readonly last: ReadonlyMap<Node, number>;
  readonly dropped: ReadonlyMap<Node, Gap>;
  readonly kinds: ReadonlySet<Node>;
  readonly estimates: Extents;
  /** For each element. */
  readonly mostOperations: number;
}

interface Candidate {
  readonly node: Node;
  readonly gap: Gap;
  /** To compute it again, for each of its elements. */
  readonly operations: number;
  /** What lives longer for it. */
  readonly longer: readonly Node[];
  /** What is computed again sooner for it, and its gap until now. */
  readonly sooner: readonly (readonly [Node, Gap])[];
}

/**
 * What it takes to compute a value again at the end of its gap. What does not live then is kept until then where it is little, or where
 * no more than `target` lives meanwhile, and else computed again as well.
 */
function candidate(
  { plan, living, last, dropped, kinds, estimates, mostOperations }: Search,
  node: Node,
  gap: Gap,
  target: number,
): Candidate | undefined {
  const { sizeOf } = plan.memory;
  const size = sizeOf(node);
  const hasRoom = (from: number, more: number): boolean =>
    living.slice(from, gap.until + 1).every((one) => one + more <= target);
  const longer: Node[] = [];
  const sooner: (readonly [Node, Gap])[] = [];
  const seen = new Set<Node>([node]);
  const stack: Node[] = [node];
  let operations = 0;
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const length = isReducing(at) ? reductionLength(at, estimates) : 1;
    const cost = isContraction(at) ? 2 : isReducing(at) ? Math.max(1, ownCost(at)) : ownCost(at);
    operations += (length * cost * sizeOf(at)) / size;
    if (operations > mostOperations) return undefined;
    for (const input of at.inputs) {
      if (seen.has(input) || plan.roles.host.has(input) || isGivenLeaf(input)) continue;
      seen.add(input);
      const until = last.get(input);
      if (until !== undefined) {
        const own = dropped.get(input);
        const lives =
          until >= gap.until && !(own && own.after < gap.until && gap.until < own.until);
        if (lives) continue;
        const more = sizeOf(input);
        if (own === undefined && (more <= little * size || hasRoom(until + 1, more))) {
          longer.push(input);
          continue;
        }
        if (!kinds.has(input)) return undefined;
      }
      stack.push(input);
    }
  }
  const more = longer.reduce((sum, one) => sum + sizeOf(one), 0);
  const fits = more <= size / 2 || hasRoom(gap.until, more);
  return fits ? { node, gap, operations, longer, sooner } : undefined;
}
