// The maps of a contraction in; the maps of the contraction that gives one operand's cotangent out.

import { addDims, dimEqual, multiplyDims } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import { greatestDivisor } from "../types/polynomial.js";
import type { ContractAttributes, QuasiAffine, Shape } from "../types/graph.js";
import { at, indices } from "./broadcast.js";

/**
 * The cotangent of `left` is again a contraction, of the output's cotangent with `right`:
 *
 *   dleft[a…] = Σ over iteration points with leftMap(o, r) = a of dout[o…] · right[rightMap(o, r)].
 *
 * Each equation (Σ c·x + offset) / divisor = a is solved for one iteration axis x; the other axes are summed. Where the
 * solution has a divisor (the input of a strided convolution) the sum stays a gather: terms with a remainder count as 0.
 * The extent of a solved axis need not be checked by itself: an output axis is checked as an index of dout, and only such
 * other axes are solved for as are checked as an index of `right`, or run over the whole axis of `left`.
 */
export function adjointMaps(
  attributes: ContractAttributes,
  leftShape: Shape,
  rightShape: Shape,
): ContractAttributes {
  const { extents, outputRank, left, right } = attributes;
  const rank = leftShape.length;
  const count = extents.length;
  // Variables: 0 … rank − 1 are the axes of `left`; rank + i is iteration axis i.
  let entries: readonly Linear[] = left.map((entry) => fromEntry(entry, rank));
  let solved = new Map<number, Linear>();
  const problem: Problem = { attributes, leftShape, rightShape, rank };
  const pending = new Set(indices(rank));
  while (pending.size > 0) {
    const choice = choose(problem, entries, pending);
    if (choice === undefined) break;
    const { operandAxis, variable } = choice;
    const solution = solve(at(entries, operandAxis), operandAxis, variable);
    pending.delete(operandAxis);
    entries = entries.map((entry, axis) =>
      axis === operandAxis ? entry : eliminate(entry, variable, solution),
    );
    solved = new Map(
      [...solved].map(([key, value]) => [key, eliminate(value, variable, solution)]),
    );
    solved.set(variable, solution);
  }
  for (const axis of pending) wantTrivial(at(entries, axis), at(leftShape, axis));
  return assemble(
    problem,
    solved,
    indices(count).filter((axis) => !solved.has(rank + axis)),
    right,
    outputRank,
  );
}

/** (Σ coefficient · variable + offset) / divisor. */
interface Linear {
  readonly coefficients: ReadonlyMap<number, number>;
  readonly offset: Dim;
  readonly divisor: number;
}

interface Problem {
  readonly attributes: ContractAttributes;
  readonly leftShape: Shape;
  readonly rightShape: Shape;
  readonly rank: number;
}

function fromEntry({ terms, offset, divisor }: QuasiAffine, shift: number): Linear {
  const coefficients = new Map<number, number>();
  for (const { axis, coefficient } of terms) {
    const key = axis + shift;
    coefficients.set(key, (coefficients.get(key) ?? 0) + coefficient);
  }
  return { coefficients: withoutZeros(coefficients), offset, divisor };
}

function withoutZeros(coefficients: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  return new Map([...coefficients].filter(([, coefficient]) => coefficient !== 0));
}

interface Choice {
  readonly operandAxis: number;
  readonly variable: number;
}

/** Bare axes first; then the variable whose removal spares the longest sum. */
function choose(
  problem: Problem,
  entries: readonly Linear[],
  pending: ReadonlySet<number>,
): Choice | undefined {
  let best: (Choice & { readonly gain: number }) | undefined;
  for (const operandAxis of pending) {
    const { coefficients } = at(entries, operandAxis);
    const candidates = [...coefficients.keys()].filter((key) => key >= problem.rank);
    for (const variable of candidates) {
      if (!isBounded(problem, entries, operandAxis, variable)) continue;
      const extent = at(problem.attributes.extents, variable - problem.rank);
      const size = typeof extent === "number" ? extent : Number.MAX_SAFE_INTEGER;
      const gain = candidates.length === 1 ? Infinity : size;
      if (best === undefined || gain > best.gain) best = { operandAxis, variable, gain };
    }
  }
  return best;
}

