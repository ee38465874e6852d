// Takes values over a whole set of examples, gives programs that run once over all batches and accumulate, and one that finishes.
import { substitute } from "../graph/substitute.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { opTable } from "../ops/table.js";
import type { Dim, DimFactor } from "../types/dimension.js";
import { freeNames } from "../types/dimension.js";
import type { Effect, Node, Shape } from "../types/graph.js";
import type { BuiltStorage } from "./types.js";

/** The dimension that counts examples. */
const batchName = "batch";

export interface SetValue {
  readonly name: string;
  readonly value: Node;
}

export interface Passes {
  /** Effects of each pass, in order; each runs over every batch before the next begins. */
  readonly passes: readonly (readonly Effect[])[];
  /** The values, computed from accumulators alone. */
  readonly finished: readonly SetValue[];
  readonly storages: readonly BuiltStorage[];
  /** Values that no accumulation gives (they mix examples otherwise than by reductions). */
  readonly impossible: readonly SetValue[];
}

/**
 * A reduction over the batch axis with a result free of it becomes an accumulator; one whose operand depends on another
 * such reduction is accumulated in a later pass. Live sizes of the batch become the size of the set.
 */
export function splitPasses(b: GraphBuilder, values: readonly SetValue[], prefix: string): Passes {
  const possible = values.filter((value) => isSeparable(value.value));
  const impossible = values.filter((value) => !possible.includes(value));
  const state: State = { b, prefix, accumulators: new Map(), storages: [], passes: [] };
  const finished = possible.map(({ name, value }) => ({ name, value: free(state, value) }));
  return { passes: state.passes, finished, storages: state.storages, impossible };
}

interface State {
  readonly b: GraphBuilder;
  readonly prefix: string;
  /** By reduction: its accumulator as a leaf, and the pass that fills it. */
  readonly accumulators: Map<Node, { readonly leaf: Node; readonly pass: number }>;
  readonly storages: BuiltStorage[];
  readonly passes: Effect[][];
}

function dependsOnBatch(shape: Shape): boolean {
  return shape.some((extent) => freeNames(extent).has(batchName));
}

/** A reduction that takes the batch away. */
function isBoundary(node: Node): boolean {
  const rule = opTable[node.op];
  const reduces = rule.family === "reduction" || rule.family === "contraction";
  return (
    reduces &&
    !dependsOnBatch(node.shape) &&
    node.inputs.some((input) => dependsOnBatch(input.shape))
  );
}

const accumulatedOps = new Set<Node["op"]>(["sum", "max", "min", "any", "all", "prod", "contract"]);

/** Every way from the batch to the value leads through a reduction that can be accumulated. */
export function isSeparable(value: Node): boolean {
  if (dependsOnBatch(value.shape)) return false;
  return topologicalOrder([value]).every((node) => {
    if (dependsOnBatch(node.shape)) return true;
    const takesAway = node.inputs.some((input) => dependsOnBatch(input.shape));
    return !takesAway || (isBoundary(node) && accumulatedOps.has(node.op));
  });
}

/** The graph below `root` with its outermost boundaries and batch sizes replaced: free of the batch. */
function free(state: State, root: Node): Node {
  const replacements = new Map<Node, Node>();
  const inner = topologicalOrder([root], (node) => (isBoundary(node) ? [] : node.inputs));
  for (const node of inner) {
    if (isBoundary(node)) replacements.set(node, accumulatorOf(state, node).leaf);
    else replaceSize(state.b, node, replacements);
  }
  return substitute(state.b, [root], replacements)[0] ?? root;
}

/** What asks for the size of the batch is told that of the set. */
function replaceSize(b: GraphBuilder, node: Node, replacements: Map<Node, Node>): void {
  if (node.op !== "dimension" || !freeNames(node.attributes.dim).has(batchName)) return;
  replacements.set(node, b.cast(setSize(b, node.attributes.dim), node.type));
}

/** The accumulator of a reduction, made with all that its operand needs of earlier passes. */
function accumulatorOf(state: State, node: Node): { readonly leaf: Node; readonly pass: number } {
  const known = state.accumulators.get(node);
  if (known !== undefined) return known;
  const { b } = state;
  const below = topologicalOrder(node.inputs, (at) => (isBoundary(at) ? [] : at.inputs));
  const replacements = new Map<Node, Node>();
  let pass = 0;
  for (const at of below) {
    if (isBoundary(at)) {
      const earlier = accumulatorOf(state, at);
      pass = Math.max(pass, earlier.pass + 1);
      replacements.set(at, earlier.leaf);
    } else replaceSize(b, at, replacements);
  }
  const [partial] = substitute(b, [node], replacements);
  const name = `${state.prefix}.${state.storages.length}`;
  const elements = (node.shape as readonly number[]).reduce((product, one) => product * one, 1);
  const stored = b.stored(name, { type: node.type, shape: [elements] });
  const leaf = b.reshape(stored, node.shape);
  const { combine, initial } = combination(node.op);
  const next = combine(b, leaf, partial ?? node);
  const effects = (state.passes[pass] ??= []);
  effects.push({ kind: "store", storage: name, value: b.reshape(next, [elements]) });
  state.storages.push({ name, type: node.type, elements, kind: "accumulator", initial });
  const made = { leaf, pass };
  state.accumulators.set(node, made);
  return made;
}

const greatest = 3.4028234e38;

function combination(op: Node["op"]): {
  readonly combine: (b: GraphBuilder, left: Node, right: Node) => Node;
  readonly initial: number;
} {
  switch (op) {
    case "max":
      return { combine: (b, left, right) => b.maximum(left, right), initial: -greatest };
    case "min":
      return { combine: (b, left, right) => b.minimum(left, right), initial: greatest };
    case "prod":
      return { combine: (b, left, right) => b.multiply(left, right), initial: 1 };
    case "any":
      return { combine: (b, left, right) => b.or(left, right), initial: 0 };
    case "all":
      return { combine: (b, left, right) => b.and(left, right), initial: 1 };
    default:
      return { combine: (b, left, right) => b.add(left, right), initial: 0 };
  }
}

/** A dimension with the batch standing for the number of examples of the whole set, as a host scalar of f32. */
function setSize(b: GraphBuilder, dim: Dim): Node {
  if (typeof dim === "number") return b.constant(dim);
  return dim.terms.reduce<Node>((sum, term) => {
    const product = term.factors.reduce<Node>(
      (value, factor) => b.multiply(value, factorSize(b, factor)),
      b.constant(term.coefficient),
    );
    return b.add(sum, product);
  }, b.constant(0));
}

function factorSize(b: GraphBuilder, factor: DimFactor): Node {
  if (factor.kind === "floor") {
    return b.floor(b.divide(setSize(b, factor.numerator), setSize(b, factor.denominator)));
  }
  if (factor.name === batchName) return b.hostScalar(`total.${batchName}`);
  return b.cast(
    b.dimension({ kind: "dim", terms: [{ coefficient: 1, factors: [factor] }] }),
    "f32",
  );
}
