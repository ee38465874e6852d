// Sizes that count examples in; their values for a whole set, from sums over its batches, out.
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { dimKey, freeDim, freeNames, multiplyDims } from "../types/dimension.js";
import type { Dim, DimFactor, DimTerm } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { batchName, countsExamples } from "../graph/exampleIndex.js";

/** Host scalars by name, with the size that each sums over the batches of a set. */
export type Totals = Map<string, Dim>;

/**
 * A size for the whole set, as f32: what is in proportion to the batch is summed over the batches, so that `batch * time` is
 * right where `time` differs between them; a free dimension by itself is the one value that it has in all of them.
 */
export function sizeOfSet(b: GraphBuilder, dim: Dim, totals: Totals): Node {
  if (typeof dim === "number") return b.constant(dim);
  return dim.terms.reduce<Node>(
    (sum, term) => b.add(sum, termOfSet(b, term, totals)),
    b.constant(0),
  );
}

function termOfSet(b: GraphBuilder, { coefficient, factors }: DimTerm, totals: Totals): Node {
  const counting = factors.filter((factor) => countsExamples(dimOf([factor])));
  const [only, more] = counting;
  if (only?.kind === "free" && more === undefined) {
    const total = totalOf(b, dimOf(factors), totals);
    return coefficient === 1 ? total : b.multiply(total, coefficient);
  }
  return factors.reduce<Node>(
    (product, factor) => b.multiply(product, factorOfSet(b, factor, totals)),
    b.constant(coefficient),
  );
}

function dimOf(factors: readonly DimFactor[]): Dim {
  return multiplyDims(
    ...factors.map((factor): Dim => ({
      kind: "dim",
      terms: [{ coefficient: 1, factors: [factor] }],
    })),
  );
}

function factorOfSet(b: GraphBuilder, factor: DimFactor, totals: Totals): Node {
  if (factor.kind === "free") {
    const dim = freeDim(factor.name);
    return factor.name === batchName ? totalOf(b, dim, totals) : b.cast(b.dimension(dim), "f32");
  }
  const { numerator, denominator } = factor;
  return b.floor(b.divide(sizeOfSet(b, numerator, totals), sizeOfSet(b, denominator, totals)));
}

/** The sum over the batches of a set, as a scalar that the host gives. */
export function totalOf(b: GraphBuilder, dim: Dim, totals: Totals): Node {
  const name = `total.${dimKey(dim)}` as const;
  totals.set(name, dim);
  return b.hostScalar(name);
}

/** Of all totals those that the values read. */
export function totalsRead(roots: readonly Node[], totals: ReadonlyMap<string, Dim>): Totals {
  const read: Totals = new Map();
  for (const node of topologicalOrder(roots)) {
    if (node.op !== "hostScalar") continue;
    const dim = totals.get(node.attributes.name);
    if (dim !== undefined) read.set(node.attributes.name, dim);
  }
  return read;
}

/** Free dimensions besides the batch that shapes and sizes of the values stand on. */
export function dimensionsRead(roots: readonly Node[]): string[] {
  const names = new Set<string>();
  for (const node of topologicalOrder(roots)) {
    for (const extent of node.shape) freeNames(extent, names);
    if (node.op === "dimension") freeNames(node.attributes.dim, names);
  }
  names.delete(batchName);
  return [...names];
}
