// Values over a whole set of examples in; programs that sweep over its batches, and others that run once for all of it, out.
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { optimize, passesBeforeDerivatives } from "../optimize/index.js";
import { share } from "../optimize/share.js";
import { freeDim, freeNames } from "../types/dimension.js";
import type { Dim } from "../types/dimension.js";
import type { Effect, Node } from "../types/graph.js";
import { batchName, countsExamples } from "../graph/exampleIndex.js";
import { countsExamplesIn } from "../graph/examples.js";
import type { ExampleFlows } from "../graph/examples.js";
import { levelsOf } from "./levels.js";
import type { Context, HeldKind, Levels } from "./levels.js";
import type { HeldState } from "./carried.js";
import { sizeOfSet, totalOf } from "./totals.js";
import type { Totals } from "./totals.js";
import type { BuiltHeld, BuiltProgram } from "./types.js";

export interface SetValue {
  readonly name: string;
  readonly value: Node;
  /** Where batches are averaged instead, and the entries that weigh each; absent: nowhere. */
  readonly average?: {
    /**
     * A loss is of a batch, and stays so where its `examples meet`. The mean of entries stays the mean of each batch's where the
     * `data` cannot be put together from batches.
     */
    readonly where: "examples meet" | "data" | "no batch";
    readonly entries: Dim;
    /** Of what is no mean: how the batches' results are put together. */
    readonly combine?: "min" | "max";
  };
}

export interface SetRequest {
  readonly b: GraphBuilder;
  readonly series: "fitted" | "evaluation";
  readonly values: readonly SetValue[];
  /** What passes from batch to batch, in each sweep that reads it. */
  readonly carried: readonly HeldState[];
  /** What becomes of each value, in the last program. */
  readonly finish: (name: string, value: Node) => Effect;
}

export interface SetPrograms {
  readonly programs: readonly BuiltProgram[];
  readonly held: readonly BuiltHeld[];
}

/**
 * A reduction over the examples is accumulated in a sweep over the batches, whose results the host combines; one that depends
 * on another takes a later sweep. Where examples meet otherwise, the nearest values for each example are kept, and a program
 * runs once with the set as its batch.
 */
export function overSet(request: SetRequest): SetPrograms {
  const { b, series, finish } = request;
  // What mends a value has to see it whole, as a derivative has; and what is written twice is held once.
  const written = [
    ...request.values.map(({ value }) => value),
    ...request.carried.map(({ next }) => next),
  ];
  const shared = share(b, optimize(b, written, { passes: passesBeforeDerivatives }));
  const values = request.values.map((one, index) => ({
    ...one,
    value: shared[index] ?? one.value,
  }));
  const levels = levelsOf(shared);
  const carried = request.carried.map((one, index) => ({
    ...one,
    next: shared[values.length + index] ?? one.next,
  }));
  const own = { held: new Map(), totals: new Map(), batches: [] };
  const state: State = { ...request, ...own, carried, levels };
  const ofSet = values
    .filter((value) => !isAveraged(value, levels.flows))
    .map(({ value }) => value);
  const last = Math.max(0, ...ofSet.map((value) => levels.levelOf(value, "set")));
  const finished = new Map(
    rebuild(state, ofSet, "set", last).map((value, index) => [ofSet[index], value]),
  );
  const effects = values.map((one) =>
    finish(one.name, finished.get(one.value) ?? averageOfBatches(state, one)),
  );
  const programs: BuiltProgram[] = [];
  for (let level = last; level >= 0; level--) {
    const own = heldEffects(state, "set", level);
    programs.push({
      name: level === last ? `${series}.finish` : `${series}.whole.${level}`,
      kind: "whole",
      series,
      totals: state.totals,
      effects: level === last ? [...own, ...effects] : own,
    });
    const swept = heldEffects(state, "batch", level);
    const given = level === 0 ? [...swept, ...state.batches] : swept;
    programs.push({
      name: `${series}.sweep.${level}`,
      kind: "sweep",
      series,
      totals: state.totals,
      effects: [...given, ...handedOn(state, given, level)],
    });
  }
  return {
    programs: programs.reverse().filter((program) => program.effects.length > 0),
    held: [...state.held.values()]
      .map(({ built }) => built)
      .concat(carried.map(({ name, type, shape, initial }) => ({ name, type, shape, initial }))),
  };
}

/** The next values of the states that a sweep reads, and of those that these read. */
function handedOn(state: State, effects: readonly Effect[], level: number): Effect[] {
  const found = new Map<string, Effect>();
  for (let roots = effects; ; roots = [...found.values()]) {
    const read = inputsRead(roots.map(({ value }) => value));
    const fresh = state.carried.filter(({ name }) => read.has(name) && !found.has(name));
    if (fresh.length === 0) return [...found.values()];
    const values = rebuild(
      state,
      fresh.map(({ next }) => next),
      "batch",
      level,
    );
    for (const [at, { name, next }] of fresh.entries())
      found.set(name, { kind: "result", name, value: values[at] ?? next });
  }
}

function inputsRead(roots: readonly Node[]): ReadonlySet<string> {
  return new Set(
    topologicalOrder(roots).flatMap((node) => (node.op === "input" ? [node.attributes.name] : [])),
  );
}

