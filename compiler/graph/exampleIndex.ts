// Index expressions of the op table in; whether each tells an example, is the same for all of them, or mixes them, out.
import type { IndexBuilder } from "../ops/rule.js";
import { dimEqual, divideExactly, freeNames, multiplyDims } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import type { ReductionName } from "../types/opNames.js";

/**
 * What is not known to be per example is mixed:
 * - free: no examples flow in (it may depend on numbers about the whole set);
 * - each: `entries` entries along `axis` belong to each example, and depend on it and on free values alone;
 * - combined: a number about the set, which results of parts of the set combine to;
 * - mixed: examples meet otherwise, or their positions in the batch count.
 */
export type ExampleFlow =
  | { readonly kind: "free" }
  | { readonly kind: "each"; readonly axis: number; readonly entries: Dim }
  | { readonly kind: "combined"; readonly combine: ReductionName }
  | { readonly kind: "mixed" };

export type ExampleFlows = ReadonlyMap<Node, ExampleFlow>;

/** The dimension that counts examples. */
export const batchName = "batch";

/**
 * What is known of an index. With i the example's position in the batch:
 * - example: i · size + r, where r is a multiple of `step` from 0 to size − step and the same for every example;
 * - same: the same for every example; a multiple of `step` below `below`, where that is known;
 * - mixed: anything else.
 */
export type ExampleIndex =
  | { readonly kind: "example"; readonly size: Dim; readonly step: Dim }
  | { readonly kind: "same"; readonly below: Dim | undefined; readonly step: Dim }
  | { readonly kind: "mixed" };

export const mixed: ExampleIndex = { kind: "mixed" };

/** The same for every example, of unknown size: what data tells. */
export const unbounded: ExampleIndex = { kind: "same", below: undefined, step: 1 };

export function countsExamples(dim: Dim): boolean {
  return freeNames(dim).has(batchName);
}

/** Entries for each example along an axis of this extent; undefined where it is no multiple of the batch. */
export function entriesOf(extent: Dim): Dim | undefined {
  const batch: Dim = {
    kind: "dim",
    terms: [{ coefficient: 1, factors: [{ kind: "free", name: batchName }] }],
  };
  const entries = divideExactly(extent, batch);
  return entries === undefined || countsExamples(entries) ? undefined : entries;
}

/** The running index along an axis that is not the examples'. */
export function plainIndex(extent: Dim): ExampleIndex {
  return countsExamples(extent) ? mixed : { kind: "same", below: extent, step: 1 };
}

/** The running index along the axis of the examples. */
export function exampleIndex(entries: Dim): ExampleIndex {
  return { kind: "example", size: entries, step: 1 };
}

/** Whether it runs over exactly the entries of the example at hand, along an axis with so many for each. */
export function tellsExample(index: ExampleIndex | undefined, entries: Dim): boolean {
  return index?.kind === "example" && dimEqual(index.size, entries);
}

function sameForAll(...parts: readonly ExampleIndex[]): ExampleIndex {
  return parts.every(({ kind }) => kind === "same") ? unbounded : mixed;
}

function fits(below: Dim | undefined, step: Dim): boolean {
  if (below === undefined) return false;
  if (dimEqual(below, step)) return true;
  return typeof below === "number" && typeof step === "number" && below < step;
}

/** a + b, where b runs within one step of a, as in row-major positions. */
function nested(a: ExampleIndex, b: ExampleIndex): ExampleIndex | undefined {
  if (a.kind === "mixed" || b.kind !== "same" || !fits(b.below, a.step)) return undefined;
  // Where the one step is no part of the other, their sums may be anything in between.
  return { ...a, step: divideExactly(a.step, b.step) === undefined ? 1 : b.step };
}

function isZero(index: ExampleIndex): boolean {
  return index.kind === "same" && index.below === 1;
}

function add(a: ExampleIndex, b: ExampleIndex): ExampleIndex {
  if (isZero(b)) return a;
  if (isZero(a)) return b;
  return nested(a, b) ?? nested(b, a) ?? sameForAll(a, b);
}

function multiply(a: ExampleIndex, factor: Dim): ExampleIndex {
  if (countsExamples(factor) || a.kind === "mixed") return isZero(a) ? a : mixed;
  if (typeof factor === "number" && factor < 1) return sameForAll(a);
  const step = multiplyDims(a.step, factor);
  if (a.kind === "example") return { kind: "example", size: multiplyDims(a.size, factor), step };
  const below = a.below === undefined ? undefined : multiplyDims(a.below, factor);
  return { kind: "same", below, step };
}

function divide(a: ExampleIndex, divisor: Dim): ExampleIndex {
  if (countsExamples(divisor)) return isZero(a) ? a : mixed;
  if (a.kind === "mixed") return mixed;
  const step = divideExactly(a.step, divisor) ?? 1;
  if (a.kind === "example") {
    const size = divideExactly(a.size, divisor);
    return size === undefined ? mixed : { kind: "example", size, step };
  }
  const below = a.below === undefined ? undefined : divideExactly(a.below, divisor);
  return { kind: "same", below, step };
}

function modulo(a: ExampleIndex, divisor: Dim): ExampleIndex {
  if (countsExamples(divisor)) return isZero(a) ? a : mixed;
  if (a.kind === "mixed") return mixed;
  const step = divideExactly(divisor, a.step) === undefined ? 1 : a.step;
  if (a.kind === "same") return { kind: "same", below: divisor, step };
  // The examples' part is a multiple of the divisor: what remains is the position within the example.
  return divideExactly(a.size, divisor) === undefined
    ? mixed
    : { kind: "same", below: divisor, step };
}

export const exampleArithmetic: IndexBuilder<ExampleIndex> = {
  constant: (value) => {
    if (countsExamples(value)) return mixed;
    const known = typeof value === "number" && value >= 0;
    return { kind: "same", below: known ? value + 1 : undefined, step: 1 };
  },
  add,
  multiply,
  divide,
  modulo,
  less: sameForAll,
  lessEqual: sameForAll,
  equal: sameForAll,
  and: sameForAll,
};
