// Takes no input, gives the form of a record of the op table: shape rule, derivative rule, lift, lowering, documentation.

import type { Interval } from "../scalars/intervals.js";
import type { Dim } from "../types/dimension.js";
import type {
  ContractAttributes,
  Node,
  NodeOf,
  OpAttributes,
  OpName,
  ScanAttributes,
  TensorType,
} from "../types/graph.js";
import type { Combine, ScalarOp } from "../types/nest.js";
import type { GraphBuilder } from "./builder.js";
import type { ShapeProblem } from "./problem.js";

/** The families of ops; a family fixes what lowering means. */
export type Family =
  "leaf" | "pointwise" | "reduction" | "gather" | "indexed" | "contraction" | "recurrence";

export interface ShapeRequest<K extends OpName> {
  readonly inputs: readonly Node[];
  readonly attributes: OpAttributes[K];
  /** What a leaf is declared to be; other ops compute their type. */
  readonly declared: TensorType | undefined;
}

export type ShapeRule<K extends OpName> = (request: ShapeRequest<K>) => TensorType | ShapeProblem;

export interface VjpRequest<K extends OpName> {
  readonly b: GraphBuilder;
  readonly node: NodeOf<K>;
  /** The cotangent of the node: f32, of the node's shape. */
  readonly g: Node;
  /** Which inputs need a cotangent; a rule may leave out the others. */
  readonly needs: readonly boolean[];
  /** Whether none of a node's values is 0, as far as is known: see compiler/ops/signs.ts. */
  readonly isNeverZero: (node: Node) => boolean;
}

/**
 * A cotangent for each input, or undefined where it is zero. A pointwise rule may give the node's shape:
 * the driver undoes broadcasting.
 */
export type VjpBuild<K extends OpName> = (request: VjpRequest<K>) => readonly (Node | undefined)[];

/** A condition that must hold, or must not. */
export interface Literal {
  readonly condition: Node;
  readonly holds: boolean;
}

/**
 * Which elements of an operand count, given which of the node do (see compiler/autodiff/masks.ts):
 * - elementwise: those at the same index;
 * - chosen: those where the operand is the one taken;
 * - each: every element goes to one element, so that conditions on these pass on as they are;
 * - some: every element goes to one at most, or wins against others;
 * - many: elements go to several. A condition that was computed from the node itself is left out, as it would cost for nothing.
 */
export type Usage<K extends OpName> =
  | { readonly kind: "elementwise" | "each" | "some" | "many" }
  | {
      readonly kind: "chosen";
      readonly taken: (b: GraphBuilder, node: NodeOf<K>, position: number) => Literal;
    };

export type VjpRule<K extends OpName> =
  | { readonly kind: "rule"; readonly usage: Usage<K>; readonly build: VjpBuild<K> }
  /** No cotangent passes, and this is why: the derivative is zero, or the result is not a real number. */
  | { readonly kind: "none"; readonly reason: string }
  /** Built by the driver, which alone can differentiate a body: see compiler/autodiff/scan.ts. */
  | { readonly kind: "recurrence" };

export function vjp<K extends OpName>(
  usage: Usage<K> | "elementwise" | "each" | "some" | "many",
  build: VjpBuild<K>,
): VjpRule<K> {
  return { kind: "rule", usage: typeof usage === "string" ? { kind: usage } : usage, build };
}

export function notDifferentiable<K extends OpName>(reason: string): VjpRule<K> {
  return { kind: "none", reason };
}

/** Rules of scans and their results: the drivers of differentiation and lifting enter bodies. */
export function recurrent<K extends OpName>(): VjpRule<K> {
  return { kind: "recurrence" };
}

/** The least and the most of each part of indices that are known while compiling: see compiler/ops/known.ts. */
type KnownRanges = (indices: Node) => readonly Interval<Dim>[] | undefined;

export interface LiftRequest<K extends OpName> {
  readonly b: GraphBuilder;
  readonly node: NodeOf<K>;
  /** The inputs of the lifted op: those marked `lifted` have one more leading axis of `extent`. */
  readonly inputs: readonly Node[];
  readonly lifted: readonly boolean[];
  readonly extent: Dim;
}

/** The node for all members at once: its type with one more leading axis. At least one input is lifted. */
export type LiftRule<K extends OpName> = (request: LiftRequest<K>) => Node;

/** Builds index expressions of type i32 (comparisons: bool) for whoever lowers; `E` is its expression type. */
export interface IndexBuilder<E> {
  constant(value: Dim): E;
  add(left: E, right: E): E;
  multiply(left: E, factor: Dim): E;
  /** Rounded down; `left` is never negative where the result is used. */
  divide(left: E, divisor: Dim): E;
  /** `left` is never negative where the result is used. */
  modulo(left: E, divisor: Dim): E;
  less(left: E, right: E): E;
  lessEqual(left: E, right: E): E;
  equal(left: E, right: E): E;
  and(left: E, right: E): E;
}

/** One element that an output element may come from; `index` is meaningful only where `guard` holds. */
export interface GatherSource<E> {
  readonly operand: number;
  readonly index: readonly E[];
  readonly guard: E | undefined;
}

export interface GatherRequest<E, K extends OpName> {
  readonly k: IndexBuilder<E>;
  readonly node: NodeOf<K>;
  /** An index along each axis of the output. */
  readonly out: readonly E[];
  /** An index along each axis of `summed(node)`. */
  readonly summed: readonly E[];
}

/** A run of elements of an operand, in its row-major order. */
export interface ElementRun {
  readonly start: Dim;
  readonly count: Dim;
}

