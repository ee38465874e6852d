// Takes the nests of a recurrence, gives an axis of each along which what one turn hands to the next never crosses, or nothing.
import type { Dim } from "../types/dimension.js";
import { dimEqual, dimKey } from "../types/dimension.js";
import type { Axis, NestArgument } from "../types/nest.js";
import type { NestFacts } from "./analyze.js";
import type { Polynomial } from "./polynomial.js";
import { polynomialOf } from "./polynomial.js";
import { maximumOf, minimumOf } from "./range.js";
import type { KernelValue, Term, VariableValue } from "./value.js";

/** By nest: the axis; all of them have this extent. */
export interface ApartAxes {
  readonly axes: readonly Axis[];
  readonly extent: Dim;
}

/**
 * Entry e of such an axis reads and writes, of all buffers that the nests write, the elements that belong to it alone: of a buffer
 * with `size` elements for each entry those from e · size on, in each block of extent · size elements (a turn's, of a stack).
 * So whoever computes an entry waits for nobody who computes another.
 */
export function axesApart(nests: readonly NestFacts[]): ApartAxes | undefined {
  const written = new Set(nests.flatMap(({ stored }) => stored.map(({ buffer }) => buffer)));
  const extents = new Map<string, Dim>(
    (nests[0]?.nest.axes ?? []).map(({ extent }) => [dimKey(extent), extent]),
  );
  for (const extent of extents.values()) {
    const axes = assign(nests, extent, written, new Map());
    if (axes) return { axes, extent };
  }
  return undefined;
}

/** An axis for each of the nests; `sizes` are those of the buffers so far. */
function assign(
  nests: readonly NestFacts[],
  extent: Dim,
  written: ReadonlySet<number>,
  sizes: ReadonlyMap<number, number>,
): readonly Axis[] | undefined {
  const [first, ...others] = nests;
  if (!first) return [];
  for (const axis of first.nest.axes) {
    if (!dimEqual(axis.extent, extent)) continue;
    const found = sizesAlong(first, axis, written, sizes);
    const rest = found && assign(others, extent, written, found);
    if (rest) return [axis, ...rest];
  }
  return undefined;
}

function sizesAlong(
  facts: NestFacts,
  axis: Axis,
  written: ReadonlySet<number>,
  sizes: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> | undefined {
  const variable = facts.variables.get(axis);
  const found = new Map(sizes);
  const accesses = [
    ...facts.stored,
    ...facts.values.flatMap((value) => (value.kind === "load" ? [value] : [])),
  ];
  for (const { buffer, index } of accesses) {
    if (!written.has(buffer)) continue;
    const size = variable && sizeOfEntry(index, variable, axis.extent, facts.nest.arguments);
    if (size === undefined || (found.get(buffer) ?? size) !== size) return undefined;
    found.set(buffer, size);
  }
  return found;
}

/** How many elements belong to an entry, where the index is within those of the entry that `variable` stands for. */
function sizeOfEntry(
  index: KernelValue,
  variable: VariableValue,
  extent: Dim,
  given: readonly NestArgument[],
): number | undefined {
  const { constant, terms } = polynomialOf(index);
  const own = terms.filter(({ factors }) => factors.some(({ free }) => free.has(variable)));
  const [only] = own;
  const size = only?.coefficient ?? 0;
  if (own.length !== 1 || only?.factors.length !== 1 || only.factors[0] !== variable) return;
  if (size < 1) return undefined;
  const block = blockOf(extent, size);
  if (!block) return undefined;
  const others = terms.filter((term) => term !== only).map((term) => withNumbers(term, given));
  const numbers = others.filter(({ factors }) => factors.length === 0);
  const within: Polynomial = {
    constant: numbers.reduce((sum, { coefficient }) => sum + coefficient, constant),
    terms: others.filter((term) => term.factors.length > 0 && !isMultiple(term, block)),
  };
  const first = block.factors.length === 0 ? within.constant % block.coefficient : within.constant;
  const offset = { ...within, constant: first };
  return minimumOf(offset) >= 0 && maximumOf(offset) < size ? size : undefined;
}

/** A product of dimensions, by their keys, and a number. */
interface Monomial {
  readonly coefficient: number;
  readonly factors: readonly string[];
}

/** The elements of all entries; undefined where their number is a sum. */
function blockOf(extent: Dim, size: number): Monomial | undefined {
  if (typeof extent === "number") return { coefficient: extent * size, factors: [] };
  const [term] = extent.terms;
  if (!term || extent.terms.length > 1) return undefined;
  const factors = term.factors.map((factor) =>
    dimKey({ kind: "dim", terms: [{ coefficient: 1, factors: [factor] }] }),
  );
  return { coefficient: term.coefficient * size, factors };
}

function isMultiple({ coefficient, factors }: Term, block: Monomial): boolean {
  const keys = factors.map((factor) =>
    factor.kind === "uniform" && factor.uniform.kind === "dim" ? dimKey(factor.uniform.dim) : "",
  );
  const wanted = block.factors.every((key) => keys.includes(key));
  return wanted && coefficient % block.coefficient === 0;
}

/** Where ranges of buffers begin is known of a nest by itself. */
function withNumbers({ coefficient, factors }: Term, given: readonly NestArgument[]): Term {
  let product = coefficient;
  const rest: KernelValue[] = [];
  for (const factor of factors) {
    const known =
      factor.kind === "uniform" && factor.uniform.kind === "argument"
        ? given[factor.uniform.index]
        : undefined;
    if (typeof known === "number") product *= known;
    else rest.push(factor);
  }
  return { coefficient: product, factors: rest };
}
