// Takes a load and its index, gives the expression: of one element, of those side by side, or of each lane's; and the lanes of a wide value.
import type { Expression } from "./ir.js";
import { laneCount, operate, widthOf } from "./ir.js";
import { addressesOf, isWide } from "./lanes.js";
import type { BlockScope, Emission } from "./scope.js";
import type { KernelValue, LoadValue } from "./value.js";

export function buildLoad(
  emission: Emission,
  { type, buffer, index }: LoadValue,
  home: BlockScope,
  at: (operand: KernelValue) => Expression,
): Expression {
  const binding = emission.bindingOf(buffer);
  const { mask } = emission;
  const needed = mask && lanesOf(emission, home, mask);
  const load = (from: Expression, condition?: Expression): Expression => {
    const index = condition ? operate("index", "select", [condition, from, noElement]) : from;
    return { kind: "load", type, binding, index };
  };
  if (!isWide(emission.values, index)) return load(at(index), needed && anyOf(needed));
  const addresses = addressesOf(emission.values, index);
  if (addresses.kind === "contiguous" && !needed)
    return { kind: "load", type, binding, index: at(addresses.first), width: laneCount };
  const each =
    addresses.kind === "apart" ? addresses.each.map(at) : lanesOf(emission, home, at(index));
  const lanes = each.map((from, lane) => load(from, needed?.[lane]));
  return { kind: "lanes", type, arguments: lanes, width: laneCount };
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
