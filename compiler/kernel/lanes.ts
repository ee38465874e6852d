// Takes an index that differs among the lanes of a wide value, gives the addresses: elements side by side, or one for each lane.
import { laneCount } from "./ir.js";
import type { Polynomial } from "./polynomial.js";
import { internPolynomial, polynomialOf, sumOf } from "./polynomial.js";
import type { KernelValue, Term, ValueTable, VariableValue } from "./value.js";
import { childrenOf } from "./value.js";

/** Where the lanes of a wide value lie. */
export type Addresses =
  /** The elements from `first` on. */
  | { readonly kind: "contiguous"; readonly first: KernelValue }
  /** `stride`: elements from each to the next, where it is known. */
  | {
      readonly kind: "apart";
      readonly each: readonly KernelValue[];
      readonly stride: number | undefined;
    }
  /** The index has to be computed, and its lanes taken out. */
  | { readonly kind: "computed" };

export function isWide(values: ValueTable, value: KernelValue): boolean {
  return value.free.has(values.lane);
}

export function addressesOf(values: ValueTable, index: KernelValue): Addresses {
  const { lane } = values;
  const polynomial = polynomialOf(index);
  const own = polynomial.terms.filter(({ factors }) => factors.some((one) => one.free.has(lane)));
  if (!own.every((term) => isLinear(term, lane))) return { kind: "computed" };
  const rest: Polynomial = {
    constant: polynomial.constant,
    terms: polynomial.terms.filter((term) => !own.includes(term)),
  };
  const [only] = own;
  if (own.length === 1 && only?.coefficient === 1 && only.factors.length === 1)
    return { kind: "contiguous", first: internPolynomial(values, rest) };
  const each = Array.from({ length: laneCount }, (_, at) =>
    internPolynomial(values, sumOf(rest, ...own.map((term) => atLane(term, lane, at)))),
  );
  const known = own.every(({ factors }) => factors.length === 1);
  const stride = own.reduce((sum, { coefficient }) => sum + coefficient, 0);
  return { kind: "apart", each, stride: known ? stride : undefined };
}

/** An index as one lane sees it. */
export function indexInLane(values: ValueTable, index: KernelValue, lane: number): KernelValue {
  if (!isWide(values, index)) return index;
  const addresses = addressesOf(values, index);
  if (addresses.kind === "contiguous")
    return internPolynomial(
      values,
      sumOf(polynomialOf(addresses.first), { constant: lane, terms: [] }),
    );
  const own = addresses.kind === "apart" ? addresses.each[lane] : undefined;
  if (!own) throw new Error("an axis whose lanes have to be computed");
  return own;
}

function isLinear({ factors }: Term, lane: VariableValue): boolean {
  const [one, ...more] = factors.filter((factor) => factor.free.has(lane));
  return one === lane && more.length === 0;
}

function atLane({ coefficient, factors }: Term, lane: VariableValue, at: number): Polynomial {
  const others = factors.filter((factor) => factor !== lane);
  if (at === 0) return { constant: 0, terms: [] };
  if (others.length === 0) return { constant: coefficient * at, terms: [] };
  return { constant: 0, terms: [{ coefficient: coefficient * at, factors: others }] };
}

/** What a value is computed from: of a wide load its addresses, which depend on no lane. */
export function readsOf(values: ValueTable, value: KernelValue): readonly KernelValue[] {
  if (value.kind !== "load" || !isWide(values, value.index)) return childrenOf(value);
  return addressValues(addressesOf(values, value.index), value.index);
}

export function addressValues(addresses: Addresses, index: KernelValue): readonly KernelValue[] {
  switch (addresses.kind) {
    case "contiguous":
      return [addresses.first];
    case "apart":
      return addresses.each;
    case "computed":
      return [index];
  }
}
