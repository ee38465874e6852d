// Takes a nest, gives what the choice of a mapping rests on: which axes each reduction and each of its loads depend on.
import type { Extents } from "../types/dimension.js";
import { reachable } from "../reachable.js";
import { searches } from "../scalars/reductions.js";
import { scalarOperation } from "../scalars/table.js";
import type { Axis, LoopNest } from "../types/nest.js";
import { createEvaluation } from "./evaluate.js";
import { pointsOf } from "./measure.js";
import { expectedSize } from "../types/dimension.js";
import { dimValue, polynomialOf } from "./polynomial.js";
import { createSerialShapes } from "./shapes.js";
import { conjunctsOf } from "./simplify.js";
import type { LoadValue, ReductionValue, KernelValue, VariableValue } from "./value.js";
import { childrenOf, createValues } from "./value.js";

/** Of a load or a store. */
export interface AccessFacts {
  /** The nest's axes that it depends on. */
  readonly axes: ReadonlySet<Axis>;
  /** The axes, those of reductions included, along which neighbours lie side by side. */
  readonly contiguous: ReadonlySet<Axis>;
}

export interface LoadFacts extends AccessFacts {
  /** The axes of reductions that it depends on. */
  readonly within: ReadonlySet<Axis>;
}

export interface ReductionFacts {
  /** The nest's axes that it depends on: other axes repeat it. */
  readonly axes: ReadonlySet<Axis>;
  /** How many terms it has. */
  readonly length: number;
  /** Terms times the points that need them. */
  readonly work: number;
  /** The axes over which it runs. */
  readonly along: ReadonlySet<Axis>;
  /** The loads of its terms, and the nest's axes that each guard depends on. */
  readonly loads: readonly LoadFacts[];
  readonly operations: readonly OperationFacts[];
  readonly guards: readonly ReadonlySet<Axis>[];
  /** Those along which terms may be taken in any order, or several at once: nothing is searched, and no guard of a load says where they end. */
  readonly orderless: ReadonlySet<Axis>;
  /** The nest's axes along which its loop starts and ends elsewhere, as loaded bounds say: points along them share no loop. */
  readonly apart: ReadonlySet<Axis>;
}

/** Operations that depend on the same of the nest's axes. */
export interface OperationFacts {
  readonly axes: ReadonlySet<Axis>;
  /** Of all of them, in simple operations. */
  readonly cost: number;
}

export interface OutsideFacts {
  readonly loads: readonly LoadFacts[];
  readonly operations: readonly OperationFacts[];
}

export interface NestFacts {
  readonly nest: LoopNest;
  /** What free dimensions were taken for. */
  readonly extents: Extents;
  readonly reductions: readonly ReductionFacts[];
  /** The nest's axes that number its rows, where it stores something once a row. */
  readonly rows: ReadonlySet<Axis> | undefined;
  /** All loads, those of reductions included. */
  readonly loads: readonly LoadFacts[];
  readonly stores: readonly AccessFacts[];
  /** Parallel to the nest's stores. */
  readonly stored: readonly { readonly buffer: number; readonly index: KernelValue }[];
  /** What is computed outside reductions. */
  readonly outside: OutsideFacts;
  /** The nest's axes along which points differ in where a search leads: no lanes go along these. */
  readonly searching: ReadonlySet<Axis>;
  /** The nest's axes along which points may differ in what they may load at all. */
  readonly guarded: ReadonlySet<Axis>;
  /** Everything that is computed, once each. */
  readonly values: readonly KernelValue[];
  /** The variables that stand for axes, those of reductions included. */
  readonly variables: ReadonlyMap<Axis, VariableValue>;
}

/** In simple operations: ten rounds of a few each, for one of four words. */
const drawCost = 16;

export function analyzeNest(nest: LoopNest, extents: Extents): NestFacts {
  const values = createValues();
  const shapes = createSerialShapes(values);
  const variables = new Map<Axis, VariableValue>();
  for (const axis of nest.axes) {
    variables.set(axis, values.variable(`a${axis.id}`, dimValue(values, axis.extent)));
  }
  const { evaluate } = createEvaluation(values, (reduce) => {
    const shape = shapes(reduce, false);
    for (const [axis, value] of shape.axes) {
      if (value.kind === "variable") variables.set(axis, value);
    }
    return shape;
  });
  const stores = nest.stores.map((store) => ({
    buffer: store.buffer,
    index: evaluate(store.index, variables),
    value: evaluate(store.value, variables),
  }));
  const roots = stores.flatMap(({ index, value }) => [index, value]);
  const all = [...reachable(roots, childrenOf)];
  const look = createLook(nest, variables);
  const reductions = all
    .filter((value) => value.kind === "reduction")
    // A search looks at a few of its values only, and shares no loop.
    .filter(({ combine }) => !searches(combine))
    .map((reduction) => factsOf(reduction, look, extents));
  const rows = nest.stores.find((store) => store.rows)?.rows;
  return {
    ...{ nest, extents, reductions, values: all, variables, rows: rows && new Set(rows) },
    stored: stores.map(({ buffer, index }) => ({ buffer, index })),
    loads: all.flatMap((value) => (value.kind === "load" ? [loadFacts(value, look)] : [])),
    stores: stores.map(({ index }) => accessFacts(index, look)),
    outside: outsideFacts(
      stores.map(({ value }) => value),
      look,
    ),
    searching: new Set(all.filter(isSearch).flatMap((value) => [...look.axesOf(value)])),
    guarded: new Set(guardsOfLoads(all).flatMap((condition) => [...look.axesOf(condition)])),
  };
}

