// Takes a nest, gives it with flat axes taken apart: where indices only use quotients and remainders, each part becomes an axis.
import { createRewrite } from "../rewrite.js";
import { givesIndex } from "../scalars/reductions.js";
import { overOperands } from "../schedule/operands.js";
import { positionOf } from "../schedule/position.js";
import type { Dim } from "../types/dimension.js";
import { divideExactly } from "../types/dimension.js";
import type { Axis, LoopNest, Scalar } from "../types/nest.js";
import { analyzeNest } from "./analyze.js";
import { scalarsOf } from "./evaluate.js";
import type { KernelValue, VariableValue } from "./value.js";

/** Flat axes of storages hide what contractions share; nests without reductions stay as they are. */
export function splitAxes(nest: LoopNest): LoopNest {
  if (!mayBeSplit(nest)) return nest;
  // Where axes are cut rests on no size.
  const facts = analyzeNest(nest, {});
  if (facts.reductions.length === 0) return nest;
  const kept = argAxes(nest);
  const parts = new Map<Axis, readonly Axis[]>();
  let fresh = Math.max(0, ...[...facts.variables.keys()].map((axis) => axis.id));
  for (const [axis, variable] of facts.variables) {
    if (kept.has(axis)) continue;
    const extents = partsOf(axis.extent, cutsOf(facts.values, variable));
    if (extents.length < 2) continue;
    parts.set(
      axis,
      extents.map((extent) => ({ id: ++fresh, extent })),
    );
  }
  return parts.size === 0 ? nest : rewrite(nest, parts);
}

/** Without quotients and remainders there is nothing to cut by, whatever else would be found. */
function mayBeSplit(nest: LoopNest): boolean {
  const scalars = scalarsOf(nest);
  const cuts = (scalar: Scalar): boolean =>
    scalar.kind === "op" && (scalar.op === "divide" || scalar.op === "modulo");
  return scalars.some(({ kind }) => kind === "reduce") && scalars.some(cuts);
}

/** What argmax gives is an index along its one axis. */
function argAxes(nest: LoopNest): ReadonlySet<Axis> {
  return new Set(
    scalarsOf(nest).flatMap((scalar) =>
      scalar.kind === "reduce" && givesIndex(scalar.combine) ? scalar.axes : [],
    ),
  );
}

/** The strides at which quotients and remainders cut the variable. */
function cutsOf(values: readonly KernelValue[], variable: VariableValue): readonly number[] {
  const cuts = new Set<number>();
  for (const value of values) {
    if (value.kind !== "op" || value.type !== "index") continue;
    if (value.op !== "divide" && value.op !== "modulo") continue;
    const [dividend, divisor] = value.arguments;
    if (!dividend || divisor?.kind !== "literal") continue;
    const stride = strideOf(dividend, variable);
    if (stride === undefined) continue;
    if (stride > 1) cuts.add(stride);
    cuts.add(stride * divisor.value);
  }
  return [...cuts].sort((a, b) => a - b);
}

/** The variable itself has stride 1, its quotient by d stride d. */
function strideOf(value: KernelValue, variable: VariableValue): number | undefined {
  if (value === variable) return 1;
  if (value.kind !== "op" || value.op !== "divide") return undefined;
  const [dividend, divisor] = value.arguments;
  return dividend === variable && divisor?.kind === "literal" ? divisor.value : undefined;
}

/** Extents from the outermost part to the innermost; one alone where the cuts do not nest. */
function partsOf(extent: Dim, cuts: readonly number[]): readonly Dim[] {
  const parts: Dim[] = [];
  let below = 1;
  for (const cut of cuts) {
    if (cut % below !== 0) return [extent];
    if (divideExactly(extent, cut) === undefined) return [extent];
    if (cut !== below) parts.unshift(cut / below);
    below = cut;
  }
  const rest = divideExactly(extent, below);
  return rest === undefined ? [extent] : rest === 1 ? parts : [rest, ...parts];
}

function rewrite(nest: LoopNest, parts: ReadonlyMap<Axis, readonly Axis[]>): LoopNest {
  const expand = (axes: readonly Axis[]): readonly Axis[] =>
    axes.flatMap((axis) => parts.get(axis) ?? [axis]);
  const visit = createRewrite<Scalar>(overOperands, (scalar, inner) => {
    if (scalar.kind === "reduce")
      return { ...scalar, axes: expand(scalar.axes), value: inner(scalar.value) };
    const own = scalar.kind === "axis" ? parts.get(scalar.axis) : undefined;
    return own && positionOf(own);
  });
  const stores = nest.stores.map((store) => ({
    ...store,
    ...(store.rows ? { rows: expand(store.rows) } : {}),
    index: visit(store.index),
    value: visit(store.value),
  }));
  return { ...nest, axes: expand(nest.axes), stores };
}