/**
 * What scheduling may count on of how a gather uses its operands; what says nothing is scheduled all the same:
 * - anyhow: each element any number of times;
 * - once: each element in one sum at each of its terms, however many elements the result has;
 * - permuted: each element is one element of the result;
 * - kept: that at the same row-major position;
 * - pieces: operands stand one behind the other along an axis, so that each can be written in its place;
 * - repeated: at the same place behind, of axes aligned at the last: it repeats along those that are 1 or missing;
 * - run: the result is a run of the operand, where `of` gives one, so that it can be read in its place.
 */
export type Arrangement<K extends OpName> =
  | { readonly kind: "anyhow" | "once" | "permuted" | "kept" | "repeated" }
  | { readonly kind: "pieces"; readonly axis: (node: NodeOf<K>) => number }
  | { readonly kind: "run"; readonly of: (node: NodeOf<K>) => ElementRun | undefined };

/** Family `gather`: out[o] = Σ over s of the first source whose guard holds, else of `fill`. */
export interface GatherLowering<K extends OpName> {
  readonly kind: "gather";
  readonly arrangement: Arrangement<K>;
  /** Extents of axes summed over; empty for a view, where every output element is one input element or the fill. */
  readonly summed: (node: NodeOf<K>) => readonly Dim[];
  /** Undefined where one of the sources always holds. */
  readonly fill: (node: NodeOf<K>) => number | undefined;
  readonly sources: <E>(request: GatherRequest<E, K>) => readonly GatherSource<E>[];
}

/** Family `indexed`: indices are integers, clamped to 0 … extent − 1 by the lowering. */
export interface TakeLowering<K extends OpName> {
  readonly kind: "take";
  /** The extent that indices are clamped to. */
  readonly extent: (node: NodeOf<K>) => Dim;
  /** Where in input 1 the index of an output element stands. */
  readonly indexAt: <E>(request: GatherRequest<E, K>) => readonly E[];
  /** Where in input 0 the element is, given that index. */
  readonly source: <E>(request: GatherRequest<E, K>, index: E) => readonly E[];
}

/** out[o] = Σ over s of updates[update(o, s)] where the clamped indices[indexAt(o, s)] equals `owner(o)`. */
export interface ScatterLowering<K extends OpName> {
  readonly kind: "scatter";
  readonly extent: (node: NodeOf<K>) => Dim;
  readonly summed: (node: NodeOf<K>) => readonly Dim[];
  readonly indexAt: <E>(request: GatherRequest<E, K>) => readonly E[];
  readonly owner: <E>(request: GatherRequest<E, K>) => E;
  readonly update: <E>(request: GatherRequest<E, K>) => readonly E[];
}

/** out[o] = Σ over k of updates[update(o, order[k])], from k = starts[p] to below starts[p + 1], where p is `owner(o)`. */
export interface SegmentLowering<K extends OpName> {
  readonly kind: "segment";
  /** How many updates a sum has on average. */
  readonly terms: (node: NodeOf<K>) => Dim;
  /** How many updates there are. */
  readonly extent: (node: NodeOf<K>) => Dim;
  /** The index into order or starts of an entry along their last axis. */
  readonly table: <E>(request: GatherRequest<E, K>, along: E) => readonly E[];
  readonly owner: <E>(request: GatherRequest<E, K>) => E;
  readonly update: <E>(request: GatherRequest<E, K>, position: E) => readonly E[];
}

/**
 * Where scheduling has the elements of a leaf from:
 * - memory: they lie in a buffer;
 * - given: one number that is known, or that the host tells;
 * - place: what an element is shows where it is read: a position along an axis, the number of a turn;
 * - draw: it is computed, from where it is read alone.
 */
export type LeafSource = "memory" | "given" | "place" | "draw";

export type Lowering<K extends OpName> =
  | { readonly kind: "leaf"; readonly source: LeafSource }
  /** Operands align at the last axis and repeat along axes of 1 or missing axes, as in NumPy. */
  | { readonly kind: "pointwise"; readonly op: ScalarOp }
  /** The value of the operand as it is. */
  | { readonly kind: "identity" }
  | {
      readonly kind: "reduce";
      readonly combine: Combine;
      readonly axes: (node: NodeOf<K>) => readonly number[];
    }
  | GatherLowering<K>
  | TakeLowering<K>
  | ScatterLowering<K>
  | SegmentLowering<K>
  /** out[o] = Σ over the further extents of the product of what the maps give: see QuasiAffine. */
  | {
      readonly kind: "contract";
      readonly maps: (node: NodeOf<K>) => ContractAttributes;
    }
  /** A loop over a body graph. */
  | { readonly kind: "recurrence"; readonly loop: (node: NodeOf<K>) => ScanAttributes }
  /** Of what a loop leaves behind, its operand's, the one at this place. */
  | { readonly kind: "outcome"; readonly place: (node: NodeOf<K>) => number };

/** All that the compiler knows of one op. */
export interface OpRule<K extends OpName> {
  readonly family: Family;
  readonly doc: string;
  readonly shape: ShapeRule<K>;
  readonly vjp: VjpRule<K>;
  readonly lift: LiftRule<K>;
  readonly lowering: Lowering<K>;
  /** What must not be negative where free dimensions are live, besides the extents of the result: else it would read beside its operands. */
  readonly bounds?: (node: NodeOf<K>, knownRanges: KnownRanges) => readonly Dim[];
}

/** A rule for every op: a missing one does not compile. */
export type OpTable = { readonly [K in OpName]: OpRule<K> };