/** The axes that values depend on. */
interface Look {
  readonly axesOf: (value: KernelValue) => ReadonlySet<Axis>;
  readonly within: (value: KernelValue) => ReadonlySet<Axis>;
  readonly variables: ReadonlyMap<Axis, VariableValue>;
  readonly axisOf: ReadonlyMap<VariableValue, Axis>;
}

function createLook(nest: LoopNest, variables: ReadonlyMap<Axis, VariableValue>): Look {
  const own = new Set(nest.axes);
  const axisOf = new Map([...variables].map(([axis, variable]) => [variable, axis]));
  const select = (value: KernelValue, isOwn: boolean): ReadonlySet<Axis> => {
    const axes = [...value.free].flatMap((variable) => axisOf.get(variable) ?? []);
    return new Set(axes.filter((axis) => own.has(axis) === isOwn));
  };
  return {
    axesOf: (value) => select(value, true),
    within: (value) => select(value, false),
    variables,
    axisOf,
  };
}

function guardsOfLoads(values: Iterable<KernelValue>): readonly KernelValue[] {
  return [...values].flatMap((value) =>
    value.kind === "guard" && value.value.loads ? [value.condition] : [],
  );
}

function isSearch(value: KernelValue): boolean {
  return value.kind === "reduction" && searches(value.combine);
}

function accessFacts(index: KernelValue, { axesOf, axisOf }: Look): AccessFacts {
  const contiguous = neighboursAlong(index).flatMap((variable) => axisOf.get(variable) ?? []);
  return { axes: axesOf(index), contiguous: new Set(contiguous) };
}

/** The variables of which each step leads to the element beside. */
export function neighboursAlong(index: KernelValue): readonly VariableValue[] {
  const { terms } = polynomialOf(index);
  return terms.flatMap((term) => {
    const [only] = term.factors;
    const single = term.coefficient === 1 && term.factors.length === 1;
    if (!single || only?.kind !== "variable") return [];
    const elsewhere = terms.some(
      (other) => other !== term && other.factors.some(({ free }) => free.has(only)),
    );
    return elsewhere ? [] : [only];
  });
}

function loadFacts({ index }: LoadValue, look: Look): LoadFacts {
  return { ...accessFacts(index, look), within: look.within(index) };
}

/** The values computed outside reductions. */
function outsideFacts(roots: readonly KernelValue[], look: Look): OutsideFacts {
  const values = withoutTerms(roots);
  const loads = values.filter((value) => value.kind === "load");
  return {
    loads: loads.map((value) => loadFacts(value, look)),
    operations: operationsOf(values, look),
  };
}

function operationsOf(values: readonly KernelValue[], look: Look): readonly OperationFacts[] {
  const found = new Map<string, OperationFacts>();
  for (const value of values) {
    if (value.kind !== "draw" && (value.kind !== "op" || value.type === "index")) continue;
    const axes = look.axesOf(value);
    const key = [...axes].map(({ id }) => id).join(",");
    const before = found.get(key)?.cost ?? 0;
    const cost = value.kind === "draw" ? drawCost : (scalarOperation(value.op)?.cost ?? 1);
    found.set(key, { axes, cost: before + cost });
  }
  return [...found.values()];
}

function factsOf(reduction: ReductionValue, look: Look, extents: Extents): ReductionFacts {
  const { axesOf } = look;
  const axes = axesOf(reduction);
  const length =
    reduction.terms === undefined
      ? reduction.loops.reduce((product, { below }) => product * sizeOf(below, extents), 1)
      : expectedSize(reduction.terms, extents);
  const terms = withoutTerms([reduction.value]);
  // What does not change within the loop leaves it, and costs nothing.
  const changes = (value: KernelValue): boolean =>
    reduction.loops.some((loop) => value.free.has(loop.variable));
  const guards = terms
    .flatMap((value) => (value.kind === "guard" ? conjunctsOf(value.condition) : []))
    .map(axesOf);
  const loads = terms.flatMap((value) => (value.kind === "load" && changes(value) ? [value] : []));
  const bound = new Set(reduction.loops.map((loop) => loop.variable));
  const along = [...look.variables].flatMap(([axis, variable]) =>
    bound.has(variable) ? axis : [],
  );
  const everything = [...reachable([reduction.value], childrenOf)];
  const hindering = [...everything.filter(isSearch), ...guardsOfLoads(everything)];
  const orderless = along.filter((axis) => {
    const variable = look.variables.get(axis);
    const hindered = hindering.some((value) => variable && value.free.has(variable));
    return !hindered && reduction.index === undefined && reduction.terms === undefined;
  });
  return {
    ...{ axes, length, guards },
    along: new Set(along),
    orderless: new Set(orderless),
    work: pointsOf(axes, extents) * length,
    loads: loads.map((value) => loadFacts(value, look)),
    operations: operationsOf(terms.filter(changes), look),
    apart: new Set(reduction.terms === undefined ? [] : guards.flatMap((each) => [...each])),
  };
}

/** What values are computed from, the terms of reductions left out. */
function withoutTerms(roots: readonly KernelValue[]): readonly KernelValue[] {
  const seen = reachable(roots, (value) => (value.kind === "reduction" ? [] : childrenOf(value)));
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
