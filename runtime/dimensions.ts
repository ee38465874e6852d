// Extents over free dimensions and the shapes of given tensors in; live dimensions and sizes out.

import { fail } from "./errors.js";
import type { PlanDim } from "./plan.js";

export type Dimensions = Readonly<Record<string, number>>;

/** The value of an extent at live dimensions; NaN where a dimension is not known. */
export function evaluateDim(dim: PlanDim, dimensions: Dimensions): number {
  if (typeof dim === "number") return dim;
  if (typeof dim === "string") return knows(dimensions, dim) ? (dimensions[dim] ?? NaN) : NaN;
  const [operator, ...terms] = dim;
  return terms
    .map((term) => evaluateDim(term, dimensions))
    .reduce((a, b) => (operator === "+" ? a + b : operator === "*" ? a * b : Math.floor(a / b)));
}

/** A dimension may be called as what every object has. */
const knows = (dimensions: Dimensions, name: string): boolean => Object.hasOwn(dimensions, name);

export function evaluateShape(shape: readonly PlanDim[], dimensions: Dimensions): number[] {
  return shape.map((dim) => evaluateDim(dim, dimensions));
}

export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** As a person writes it: `[batch, (2 * n)]`. */
export function formatShape(shape: readonly PlanDim[]): string {
  return `[${shape.map(formatDim).join(", ")}]`;
}

function formatDim(dim: PlanDim): string {
  if (typeof dim !== "object") return String(dim);
  return `(${dim.slice(1).map(formatDim).join(` ${dim[0]} `)})`;
}

/** The free dimensions of an extent. */
export function namesIn(dim: PlanDim): string[] {
  if (typeof dim === "object") return dim.slice(1).flatMap(namesIn);
  return typeof dim === "string" ? [dim] : [];
}

/** A given tensor: its shape where it has one, else only its number of elements. */
export interface GivenExtent {
  readonly name: string;
  readonly declared: readonly PlanDim[];
  readonly shape: readonly number[] | undefined;
  readonly count: number;
}

/**
 * Live dimensions from given tensors: an axis, or a tensor without a shape, tells the one dimension in
 * it that is not known. `known` are the caller's; `fallback` (the trained ones) serve where no tensor
 * tells. Throws NnError "shape" where a tensor does not fit.
 */
export function resolveDimensions(
  given: readonly GivenExtent[],
  known: Dimensions,
  fallback: Dimensions,
): Dimensions {
  let found: Dimensions = known;
  const parts = given.flatMap((tensor) => {
    const { declared, shape, count } = tensor;
    if (!shape) return [{ tensor, dims: declared, wanted: count }];
    if (shape.length !== declared.length) misfit(tensor, found);
    return declared.map((dim, axis) => ({ tensor, dims: [dim], wanted: shape[axis] ?? 0 }));
  });
  for (let before = -1; before < Object.keys(found).length;) {
    before = Object.keys(found).length;
    for (const { dims, wanted } of parts) {
      const [name, more] = new Set(dims.flatMap(namesIn).filter((dim) => !knows(found, dim)));
      if (name === undefined || more !== undefined) continue;
      const others = found;
      const size = (value: number): number =>
        countOf(evaluateShape(dims, { ...others, [name]: value }));
      found = { ...others, [name]: solve(size, wanted) };
    }
  }
  const dimensions = { ...fallback, ...found };
  for (const { tensor, dims, wanted } of parts) {
    if (countOf(evaluateShape(dims, dimensions)) !== wanted) misfit(tensor, found);
  }
  return dimensions;
}

/** The least n at which a growing size reaches what is wanted. */
function solve(size: (value: number) => number, wanted: number): number {
  let low = 0;
  let high = 1;
  while (size(high) < wanted && high < 2 ** 32) high *= 2;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (size(middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function misfit(tensor: GivenExtent, dimensions: Dimensions): never {
  fail("shape", misfitText(tensor, dimensions));
}

function misfitText(tensor: GivenExtent, dimensions: Dimensions): string {
  const { name, declared, shape, count } = tensor;
  const found = shape ? `shape ${formatShape(shape)}` : `${count} numbers`;
  const names = [...new Set(declared.flatMap(namesIn))];
  const wanted = `${name} has ${found}; the model wants ${formatShape(declared)}`;
  const untold = names.filter((dim) => !knows(dimensions, dim));
  if (untold.length > 1 && !shape)
    return `${wanted}, and numbers in a row do not tell ${untold.join(" and ")}: give lists in lists, or { data, shape }`;
  const live = names.map((dim) => {
    const size = evaluateDim(dim, dimensions);
    return Number.isNaN(size) ? `${dim} unknown` : `${dim} = ${size}`;
  });
  return `${wanted}${live.length > 0 ? ` with ${live.join(", ")}` : ""}`;
}
