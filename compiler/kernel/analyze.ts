// Takes a nest, gives what the choice of a mapping rests on: which axes each reduction and each of its loads depend on.
import type { Extents } from "../types/dimension.js";
import { reachable } from "../reachable.js";
import { searches } from "../scalars/reductions.js";
import type { Axis, LoopNest } from "../types/nest.js";
import { createEvaluation } from "./evaluate.js";
import { pointsOf } from "./measure.js";
import { expectedSize } from "../types/dimension.js";
import { dimValue } from "./polynomial.js";
import { createSerialShapes } from "./shapes.js";
import { conjunctsOf } from "./simplify.js";
import type { ReductionValue, KernelValue, VariableValue } from "./value.js";
import { childrenOf, createValues } from "./value.js";

export interface ReductionFacts {
  /** The nest's axes that it depends on: other axes repeat it. */
  readonly axes: ReadonlySet<Axis>;
  /** How many terms it has. */
  readonly length: number;
  /** Terms times the points that need them. */
  readonly work: number;
  /** The nest's axes that each load of its terms, and each guard, depends on. */
  readonly loads: readonly ReadonlySet<Axis>[];
  readonly guards: readonly ReadonlySet<Axis>[];
  /** The nest's axes along which its loop starts and ends elsewhere, as loaded bounds say: points along them share no loop. */
  readonly apart: ReadonlySet<Axis>;
}

export interface NestFacts {
  readonly nest: LoopNest;
  /** What free dimensions were taken for. */
  readonly extents: Extents;
  readonly reductions: readonly ReductionFacts[];
  /** Everything that is computed, once each. */
  readonly values: readonly KernelValue[];
  /** The variables that stand for axes, those of reductions included. */
  readonly variables: ReadonlyMap<Axis, VariableValue>;
}

export function analyzeNest(nest: LoopNest, extents: Extents): NestFacts {
  const values = createValues();
  const shapes = createSerialShapes(values);
  const variables = new Map<Axis, VariableValue>();
  for (const axis of nest.axes) {
    variables.set(axis, values.variable(`a${axis.id}`, dimValue(values, axis.extent)));
  }
  const { evaluate } = createEvaluation(values, (reduce) => {
    const shape = shapes(reduce);
    for (const [axis, value] of shape.axes) {
      if (value.kind === "variable") variables.set(axis, value);
    }
    return shape;
  });
  const roots = nest.stores.flatMap((store) => [
    evaluate(store.index, variables),
    evaluate(store.value, variables),
  ]);
  const all = [...reachable(roots, childrenOf)];
  const axisOf = new Map(nest.axes.map((axis) => [variables.get(axis), axis]));
  const axesOf = (value: KernelValue): ReadonlySet<Axis> => {
    const axes = new Set<Axis>();
    for (const variable of value.free) {
      const axis = axisOf.get(variable);
      if (axis) axes.add(axis);
    }
    return axes;
  };
  const reductions = all
    .filter((value) => value.kind === "reduction")
    // A search looks at a few of its values only, and shares no loop.
    .filter(({ combine }) => !searches(combine))
    .map((reduction) => factsOf(reduction, axesOf, extents));
  return { nest, extents, reductions, values: all, variables };
}

function factsOf(
  reduction: ReductionValue,
  axesOf: (value: KernelValue) => ReadonlySet<Axis>,
  extents: Extents,
): ReductionFacts {
  const axes = axesOf(reduction);
  const length =
    reduction.terms === undefined
      ? reduction.loops.reduce((product, { below }) => product * sizeOf(below, extents), 1)
      : expectedSize(reduction.terms, extents);
  const terms = innerValues(reduction.value);
  // What does not change within the loop leaves it, and costs nothing.
  const changes = (value: KernelValue): boolean =>
    reduction.loops.some((loop) => value.free.has(loop.variable));
  const guards = terms
    .flatMap((value) => (value.kind === "guard" ? conjunctsOf(value.condition) : []))
    .map(axesOf);
  return {
    axes,
    length,
    work: pointsOf(axes, extents) * length,
    loads: terms.filter((value) => value.kind === "load" && changes(value)).map(axesOf),
    guards,
    apart: new Set(reduction.terms === undefined ? [] : guards.flatMap((axes) => [...axes])),
  };
}

/** The values of a term, those of reductions inside it left out. */
function innerValues(root: KernelValue): readonly KernelValue[] {
  const seen = new Set<KernelValue>();
  const visit = (value: KernelValue): void => {
    if (seen.has(value)) return;
    seen.add(value);
    if (value.kind !== "reduction") childrenOf(value).forEach(visit);
  };
  visit(root);
  return [...seen];
}

/** The size of a loop's bound where free dimensions are as expected. */
function sizeOf(bound: KernelValue, extents: Extents): number {
  if (bound.kind === "literal") return bound.value;
  if (bound.kind === "uniform") {
    return bound.uniform.kind === "dim" ? expectedSize(bound.uniform.dim, extents) : 1;
  }
  if (bound.kind !== "polynomial") return 1;
  return bound.terms.reduce(
    (sum, term) =>
      sum +
      term.factors.reduce((product, factor) => product * sizeOf(factor, extents), term.coefficient),
    bound.constant,
  );
}
