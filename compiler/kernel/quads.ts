// Takes the values that a kernel stores, gives the loads that the invocations of a quad share: four elements evenly apart are one wide load.
import { reachable } from "../reachable.js";
import { laneCount } from "./ir.js";
import { isWide, readsOf } from "./lanes.js";
import { internPolynomial, polynomialOf } from "./polynomial.js";
import type { KernelValue, LoadValue, ValueTable, VariableValue } from "./value.js";
import { dependsOn } from "./value.js";

/** A wide load, by the loads that are its lanes. */
export interface SharedLoad {
  readonly lanes: readonly LoadValue[];
  /** Elements from one lane to the next. */
  readonly stride: number;
}

/** Loads of single elements that all of a quad need, as they depend on none of `members`: those whose indices differ by constants go together in fours. */
export function sharedLoads(
  values: ValueTable,
  roots: readonly KernelValue[],
  members: ReadonlySet<VariableValue>,
): ReadonlyMap<LoadValue, SharedLoad> {
  const families = new Map<string, Placed[]>();
  for (const value of reachable(roots, (each) => readsOf(values, each))) {
    if (value.kind !== "load" || !isShared(values, value, members)) continue;
    const { constant, terms } = polynomialOf(value.index);
    const base = internPolynomial(values, { constant: 0, terms });
    const key = `${value.buffer} ${value.type} ${base.id}`;
    const family = families.get(key) ?? [];
    families.set(key, family);
    family.push({ load: value, at: constant });
  }
  const shared = new Map<LoadValue, SharedLoad>();
  for (const family of families.values())
    for (const one of inFours(family.sort((a, b) => a.at - b.at)))
      for (const load of one.lanes) shared.set(load, one);
  return shared;
}

interface Placed {
  readonly load: LoadValue;
  readonly at: number;
}

function isShared(
  values: ValueTable,
  { type, index }: LoadValue,
  members: ReadonlySet<VariableValue>,
): boolean {
  return type !== "bool" && !isWide(values, index) && !dependsOn(index, members);
}

/** Runs of four that lie evenly apart, from the first element on. */
function* inFours(family: readonly Placed[]): Generator<SharedLoad> {
  for (let start = 0; start + laneCount <= family.length;) {
    const run = family.slice(start, start + laneCount);
    const steps = run.slice(1).map(({ at }, before) => at - (run[before]?.at ?? at));
    const [stride = 0] = steps;
    const even = steps.every((step) => step === stride);
    if (even) yield { lanes: run.map(({ load }) => load), stride };
    start += even ? laneCount : 1;
  }
}
