// Extents over free dimensions and the shapes of given tensors in; live dimensions and sizes out.

import { fail } from "./errors.js";
import type { PlanDim } from "./plan.js";

export type Dimensions = Readonly<Record<string, number>>;

/** The value of an extent at live dimensions; NaN where a dimension is not known. */
export function evaluateDim(dim: PlanDim, dimensions: Dimensions): number {
  if (typeof dim === "number") return dim;
  if (typeof dim === "string") return dimensions[dim] ?? NaN;
  const [operator, ...terms] = dim;
  const values = terms.map((term) => evaluateDim(term, dimensions));
  if (operator === "/") return Math.floor((values[0] ?? NaN) / (values[1] ?? NaN));
  return values.reduce(operator === "+" ? (a, b) => a + b : (a, b) => a * b);
}

export function evaluateShape(shape: readonly PlanDim[], dimensions: Dimensions): number[] {
  return shape.map((dim) => evaluateDim(dim, dimensions));
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** As a person writes it: `[batch, 2 * n]`. */
export function formatShape(shape: readonly PlanDim[]): string {
  return `[${shape.map((dim) => formatDim(dim)).join(", ")}]`;
}

function formatDim(dim: PlanDim): string {
  if (typeof dim !== "object") return String(dim);
  const [operator, ...terms] = dim;
  return `(${terms.map((term) => formatDim(term)).join(` ${operator} `)})`;
}

function namesIn(dim: PlanDim): string[] {
  if (typeof dim === "number") return [];
  if (typeof dim === "string") return [dim];
  return dim.slice(1).flatMap((term) => namesIn(term));
}

/** A given tensor: its shape where it has one, else only its number of elements. */
export interface GivenExtent {
  readonly name: string;
  readonly declared: readonly PlanDim[];
  readonly shape: readonly number[] | undefined;
  readonly count: number;
}

/**
 * Live dimensions from given tensors. `known` are the caller's, `fallback` (the trained ones) serve
 * where no tensor tells. Throws NnError "shape" where a tensor does not fit.
 */
export function resolveDimensions(
  given: readonly GivenExtent[],
  known: Dimensions,
  fallback: Dimensions,
): Dimensions {
  const found: Record<string, number> = { ...known };
  const sources: Record<string, string> = {};
  const learn = (name: string, dim: string, value: number): void => {
    found[dim] = value;
    sources[dim] = name;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const tensor of given) {
      for (const [dim, value] of unknownOf(tensor, found, sources)) {
        learn(tensor.name, dim, value);
        changed = true;
      }
    }
  }
  const dimensions = { ...fallback, ...found };
  for (const tensor of given) check(tensor, dimensions, sources);
  return dimensions;
}

/** Dimensions that this tensor tells: per axis where it has a shape, by its length where one alone is free. */
function unknownOf(
  tensor: GivenExtent,
  found: Dimensions,
  sources: Readonly<Record<string, string>>,
): [string, number][] {
  const { declared, shape, count } = tensor;
  if (shape && shape.length !== declared.length) misfit(tensor, found, sources);
  const extents = shape
    ? declared.map((dim, axis) => ({ dims: [dim], wanted: shape[axis] ?? 0 }))
    : [{ dims: declared, wanted: count }];
  for (const { dims, wanted } of extents) {
    const [name, more] = [...new Set(dims.flatMap(namesIn))].filter((dim) => !(dim in found));
    if (name === undefined || more !== undefined) continue;
    const size = (value: number): number =>
      countOf(evaluateShape(dims, { ...found, [name]: value }));
    const value = solve(size, wanted);
    if (value === undefined) misfit(tensor, found, sources);
    return [[name, value]];
  }
  return [];
}

/** The least n at which a growing size is as wanted. */
function solve(size: (value: number) => number, wanted: number): number | undefined {
  let low = 0;
  let high = 1;
  while (size(high) < wanted && high < 2 ** 32) high *= 2;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (size(middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return size(low) === wanted ? low : undefined;
}

function check(
  tensor: GivenExtent,
  dimensions: Dimensions,
  sources: Readonly<Record<string, string>>,
): void {
  const wanted = evaluateShape(tensor.declared, dimensions);
  const fits = tensor.shape
    ? wanted.every((extent, axis) => extent === tensor.shape?.[axis])
    : countOf(wanted) === tensor.count;
  if (!fits) misfit(tensor, dimensions, sources);
}

function misfit(
  { name, declared, shape, count }: GivenExtent,
  dimensions: Dimensions,
  sources: Readonly<Record<string, string>>,
): never {
  const found = shape ? `has shape ${formatShape(shape)}` : `has ${count} numbers`;
  const told = [...new Set(declared.flatMap(namesIn))]
    .filter((dim) => dim in dimensions && sources[dim] !== name)
    .map((dim) => {
      const source = sources[dim];
      return `${dim} is ${dimensions[dim] ?? "?"}${source === undefined ? "" : `, as ${source} says`}`;
    });
  const where = told.length > 0 ? ` (${told.join("; ")})` : "";
  fail("shape", `${name} ${found}; the model wants ${formatShape(declared)}${where}`, {
    name,
    found: shape ?? count,
    wanted: declared,
  });
}
