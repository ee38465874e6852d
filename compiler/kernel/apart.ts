// Takes nests that hand something on, gives axes of each along which that never crosses: those of a recurrence, or of rows.
import type { Dim } from "../types/dimension.js";
import { dimEqual, dimKey } from "../types/dimension.js";
import type { Axis, NestArgument } from "../types/nest.js";
import type { NestFacts } from "./analyze.js";
import type { Polynomial } from "./polynomial.js";
import { scaled } from "../types/polynomial.js";
import { polynomialOf, sumOf } from "./polynomial.js";
import { minimumOf } from "./range.js";
import type { KernelValue, Term, VariableValue } from "./value.js";

/** By nest: the axis; all of them have this extent. */
export interface ApartAxes {
  readonly axes: readonly Axis[];
  readonly extent: Dim;
}

/**
 * Entry e of such an axis reads and writes, of all buffers that the nests write, the elements that belong to it alone, in every turn
 * of a stack. So whoever computes an entry waits for nobody who computes another.
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

/** An axis for each of the nests; `steps` are those in the buffers so far. */
function assign(
  nests: readonly NestFacts[],
  extent: Dim,
  written: ReadonlySet<number>,
  steps: ReadonlyMap<number, string>,
): readonly Axis[] | undefined {
  const [first, ...others] = nests;
  if (!first) return [];
  for (const axis of first.nest.axes) {
    if (!dimEqual(axis.extent, extent)) continue;
    const found = stepsAlong(first, axis, written, steps);
    const rest = found && assign(others, extent, written, found);
    if (rest) return [axis, ...rest];
  }
  return undefined;
}

function stepsAlong(
  facts: NestFacts,
  axis: Axis,
  written: ReadonlySet<number>,
  steps: ReadonlyMap<number, string>,
): ReadonlyMap<number, string> | undefined {
  const variable = facts.variables.get(axis);
  const found = new Map(steps);
  const accesses = [
    ...facts.stored,
    ...facts.values.flatMap((value) => (value.kind === "load" ? [value] : [])),
  ];
  for (const { buffer, index } of accesses) {
    if (!written.has(buffer)) continue;
    const entry = variable && [{ variable, extent: axis.extent }];
    const steps = entry && stepsOfEntries(index, entry, facts.nest.arguments);
    if (steps === undefined || (found.get(buffer) ?? steps) !== steps) return undefined;
    found.set(buffer, steps);
  }
  return found;
}

/** What numbers entries: the axes of a row, say. */
export type EntryAxes = readonly {
  readonly variable: VariableValue;
  readonly extent: Dim;
}[];

/**
 * How far apart entries lie along each axis that numbers them, where the index is among the elements of the entry that the variables
 * stand for, whatever else is in it: what lies between two entries counts to less than a step along the axis, and anything else goes in
 * whole rounds of all its entries. So two indices with the same steps meet within one entry alone.
 */
export function stepsOfEntries(
  index: KernelValue,
  entry: EntryAxes,
  given: readonly NestArgument[],
): string | undefined {
  const { constant: number, terms: all } = polynomialOf(index);
  const known = all.map((term) => withNumbers(term, given));
  const terms = known.filter(({ factors }) => factors.length > 0);
  const constant = known
    .filter(({ factors }) => factors.length === 0)
    .reduce((sum, { coefficient }) => sum + coefficient, number);
  const steps = entry.map(({ variable, extent }) => {
    const [own, ...more] = terms.filter(({ factors }) =>
      factors.some(({ free }) => free.has(variable)),
    );
    const factors = own?.factors.filter((factor) => factor !== variable) ?? [];
    const plain = own?.factors.includes(variable) && factors.every((one) => dimKeyOf(one) !== "");
    if (!own || !plain || more.length > 0 || own.coefficient < 1) return undefined;
    const step: Term = { coefficient: own.coefficient, factors };
    const round = roundOf(step, extent);
    const others = terms.filter((term) => term !== own && !(round && isMultiple(term, round)));
    const rest = round?.factors.length === 0 ? constant % round.coefficient : constant;
    return isWithin({ constant: rest, terms: others }, step) ? monomialText(step) : undefined;
  });
  return steps.includes(undefined) ? undefined : steps.join("; ");
}

/** Whether it is from 0 to below the step, whatever the sizes are. */
function isWithin(rest: Polynomial, step: Term): boolean {
  const whole: Polynomial =
    step.factors.length === 0
      ? { constant: step.coefficient, terms: [] }
      : { constant: 0, terms: [step] };
  return minimumOf(rest) >= 0 && minimumOf(sumOf(whole, scaled(rest, -1))) >= 1;
}

/** A product of dimensions, by their keys, and a number. */
interface Monomial {
  readonly coefficient: number;
  readonly factors: readonly string[];
}

/** The elements of all entries along an axis; undefined where their number is a sum. */
function roundOf({ coefficient, factors }: Term, extent: Dim): Monomial | undefined {
  const own = factors.map(dimKeyOf);
  if (typeof extent === "number") return { coefficient: coefficient * extent, factors: own };
  const [term] = extent.terms;
  if (!term || extent.terms.length > 1) return undefined;
  const others = term.factors.map((factor) =>
    dimKey({ kind: "dim", terms: [{ coefficient: 1, factors: [factor] }] }),
  );
  return { coefficient: coefficient * term.coefficient, factors: [...own, ...others] };
}

/** Of a dimension alone; nothing else has one. */
function dimKeyOf(factor: KernelValue): string {
  return factor.kind === "uniform" && factor.uniform.kind === "dim"
    ? dimKey(factor.uniform.dim)
    : "";
}

function monomialText({ coefficient, factors }: Term): string {
  return [coefficient, ...factors.map(dimKeyOf).sort()].join(" · ");
}

function isMultiple({ coefficient, factors }: Term, round: Monomial): boolean {
  const keys = factors.map(dimKeyOf);
  const wanted = round.factors.every((key) => {
    const at = keys.indexOf(key);
    if (at >= 0) keys.splice(at, 1);
    return at >= 0;
  });
  return wanted && coefficient % round.coefficient === 0;
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
