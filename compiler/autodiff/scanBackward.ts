// The derivative of a scan's body and what was kept of every step in; the backward scan, and the cotangents that it gives, out.

import type {
  ContractAttributes,
  Node,
  NodeOf,
  QuasiAffine,
  Shape,
  TensorType,
} from "../types/graph.js";
import { topologicalOrder } from "../graph/walk.js";
import { at, inputAt } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { axisEntry } from "../ops/contraction.js";
import { scanPositions } from "./scanBody.js";
import type { BodyDerivative, ConstantParts, Kept, ScanRequest } from "./scanBody.js";

/** One operand of the backward scan, with the node that it stands for in the derivative of the body. */
interface Operand {
  readonly stands: Node | undefined;
  readonly input: Node;
}

/** The operands of the backward scan by kind; constants' accumulators stand behind the cotangents of carries. */
interface Operands {
  readonly carries: readonly Operand[];
  readonly slices: readonly Operand[];
  readonly constants: readonly Operand[];
}

function operandsOf(
  b: GraphBuilder,
  { scan, cotangents }: ScanRequest,
  body: BodyDerivative,
  kept: readonly Kept[],
): Operands {
  const layout = scanPositions(scan);
  const stand = (position: number): Operand => ({
    stands: at(scan.attributes.bound, position),
    input: inputAt(scan.inputs, position),
  });
  return {
    carries: [
      ...body.carried.map(({ position, leaf }) => ({
        stands: leaf,
        input: cotangents[position] ?? b.constant(0, leaf.shape),
      })),
      ...accumulated(body).map(({ position }) => ({
        stands: undefined,
        input: b.constant(0, inputAt(scan.inputs, position).shape),
      })),
    ],
    slices: [
      ...body.yielded.map(({ leaf, cotangent }) => ({ stands: leaf, input: cotangent })),
      ...kept.map(({ node, stacked }) => ({ stands: node, input: stacked })),
      ...layout.slices.map(stand),
    ],
    constants: layout.constants.map(stand),
  };
}

/** Constants with a part that is summed from step to step. */
function accumulated(body: BodyDerivative): readonly ConstantParts[] {
  return body.constants.filter(({ rest }) => rest !== undefined);
}

/** The `bound` leaves of the backward body: one for each operand. */
function leavesOf(b: GraphBuilder, { carries, slices, constants }: Operands): NodeOf<"bound">[] {
  const leaf = ({ type, shape }: TensorType, index: number): NodeOf<"bound"> =>
    b.leaf("bound", { type, shape }, { index }) as NodeOf<"bound">;
  return [...carries, ...slices, ...constants].map(({ input }, index) => {
    const sliced = index >= carries.length && index < carries.length + slices.length;
    return leaf(sliced ? { type: input.type, shape: input.shape.slice(1) } : input, index);
  });
}

export function runBackward(
  b: GraphBuilder,
  request: ScanRequest,
  body: BodyDerivative,
  kept: readonly Kept[],
): (Node | undefined)[] {
  const { bound, length, reverse } = request.scan.attributes;
  const operands = operandsOf(b, request, body, kept);
  const { carries, slices, constants } = operands;
  const all = [...carries, ...slices, ...constants];
  const leaves = leavesOf(b, operands);
  const step = b.leaf("bound", { type: "i32", shape: [] }, { index: all.length });
  const images = new Map<Node, Node>([[at(bound, bound.length - 1), step]]);
  for (const [n, { stands }] of all.entries()) {
    if (stands !== undefined) images.set(stands, at(leaves, n));
  }
  const roots = rebuild(b, backwardRoots(body), images);
  const next = roots.slice(0, carries.length).map((value, n) => {
    const sum = n < body.carried.length ? value : b.add(at(leaves, n), value);
    return b.broadcast(sum, at(carries, n).input.shape);
  });
  const backward = b.scan(
    all.map(({ input }) => input),
    {
      ...{ length, reverse: !reverse, carries: carries.length, slices: slices.length },
      ...{ constants: constants.length, bound: [...leaves, step as NodeOf<"bound">] },
      ...{ nextCarries: next, yields: roots.slice(carries.length) },
    },
  );
  return gather(b, request, body, backward);
}

/** What a backward step computes: next carries first, then yields. */
function backwardRoots(body: BodyDerivative): Node[] {
  return [
    ...body.carried.map(({ value }) => value),
    ...accumulated(body).flatMap(({ rest }) => rest ?? []),
    ...body.slices.map(({ value }) => value),
    ...body.constants.flatMap(({ products }) => products.flatMap((product) => product.inputs)),
  ];
}

/** Nodes of the derivative over the leaves of the backward body. */
function rebuild(
  b: GraphBuilder,
  roots: readonly Node[],
  replacements: ReadonlyMap<Node, Node>,
): Node[] {
  const images = new Map(replacements);
  for (const node of topologicalOrder(roots, (own) => (replacements.has(own) ? [] : own.inputs))) {
    if (images.has(node) || !node.inputs.some((input) => images.has(input))) continue;
    images.set(
      node,
      b.over(
        node,
        node.inputs.map((input) => images.get(input) ?? input),
      ),
    );
  }
  return roots.map((root) => images.get(root) ?? root);
}

/** From the results of the backward scan, the cotangent of every operand of the forward one. */
function gather(
  b: GraphBuilder,
  { scan }: ScanRequest,
  body: BodyDerivative,
  backward: Node,
): (Node | undefined)[] {
  const result: (Node | undefined)[] = scan.inputs.map(() => undefined);
  let index = 0;
  const take = (): Node => b.result(backward, index++);
  for (const { position } of body.carried) result[position] = take();
  for (const { position, rest } of body.constants) {
    if (rest !== undefined) result[position] = take();
  }
  for (const { position } of body.slices) result[position] = take();
  for (const { position, products } of body.constants) {
    for (const product of products) {
      const factors = [take(), take()] as const;
      const whole = contractOverTime(b, product, factors, scan.attributes.length);
      const earlier = result[position];
      result[position] = earlier === undefined ? whole : b.add(earlier, whole);
    }
  }
  return result;
}

/** Σ over steps of a contraction: time is one more summed axis. */
function contractOverTime(
  b: GraphBuilder,
  product: NodeOf<"contract">,
  [left, right]: readonly [Node, Node],
  length: Shape[number],
): Node {
  const { attributes } = product;
  const time = axisEntry(attributes.extents.length);
  const map = (entries: readonly QuasiAffine[]): QuasiAffine[] => [time, ...entries];
  const over: ContractAttributes = {
    extents: [...attributes.extents, length],
    outputRank: attributes.outputRank,
    left: map(attributes.left),
    right: map(attributes.right),
  };
  return b.contract(left, right, over);
}