interface State extends SetRequest {
  readonly levels: Levels;
  readonly held: Map<
    Node,
    { readonly built: BuiltHeld; readonly kind: HeldKind; readonly leaf: Node }
  >;
  readonly totals: Totals;
  /** Results of batches that are averaged as they are. */
  readonly batches: Effect[];
}

/** Data that cannot be put together from batches: it counts examples, but not along one axis alone. */
export function unkeptInputs(value: Node): Node[] {
  return topologicalOrder([value]).filter(
    (node) => node.op === "input" && countsExamplesIn(node) && examplesAxis(node) === undefined,
  );
}

function examplesAxis({ shape }: Node): number | undefined {
  const counting = [...shape.keys()].filter((axis) => countsExamples(shape[axis] ?? 1));
  const [axis, more] = counting;
  const extent = axis === undefined ? undefined : shape[axis];
  const isBatch =
    typeof extent === "object" &&
    extent.terms.length === 1 &&
    extent.terms[0]?.coefficient === 1 &&
    extent.terms[0].factors.length === 1;
  return isBatch && more === undefined ? axis : undefined;
}

/** What reads data but knows of no batch is of each of them: they are its examples. */
function isAveraged({ value, average }: SetValue, flows: ExampleFlows): boolean {
  if (average === undefined) return false;
  const nodes = topologicalOrder([value]);
  const meet = nodes.some((node) => flows.get(node)?.kind === "mixed");
  if (average.where === "examples meet" && meet) return true;
  if (average.where === "data" && unkeptInputs(value).length > 0) return true;
  const knowsBatch = (node: Node): boolean =>
    countsExamplesIn(node) || (node.op === "dimension" && countsExamples(node.attributes.dim));
  return nodes.some(({ op }) => op === "input") && !nodes.some(knowsBatch);
}

/** The mean over the batches, each times its entries; where none of these counts them, each once. Of an extreme, that of theirs. */
function averageOfBatches(state: State, { value, average }: SetValue): Node {
  const { b, totals } = state;
  if (average?.combine !== undefined) {
    const { leaf, built } = hold(state, value, "combined", average.combine);
    state.batches.push({ kind: "result", name: built.name, value });
    return leaf;
  }
  const entries = average?.entries ?? 1;
  const fixed = typeof entries === "number";
  const sum = b.multiply(b.cast(value, "f32"), fixed ? 1 : b.cast(b.dimension(entries), "f32"));
  const { leaf, built } = hold(state, sum, "combined");
  state.batches.push({ kind: "result", name: built.name, value: sum });
  return b.divide(leaf, totalOf(b, fixed ? freeDim(batchName) : entries, totals));
}

function hold(
  state: State,
  node: Node,
  kind: HeldKind,
  combine: "sum" | "min" | "max" = "sum",
): { leaf: Node; built: BuiltHeld } {
  const known = state.held.get(node);
  if (known !== undefined) return known;
  const { b, series, held, levels } = state;
  const name = `${series}.${held.size}`;
  const flow = levels.flows.get(node);
  const built: BuiltHeld = {
    name,
    type: node.type,
    shape: node.shape,
    ...(kind === "kept" && flow?.kind === "each" ? { axis: flow.axis } : {}),
    ...(kind === "combined" ? { combine: flow?.kind === "combined" ? flow.combine : combine } : {}),
  };
  const made = { built, kind, leaf: b.input(name, { type: node.type, shape: node.shape }) };
  held.set(node, made);
  return made;
}

/** What programs rebuilt so far read of this level. */
function heldEffects(state: State, context: Context, level: number): Effect[] {
  // What is averaged stands in no level: its effects are in the first sweep.
  const wanted = [...state.held].filter(
    ([node, { kind }]) =>
      (kind === "whole" ? "set" : "batch") === context &&
      state.levels.flows.has(node) &&
      state.levels.levelOf(node, context) === level,
  );
  const roots = wanted.map(([node]) => node);
  const values = rebuild(state, roots, context, level);
  return wanted.map(([node, { built }], index): Effect => ({
    kind: "result",
    name: built.name,
    value: values[index] ?? node,
  }));
}

/** Values as the program of a level computes them: earlier ones are read, sizes that count examples are the set's. */
function rebuild(
  state: State,
  roots: readonly Node[],
  context: Context,
  level: number,
): readonly Node[] {
  const { b, levels, totals } = state;
  const reads = (node: Node): HeldKind | undefined => {
    const kind = levels.heldKind(node, context);
    const earlier =
      kind !== undefined &&
      (kind === "whole"
        ? levels.levelOf(node, "set") < level
        : context === "set" || levels.levelOf(node, "batch") < level);
    return earlier ? kind : undefined;
  };
  const replacements = new Map<Node, Node>();
  const order = topologicalOrder(roots, (node) => (reads(node) === undefined ? node.inputs : []));
  for (const node of order) {
    const kind = reads(node);
    if (kind !== undefined) replacements.set(node, hold(state, node, kind).leaf);
    else if (node.op === "dimension" && differs(node.attributes.dim, context)) {
      replacements.set(node, b.cast(sizeOfSet(b, node.attributes.dim, totals), node.type));
    }
  }
  return substitute(b, roots, replacements);
}

/** Whether a size of the set is another than the live one: where its programs run once, the batch is the set. */
function differs(dim: Dim, context: Context): boolean {
  return countsExamples(dim) && (context === "batch" || freeNames(dim).size > 1);
}
