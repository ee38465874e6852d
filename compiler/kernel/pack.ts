// Takes accumulators whose lanes took terms of their own, writes what four of them come to as one wide value, a lane for each.
import type { Accumulator } from "./accumulate.js";
import { combine, variable } from "./accumulate.js";
import type { Expression } from "./ir.js";
import { laneCount } from "./ir.js";
import type { BlockScope, Emission } from "./scope.js";
import type { ReductionValue } from "./value.js";

/** Names the packs of which all accumulators are here; gives their reductions. */
export function writePacks(
  emission: Emission,
  accumulators: readonly Accumulator[],
  home: BlockScope,
): ReadonlySet<ReductionValue> {
  const known = new Map(accumulators.map((one) => [one.reduction, one]));
  const written = new Set<ReductionValue>();
  for (const { reduction } of accumulators) {
    const pack = emission.packs.get(reduction);
    const members = pack?.members.flatMap((member) => known.get(member) ?? []) ?? [];
    if (!pack || members.length < laneCount) continue;
    home.names.set(pack.value, combineAll(emission, members, home));
    for (const member of members) written.add(member.reduction);
  }
  return written;
}

/** In two steps, each of which halves what is left of every one: lane by lane the same as of one by itself. */
function combineAll(
  emission: Emission,
  members: readonly Accumulator[],
  home: BlockScope,
): Expression {
  const [first, second, third, fourth] = members.map(({ best }) => best);
  const how = members[0]?.reduction.combine;
  if (!first || !second || !third || !fourth || !how) throw new Error("a pack is not whole");
  const step = (left: Wide, right: Wide, near: LanePair, far: LanePair): Wide => {
    const name = emission.fresh("acc");
    const value = combine(how, lanesFrom(left, right, near), lanesFrom(left, right, far));
    home.statements.push({ kind: "let", name, value });
    return variable(name, left.type, laneCount);
  };
  const both = step(first, second, [0, 1], [2, 3]);
  const others = step(third, fourth, [0, 1], [2, 3]);
  return step(both, others, [0, 2], [1, 3]);
}

type Wide = Accumulator["best"];
type LanePair = readonly [number, number];

/** Two lanes of each. */
function lanesFrom(left: Wide, right: Wide, pair: LanePair): Expression {
  const lanes = [left, right].flatMap((of) =>
    pair.map((lane): Expression => ({ kind: "lane", type: of.type, of, lane })),
  );
  return { kind: "lanes", type: left.type, arguments: lanes, width: laneCount };
}
