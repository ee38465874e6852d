// Takes a nest, gives what its sums contract: rows and columns, and which parts of the terms belong to either side.
import { givesExtremumIndex, searches } from "../scalars/reductions.js";
import { createAxesOf, operandsOf, reachableScalars } from "../schedule/operands.js";
import type { Axis, LoopNest, Scalar } from "../types/nest.js";
import { scalarsOf } from "./evaluate.js";
import type { ReduceScalar } from "./measure.js";

/** Each sum of the nest multiplies, or combines otherwise, what depends on rows with what depends on columns. */
export interface Contraction {
  /** On these everything depends. */
  readonly batch: readonly Axis[];
  readonly rows: readonly Axis[];
  /** Among them the axis along which stores lie side by side, where one does. */
  readonly columns: readonly Axis[];
  /** By reduction, the parts of its terms that change along it: nothing else of a term does. */
  readonly parts: ReadonlyMap<ReduceScalar, Parts>;
}

export interface Parts {
  readonly rows: readonly Scalar[];
  readonly columns: readonly Scalar[];
}

type AxesOf = (scalar: Scalar) => ReadonlySet<Axis>;

/** Nothing where the sums are none, or not all of that form over the same rows and columns; `fastest`: along which stores lie side by side. */
export function contractionOf(nest: LoopNest, fastest: ReadonlySet<Axis>): Contraction | undefined {
  const axesOf = createAxesOf();
  const reductions = scalarsOf(nest).filter((scalar) => scalar.kind === "reduce");
  if (reductions.length === 0 || !reductions.every((one) => isPlain(one))) return undefined;
  const sides = sidesOf(nest, reductions, axesOf);
  if (!sides) return undefined;
  const [one, other] = sides;
  const columns = other.some((axis) => fastest.has(axis)) ? other : one;
  const rows = columns === other ? one : other;
  const batch = nest.axes.filter((axis) => !rows.includes(axis) && !columns.includes(axis));
  const parts = new Map<ReduceScalar, Parts>();
  for (const reduction of reductions) {
    const found = partsOf(reduction, { batch, rows, columns }, axesOf);
    if (!found) return undefined;
    parts.set(reduction, found);
  }
  return { batch, rows, columns, parts };
}

/** All of its terms count, it gives a number, and nothing is reduced within. */
function isPlain({ combine, type, terms, value }: ReduceScalar): boolean {
  if (type !== "f32" || terms !== undefined) return false;
  if (searches(combine) || givesExtremumIndex(combine)) return false;
  return [...reachableScalars([value])].every(({ kind }) => kind !== "reduce");
}

/** Two sets of the nest's axes such that each load within the sums depends on one of them at most. */
function sidesOf(
  nest: LoopNest,
  reductions: readonly ReduceScalar[],
  axesOf: AxesOf,
): readonly [readonly Axis[], readonly Axis[]] | undefined {
  const loads = reductions.flatMap(({ value, axes }) =>
    [...reachableScalars([value])]
      .filter((scalar) => scalar.kind === "load" && axes.some((axis) => axesOf(scalar).has(axis)))
      .map((load) => nest.axes.filter((axis) => axesOf(load).has(axis))),
  );
  const batch = nest.axes.filter((axis) => loads.every((axes) => axes.includes(axis)));
  let sides: readonly (readonly Axis[])[] = [];
  for (const axes of loads) {
    const own = axes.filter((axis) => !batch.includes(axis));
    const touching = sides.filter((side) => side.some((axis) => own.includes(axis)));
    const joined = nest.axes.filter((axis) => [own, ...touching].some((of) => of.includes(axis)));
    if (joined.length > 0) sides = [...sides.filter((side) => !touching.includes(side)), joined];
  }
  const [one, other, ...more] = sides;
  const all = [...batch, ...sides.flat()];
  if (!one || !other || more.length > 0 || all.length < nest.axes.length) return undefined;
  return [one, other];
}

/** The largest parts of a term that change along the reduction and depend on one side alone; nothing where others change too. */
function partsOf(
  { value, axes }: ReduceScalar,
  { batch, rows, columns }: Omit<Contraction, "parts">,
  axesOf: AxesOf,
): Parts | undefined {
  const parts = { rows: new Set<Scalar>(), columns: new Set<Scalar>() };
  const isOf = (scalar: Scalar, side: readonly Axis[]): boolean =>
    [...axesOf(scalar)].every(
      (axis) => batch.includes(axis) || side.includes(axis) || axes.includes(axis),
    );
  const visit = (scalar: Scalar): boolean => {
    if (!axes.some((axis) => axesOf(scalar).has(axis))) return true;
    const side = isOf(scalar, rows) ? "rows" : isOf(scalar, columns) ? "columns" : undefined;
    if (side && scalar.type === "f32") {
      parts[side].add(scalar);
      return true;
    }
    const operands = operandsOf(scalar);
    return scalar.kind !== "load" && operands.length > 0 && operands.every(visit);
  };
  if (!visit(value) || parts.rows.size === 0 || parts.columns.size === 0) return undefined;
  return { rows: [...parts.rows], columns: [...parts.columns] };
}
