// Takes no input, gives the interface through which rules and derived ops build nodes, so that ops import no graph.

import type { Dim } from "../types/dimension.js";
import type {
  ContractAttributes,
  ElementType,
  HostScalarName,
  Node,
  OpAttributes,
  OpName,
  Origin,
  ScanAttributes,
  Shape,
  TensorType,
  WindowAttributes,
} from "../types/graph.js";
import type { BinaryName, ReductionName, UnaryName } from "../types/opNames.js";
import type { ShapeProblem } from "./problem.js";

export type LeafName =
  | "constant"
  | "iota"
  | "dimension"
  | "hostScalar"
  | "input"
  | "stored"
  | "bound"
  | "placeholder"
  | "random";

type UnaryMethods = { readonly [K in UnaryName]: (x: Node) => Node };
type BinaryMethods = {
  /** Operands have one element type and broadcast; a number is a constant of the other's type. */
  readonly [K in BinaryName]: (left: Node | number, right: Node | number) => Node;
};
type ReductionMethods = {
  /** Over all axes unless told; `keep` leaves the reduced axes as 1. Axes are not negative. */
  readonly [K in ReductionName]: (x: Node, axes?: readonly number[], keep?: boolean) => Node;
};

/** Makes immutable nodes, checked by the op table; ids are unique within a builder. */
export interface GraphBuilder extends UnaryMethods, BinaryMethods, ReductionMethods {
  /** For user-facing code: a mistake is a value. */
  tryNode<K extends OpName>(
    op: K,
    inputs: readonly Node[],
    attributes: OpAttributes[K],
    origin?: Origin,
  ): Node | ShapeProblem;
  /** Throws GraphError on a mistake: for callers that know that there is none. */
  node<K extends OpName>(op: K, inputs: readonly Node[], attributes: OpAttributes[K]): Node;
  /** A leaf of a declared type. */
  leaf<K extends LeafName>(op: K, type: TensorType, attributes: OpAttributes[K]): Node;
  tryLeaf<K extends LeafName>(
    op: K,
    type: TensorType,
    attributes: OpAttributes[K],
  ): Node | ShapeProblem;
  /** The same op with the same origin over operands of the same types, which are not checked again. */
  over(node: Node, inputs: readonly Node[]): Node;
  /** The same builder, whose nodes bear this origin. */
  at(origin: Origin | undefined): GraphBuilder;

  /** A splat, or row-major values; f32 unless told. */
  constant(values: number | readonly number[], shape?: Shape, type?: ElementType): Node;
  zerosLike(like: TensorType): Node;
  iota(shape: Shape, axis: number): Node;
  dimension(dim: Dim): Node;
  hostScalar(name: HostScalarName): Node;
  input(name: string, type: TensorType): Node;
  stored(name: string, type: TensorType): Node;
  placeholder(name: string, type: TensorType): Node;
  random(path: string, source: "uniform" | "bits", shape: Shape): Node;

  /** The value in another element type; itself where it has it already. */
  cast(x: Node, to: ElementType): Node;
  select(condition: Node, then: Node | number, otherwise: Node | number): Node;
  argmax(x: Node, axis: number): Node;
  argmin(x: Node, axis: number): Node;
  leading(x: Node, axis: number): Node;
  cumsum(x: Node, axis: number, reverse?: boolean): Node;
  /** Views; each gives `x` itself where it would change nothing. */
  reshape(x: Node, shape: Shape): Node;
  transpose(x: Node, permutation: readonly number[]): Node;
  broadcast(x: Node, shape: Shape): Node;
  slice(x: Node, starts: readonly Dim[], counts: Shape, steps?: readonly number[]): Node;
  pad(
    x: Node,
    before: readonly Dim[],
    after: readonly Dim[],
    options?: { readonly interior?: readonly number[]; readonly value?: number },
  ): Node;
  flip(x: Node, axes: readonly number[]): Node;
  window(x: Node, attributes: WindowAttributes): Node;
  fold(x: Node, attributes: WindowAttributes, extents: Shape): Node;
  concat(parts: readonly Node[], axis: number): Node;
  take(x: Node, indices: Node, axis: number, batchAxes?: number): Node;
  scatterAdd(updates: Node, indices: Node, axis: number, extent: Dim, batchAxes?: number): Node;
  segmentSum(
    updates: Node,
    order: Node,
    starts: Node,
    attributes: OpAttributes["segmentSum"],
  ): Node;
  contract(left: Node, right: Node, attributes: ContractAttributes): Node;
  scan(inputs: readonly Node[], attributes: ScanAttributes): Node;
  result(scan: Node, index: number): Node;
}