/** Whether a solution outside the variable's extent meets a zero by itself. */
function isBounded(
  { attributes, leftShape, rightShape, rank }: Problem,
  entries: readonly Linear[],
  operandAxis: number,
  variable: number,
): boolean {
  const axis = variable - rank;
  if (axis < attributes.outputRank) return true;
  const extent = at(attributes.extents, axis);
  const inRight = attributes.right.some(
    (entry, position) =>
      isBare(fromEntry(entry, 0), axis) && dimEqual(at(rightShape, position), extent),
  );
  if (inRight) return true;
  return isBare(at(entries, operandAxis), variable) && dimEqual(at(leftShape, operandAxis), extent);
}

function isBare({ coefficients, offset, divisor }: Linear, variable: number): boolean {
  return (
    coefficients.size === 1 && coefficients.get(variable) === 1 && offset === 0 && divisor === 1
  );
}

/** From (c·x + rest) / divisor = a: x = (divisor·a − rest) / c, with a positive divisor. */
function solve(entry: Linear, operandAxis: number, variable: number): Linear {
  const own = entry.coefficients.get(variable);
  if (own === undefined) throw new Error("the variable does not occur in the equation");
  const sign = own < 0 ? -1 : 1;
  const coefficients = new Map<number, number>([[operandAxis, sign * entry.divisor]]);
  for (const [key, coefficient] of entry.coefficients) {
    if (key === variable) continue;
    coefficients.set(key, (coefficients.get(key) ?? 0) - sign * coefficient);
  }
  const offset = multiplyDims(-sign, entry.offset);
  return { coefficients: withoutZeros(coefficients), offset, divisor: Math.abs(own) };
}

/**
 * `solution` for `variable` in `entry`. With c·(n / d) + rest over D the result is (c·n + d·rest) / (d·D). Where d does
 * not divide n the index of `solution` itself is guarded, so that a wrong value here meets a zero.
 */
function eliminate(entry: Linear, variable: number, solution: Linear): Linear {
  const factor = entry.coefficients.get(variable);
  if (factor === undefined) return entry;
  const { divisor } = solution;
  const coefficients = new Map<number, number>();
  for (const [key, coefficient] of entry.coefficients) {
    if (key !== variable) coefficients.set(key, coefficient * divisor);
  }
  for (const [key, coefficient] of solution.coefficients) {
    coefficients.set(key, (coefficients.get(key) ?? 0) + factor * coefficient);
  }
  return reduced({
    coefficients: withoutZeros(coefficients),
    offset: addDims(multiplyDims(divisor, entry.offset), multiplyDims(factor, solution.offset)),
    divisor: divisor * entry.divisor,
  });
}

/** Numerator and divisor without their common factor. */
function reduced(entry: Linear): Linear {
  if (entry.divisor === 1 || typeof entry.offset !== "number") return entry;
  const common = [...entry.coefficients.values(), entry.offset].reduce(
    greatestDivisor,
    entry.divisor,
  );
  if (common === 1) return entry;
  const coefficients = new Map([...entry.coefficients].map(([key, c]) => [key, c / common]));
  return { coefficients, offset: entry.offset / common, divisor: entry.divisor / common };
}

/** An equation without iteration axes holds only for an operand axis of 1 at index 0. */
function wantTrivial({ coefficients, offset }: Linear, extent: Dim): void {
  if (coefficients.size === 0 && offset === 0 && extent === 1) return;
  throw new Error("a contraction's index map cannot be solved for its operand");
}

function assemble(
  { attributes, leftShape, rank }: Problem,
  solved: ReadonlyMap<number, Linear>,
  remaining: readonly number[],
  right: readonly QuasiAffine[],
  outputRank: number,
): ContractAttributes {
  const position = (variable: number): number =>
    variable < rank ? variable : rank + remaining.indexOf(variable - rank);
  const toEntry = ({ coefficients, offset, divisor }: Linear): QuasiAffine => ({
    terms: [...coefficients].map(([key, coefficient]) => ({ axis: position(key), coefficient })),
    offset,
    divisor,
  });
  const replaced = (entry: Linear): QuasiAffine => {
    let result = entry;
    for (const [variable, solution] of solved) result = eliminate(result, variable, solution);
    return toEntry(result);
  };
  return {
    extents: [...leftShape, ...remaining.map((axis) => at(attributes.extents, axis))],
    outputRank: rank,
    left: indices(outputRank).map((axis) =>
      replaced(fromEntry({ terms: [{ axis, coefficient: 1 }], offset: 0, divisor: 1 }, rank)),
    ),
    right: right.map((entry) => replaced(fromEntry(entry, rank))),
  };
}
