// Takes no input, gives the types of the graph level: tensors as nodes over the ops of the table, and programs as graphs with effects.
import type { SourceFile, Span } from "../../grammar/span.js";
import type { Dim } from "./dimension.js";
import type { BinaryName, ReductionName, UnaryName } from "./opNames.js";

/** How elements are stored. `bool` is one 32-bit word (0 or 1) on every backend; a `category` is `u32`. */
export type ElementType = "f32" | "i32" | "u32" | "bool";
export type Shape = readonly Dim[];
export interface TensorType {
  readonly type: ElementType;
  readonly shape: Shape;
}

/** A place in a source file. */
export interface Place {
  readonly file: SourceFile;
  readonly span: Span;
}

/** Where a node came from in the source: shown by `inspect`, in shader comments and in messages. */
export interface Origin extends Place {
  /** The path of layer instances that led here, such as `encoder.dense_1`. */
  readonly path: string;
}

/** One entry of an index map: (Σ coefficient · axis + offset) / divisor. Outside the operand, or where the divisor leaves a remainder, the operand counts as 0. */
export interface QuasiAffine {
  readonly terms: readonly { readonly axis: number; readonly coefficient: number }[];
  readonly offset: Dim;
  readonly divisor: number;
}

/**
 * out[o…] = Σ over r… of left[leftMap(o, r)] · right[rightMap(o, r)].
 * `extents` lists the iteration axes: the first `outputRank` are the output's, in order; the others are summed.
 * Matrix products, convolutions over any number of axes and the derivatives of both are of this form.
 */
export interface ContractAttributes {
  readonly extents: Shape;
  readonly outputRank: number;
  readonly left: readonly QuasiAffine[];
  readonly right: readonly QuasiAffine[];
}

export interface WindowAttributes {
  /** The axes that the window slides over, ascending; sizes, strides and dilations are parallel to it. */
  readonly axes: readonly number[];
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** The body of a scan: a graph of its own, whose leaves `bound` stand for what passes in at each step. */
export interface ScanAttributes {
  readonly length: Dim;
  readonly reverse: boolean;
  /** Inputs of the node, in this order: initial carries, sliced tensors (sliced along axis 0), constants. */
  readonly carries: number;
  readonly slices: number;
  readonly constants: number;
  /**
   * `bound` leaves of the body: carries, slices, constants (same order), then the step index (i32), which is the position
   * along the scanned axis, in a reversed scan too. A `random` leaf of a body draws anew at each position.
   */
  readonly bound: readonly NodeOf<"bound">[];
  readonly nextCarries: readonly Node[];
  readonly yields: readonly Node[];
}

export type HostScalarName =
  "step" | "epoch" | "progress" | "turn" | `plateau.${number}` | `total.${string}`;

type None = Readonly<Record<string, never>>;

/** Operands of binary ops broadcast as in NumPy; reduced axes disappear. */
type FamilyAttributes = Readonly<Record<UnaryName | BinaryName, None>> &
  Readonly<Record<ReductionName, { readonly axes: readonly number[] }>>;

/** The attributes of every op. The keys are the core ops; the op table has a record for each. */
export interface OpAttributes extends FamilyAttributes {
  // leaves
  constant: { readonly values: readonly number[] }; // row-major; one value is a splat
  iota: { readonly axis: number }; // i32: the index along `axis`
  dimension: { readonly dim: Dim }; // a scalar: the live value of a dimension
  hostScalar: { readonly name: HostScalarName }; // a scalar computed on the host in double precision
  input: { readonly name: string }; // given data
  stored: { readonly name: string }; // the value of a storage before the program runs
  bound: { readonly index: number }; // a scan body's parameter
  placeholder: { readonly name: string }; // w, g, state.m of an optimizer template, replaced before scheduling
  random: { readonly path: string; readonly source: "uniform" | "bits" }; // uniform: f32 in (0, 1), 23 bits; bits: u32
  // pointwise
  cast: { readonly to: ElementType };
  select: None; // condition (bool), then, else
  // along one axis
  argmax: { readonly axis: number };
  argmin: { readonly axis: number };
  leading: { readonly axis: number };
  cumsum: { readonly axis: number; readonly reverse: boolean };
  // views: every output element is one input element or a fill value
  reshape: { readonly shape: Shape };
  transpose: { readonly permutation: readonly number[] };
  broadcast: { readonly shape: Shape };
  slice: {
    readonly starts: readonly Dim[];
    readonly counts: Shape;
    readonly steps: readonly number[];
  };
  pad: {
    readonly before: readonly Dim[];
    readonly after: readonly Dim[];
    readonly interior: readonly number[];
    readonly value: number;
  };
  flip: { readonly axes: readonly number[] };
  window: WindowAttributes; // slid axes become counts of windows; one axis per slid axis is appended behind
  fold: WindowAttributes & { readonly extents: Shape }; // adjoint of window: sums back; extents of the slid axes
  concat: { readonly axis: number };
  // indexed
  take: { readonly axis: number; readonly batchAxes: number }; // x, indices (integers, clamped); leading batchAxes shared
  scatterAdd: { readonly axis: number; readonly batchAxes: number; readonly extent: Dim }; // adjoint of take: updates, indices
  /** Updates, order, starts: along `axis`, entry p is the sum of updates[order[k]] for starts[p] ≤ k < starts[p + 1]. */
  segmentSum: { readonly axis: number; readonly batchAxes: number; readonly extent: Dim };
  // contraction
  contract: ContractAttributes;
  // recurrence
  scan: ScanAttributes;
  result: { readonly index: number }; // one of a scan's results: last carries, then stacked yields (stacked along axis 0)
}

export type OpName = keyof OpAttributes;

export interface NodeOf<K extends OpName> extends TensorType {
  readonly id: number;
  readonly op: K;
  readonly inputs: readonly Node[];
  readonly attributes: OpAttributes[K];
  readonly origin: Origin | undefined;
}

export type Node = { [K in OpName]: NodeOf<K> }[OpName];

/** What a program leaves behind. */
export type Effect =
  /** The storage takes this value; `offset` says where it starts within a flat storage (elements). */
  | {
      readonly kind: "store";
      readonly storage: string;
      readonly value: Node;
      readonly offset?: number;
    }
  /** Handed to the caller under this name. */
  | { readonly kind: "result"; readonly name: string; readonly value: Node };

/** One graph to schedule as a whole; all effects happen as if at once, after every `stored` leaf was read. */
export interface Program {
  readonly name: string;
  readonly effects: readonly Effect[];
  /** Nodes that are computed no earlier than others, by those: what is computed again, so that it need not be kept until then. */
  readonly waits?: ReadonlyMap<Node, Node>;
  /** Its results may be wanted one without the others, where the inputs of these are not given. */
  readonly apart?: boolean;
}
