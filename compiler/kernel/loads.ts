// Takes a load and its index, gives the expression: of one element, of those side by side, or of each lane's; and the lanes of a wide value.
import type { Expression } from "./ir.js";
import { laneCount, operate, widthOf } from "./ir.js";
import { addressesOf, isWide } from "./lanes.js";
import type { BlockScope, Emission } from "./scope.js";
import { differInQuad } from "./scope.js";
import type { KernelValue, LoadValue } from "./value.js";

export function buildLoad(
  emission: Emission,
  value: LoadValue,
  home: BlockScope,
  at: (operand: KernelValue) => Expression,
): Expression {
  const { type, index } = value;
  const binding = emission.bindingOf(value.buffer);
  const shared = sharedLane(emission, value, home, at);
  if (shared) return shared;
  const { mask } = emission;
  const needed = mask && lanesOf(emission, home, mask);
  const load = (from: Expression, condition?: Expression): Expression => {
    const index = condition ? operate("index", "select", [condition, from, noElement]) : from;
    return { kind: "load", type, binding, index };
  };
  if (!isWide(emission.values, index)) return load(at(index), needed && anyOf(needed));
  const addresses = addressesOf(emission.values, index);
  if (addresses.kind === "contiguous" && !needed) {
    const wide: Expression = {
      ...{ kind: "load", type, binding, index: at(addresses.first), width: laneCount },
    };
    return sharesLoads(emission, value, home) ? { ...wide, together: true } : wide;
  }
  if (addresses.kind === "apart" && sharesLoads(emission, value, home)) {
    const [first] = addresses.each;
    const { stride } = addresses;
    if (first && stride !== undefined)
      return {
        ...{ kind: "load", type, binding, index: at(first) },
        ...{ width: laneCount, stride, together: true },
      };
  }
  const each =
    addresses.kind === "apart" ? addresses.each.map(at) : lanesOf(emission, home, at(index));
  const lanes = each.map((from, lane) => load(from, needed?.[lane]));
  return { kind: "lanes", type, arguments: lanes, width: laneCount };
}

/** All invocations of a quad need the value, and come to load it together. */
function sharesLoads(emission: Emission, { type, index }: LoadValue, home: BlockScope): boolean {
  const { quads, mask } = emission;
  return (
    quads !== undefined && !mask && type !== "bool" && !home.apart && !differInQuad(emission, index)
  );
}

/** One lane of what a quad loads together; the others get their names beside it. */
function sharedLane(
  emission: Emission,
  value: LoadValue,
  home: BlockScope,
  at: (operand: KernelValue) => Expression,
): Expression | undefined {
  const shared = emission.quads?.loads.get(value);
  const [first] = shared?.lanes ?? [];
  if (!shared || !first || !sharesLoads(emission, value, home)) return undefined;
  const { type } = value;
  const name = emission.fresh("q");
  home.statements.push({
    kind: "let",
    name,
    value: {
      ...{ kind: "load", type, binding: emission.bindingOf(value.buffer), index: at(first.index) },
      ...{ width: laneCount, stride: shared.stride, together: true },
    },
  });
  const of: Expression = { kind: "variable", type, name, width: laneCount };
  for (const [lane, load] of shared.lanes.entries())
    home.names.set(load, { kind: "lane", type, of, lane });
  return home.names.get(value);
}

const noElement: Expression = { kind: "literal", type: "index", value: 0 };

function anyOf(conditions: readonly Expression[]): Expression {
  return conditions.reduce((left, right) => operate("bool", "or", [left, right]));
}

/** The values in the lanes, each by itself. */
export function lanesOf(
  emission: Emission,
  home: BlockScope,
  value: Expression,
): readonly Expression[] {
  const { type } = value;
  if (widthOf(value) === undefined) return Array.from({ length: laneCount }, () => value);
  let of = value;
  if (of.kind !== "variable") {
    const name = emission.fresh("v");
    home.statements.push({ kind: "let", name, value: of });
    of = { kind: "variable", type, name, width: laneCount };
  }
  return Array.from({ length: laneCount }, (_, lane) => ({ kind: "lane", type, of, lane }));
}
