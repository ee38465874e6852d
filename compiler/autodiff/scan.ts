// A scan and the cotangents of its results in; one more scan, backwards, and from it the cotangents of its operands, out.

import { addDims } from "../types/dimension.js";
import type { ContractAttributes, Node, NodeOf, QuasiAffine, Shape } from "../types/graph.js";
import { dependents, topologicalOrder } from "../graph/walk.js";
import { at, indices, inputAt } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { axisEntry } from "../ops/contraction.js";

/** An output of a graph and what it is weighted with. */
export interface Seed {
  readonly output: Node;
  readonly cotangent: Node;
}

export interface ScanRequest {
  readonly scan: NodeOf<"scan">;
  /** By result: last carries, then stacked yields. */
  readonly cotangents: readonly (Node | undefined)[];
  /** Which operands need a cotangent. */
  readonly needs: readonly boolean[];
  readonly differentiate: (b: GraphBuilder, seeds: readonly Seed[], wrt: readonly Node[]) => Node[];
}

/**
 * The body's derivative is built once, as a graph over the body's own nodes. What it reads of them becomes further yields
 * of the forward scan (the same carries, so that optimization merges both), and the derivative the body of a reversed scan,
 * whose carries are the cotangents of the carries. Cotangents of slices are its yields. A constant's cotangent is a sum over
 * all steps: where a step's part is a contraction (a weight's always is), its factors are yielded and contracted once
 * outside, over time too; other parts are carried. The result is an ordinary scan, to be differentiated again.
 */
export function differentiateScan(b: GraphBuilder, request: ScanRequest): (Node | undefined)[] {
  const body = differentiateBody(b, request);
  const reads = readsOf(request.scan, body);
  const forward = extendForward(b, request.scan, reads);
  return runBackward(b, request, body, forward);
}

/** Positions of the carries, slices or constants among the operands. */
interface Layout {
  readonly carries: readonly number[];
  readonly slices: readonly number[];
  readonly constants: readonly number[];
}

function layoutOf({ attributes }: NodeOf<"scan">): Layout {
  const { carries, slices, constants } = attributes;
  return {
    carries: indices(carries),
    slices: indices(slices).map((n) => n + carries),
    constants: indices(constants).map((n) => n + carries + slices),
  };
}

/** The derivative of one step. */
interface BodyDerivative {
  /** Real carries by position, with the leaf for the cotangent of the next value, and the cotangent of the value before. */
  readonly carried: readonly {
    readonly position: number;
    readonly leaf: Node;
    readonly value: Node;
  }[];
  /** Yields with a cotangent: the leaf for one step's part of it. */
  readonly yielded: readonly { readonly cotangent: Node; readonly leaf: Node }[];
  readonly slices: readonly { readonly position: number; readonly value: Node }[];
  readonly constants: readonly ConstantParts[];
}

/** A constant's cotangent in one step: contractions to be done outside, and the rest, to be carried. */
interface ConstantParts {
  readonly position: number;
  readonly products: readonly NodeOf<"contract">[];
  readonly rest: Node | undefined;
}

function differentiateBody(b: GraphBuilder, request: ScanRequest): BodyDerivative {
  const { scan, cotangents, needs, differentiate } = request;
  const { bound, nextCarries, yields } = scan.attributes;
  const layout = layoutOf(scan);
  const placeholder = (like: Node): Node =>
    b.placeholder("cotangent", { type: "f32", shape: like.shape });
  const carries = layout.carries
    .filter((position) => at(bound, position).type === "f32")
    .map((position) => ({ position, leaf: placeholder(at(bound, position)) }));
  const yielded = yields.flatMap((value, n) => {
    const cotangent = cotangents[nextCarries.length + n];
    if (cotangent === undefined || value.type !== "f32") return [];
    return [{ cotangent, leaf: placeholder(value), value }];
  });
  const seeds: Seed[] = [
    ...carries.map(({ position, leaf }) => ({
      output: at(nextCarries, position),
      cotangent: leaf,
    })),
    ...yielded.map(({ value, leaf }) => ({ output: value, cotangent: leaf })),
  ];
  const wanted = [
    ...carries.map(({ position }) => position),
    ...[...layout.slices, ...layout.constants].filter((position) => needs[position] === true),
  ];
  const derivatives = differentiate(
    b,
    seeds,
    wanted.map((position) => at(bound, position)),
  );
  const byPosition = new Map(wanted.map((position, n) => [position, at(derivatives, n)]));
  const valueAt = (position: number): Node[] => {
    const value = byPosition.get(position);
    return value === undefined ? [] : [value];
  };
  return {
    carried: carries.flatMap((own) => valueAt(own.position).map((value) => ({ ...own, value }))),
    yielded,
    slices: layout.slices.flatMap((position) =>
      valueAt(position).map((value) => ({ position, value })),
    ),
    constants: layout.constants.flatMap((position) =>
      valueAt(position).map((value) => partsOf(b, position, value)),
    ),
  };
}

/** The terms of a sum, contractions apart. */
function partsOf(b: GraphBuilder, position: number, value: Node): ConstantParts {
  const products: NodeOf<"contract">[] = [];
  let rest: Node | undefined;
  const pending = [value];
  for (let term = pending.pop(); term !== undefined; term = pending.pop()) {
    if (term.op === "add" && term.inputs.every((input) => sameRank(input, value))) {
      pending.push(...term.inputs);
    } else if (term.op === "contract") {
      products.push(term);
    } else {
      rest = rest === undefined ? term : b.add(rest, term);
    }
  }
  return { position, products, rest };
}

/** Terms that do not broadcast within the sum. */
function sameRank(term: Node, sum: Node): boolean {
  return (
    term.shape.length === sum.shape.length &&
    term.shape.every((d, axis) => d !== 1 || at(sum.shape, axis) === 1)
  );
}

/** All nodes whose values the backward body computes. */
function outputsOf(body: BodyDerivative): Node[] {
  return [
    ...body.carried.map(({ value }) => value),
    ...body.slices.map(({ value }) => value),
    ...body.constants.flatMap(({ products, rest }) => [
      ...products.flatMap((product) => product.inputs),
      ...(rest === undefined ? [] : [rest]),
    ]),
  ];
}

/** What the derivative reads of the forward body: values that change from step to step must be kept. */
function readsOf(scan: NodeOf<"scan">, body: BodyDerivative): Node[] {
  const { bound, nextCarries, yields } = scan.attributes;
  const forward = topologicalOrder([...nextCarries, ...yields, ...bound]);
  const draws = forward.filter(({ op }) => op === "random");
  // What depends on constants alone is computed again.
  const fixed = layoutOf(scan).constants;
  const varying = bound.filter((_, position) => !fixed.includes(position));
  const changing = dependents(forward, [...varying, ...draws]);
  const own = new Set(forward);
  const outputs = outputsOf(body);
  const read = new Set<Node>(outputs.filter((node) => changing.has(node) && own.has(node)));
  const backward = topologicalOrder(outputs, (node) => (own.has(node) ? [] : node.inputs));
  for (const node of backward) {
    if (own.has(node)) continue;
    for (const input of node.inputs) if (own.has(input) && changing.has(input)) read.add(input);
  }
  // Slices, constants and the step are at hand in the backward scan.
  const atHand = new Set<Node>(bound.slice(scan.attributes.carries));
  return [...read].filter((node) => !atHand.has(node));
}

/** What was kept of every step: the node of the body, and its values, stacked. */
interface Kept {
  readonly node: Node;
  readonly stacked: Node;
}

function extendForward(b: GraphBuilder, scan: NodeOf<"scan">, reads: readonly Node[]): Kept[] {
  // A scan's own node where nothing more is read; the node itself carries no bundle type.
  const { attributes } = scan;
  if (reads.length === 0) return [];
  const extended = b.scan(scan.inputs, { ...attributes, yields: [...attributes.yields, ...reads] });
  const first = attributes.nextCarries.length + attributes.yields.length;
  return reads.map((node, n) => ({ node, stacked: b.result(extended, first + n) }));
}

/** One operand of the backward scan, with the node that it stands for in the derivative of the body. */
interface Operand {
  readonly stands: Node | undefined;
  readonly input: Node;
}

function runBackward(
  b: GraphBuilder,
  request: ScanRequest,
  body: BodyDerivative,
  kept: readonly Kept[],
): (Node | undefined)[] {
  const { scan, cotangents } = request;
  const layout = layoutOf(scan);
  const { bound, length, reverse } = scan.attributes;
  const carried = body.constants.filter(({ rest }) => rest !== undefined);
  const stand = (position: number): Operand => ({
    stands: at(bound, position),
    input: inputAt(scan.inputs, position),
  });
  const carries: Operand[] = [
    ...body.carried.map(({ position, leaf }) => ({
      stands: leaf,
      input: cotangents[position] ?? b.constant(0, leaf.shape),
    })),
    ...carried.map(({ position }) => ({
      stands: undefined,
      input: b.constant(0, inputAt(scan.inputs, position).shape),
    })),
  ];
  const slices: Operand[] = [
    ...body.yielded.map(({ leaf, cotangent }) => ({ stands: leaf, input: cotangent })),
    ...kept.map(({ node, stacked }) => ({ stands: node, input: stacked })),
    ...layout.slices.map(stand),
  ];
  const constants = layout.constants.map(stand);
  const operands = [...carries, ...slices, ...constants];
  const leaves = operands.map(({ input }, index) => {
    const sliced = index >= carries.length && index < carries.length + slices.length;
    const shape = sliced ? input.shape.slice(1) : input.shape;
    return b.leaf("bound", { type: input.type, shape }, { index }) as NodeOf<"bound">;
  });
  const step = b.leaf("bound", { type: "i32", shape: [] }, { index: operands.length });
  const images = new Map<Node, Node>([[at(bound, bound.length - 1), step]]);
  for (const [n, { stands }] of operands.entries()) {
    if (stands !== undefined) images.set(stands, at(leaves, n));
  }
  const products = body.constants.flatMap(({ products: own }) => own);
  const roots = rebuild(
    b,
    [
      ...body.carried.map(({ value }) => value),
      ...carried.flatMap(({ rest }) => rest ?? []),
      ...body.slices.map(({ value }) => value),
      ...products.flatMap((product) => product.inputs),
    ],
    images,
  );
  const next = roots.slice(0, carries.length).map((value, n) => {
    const sum = n < body.carried.length ? value : b.add(at(leaves, n), value);
    return b.broadcast(sum, at(carries, n).input.shape);
  });
  const yields = roots.slice(carries.length);
  const backward = b.scan(
    operands.map(({ input }) => input),
    {
      ...{ length, reverse: !reverse, carries: carries.length, slices: slices.length },
      ...{ constants: constants.length, bound: [...leaves, step as NodeOf<"bound">] },
      ...{ nextCarries: next, yields },
    },
  );
  return gather(b, request, body, backward);
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
    extents: [...attributes.extents, addDims(length)],
    outputRank: attributes.outputRank,
    left: map(attributes.left),
    right: map(attributes.right),
  };
  return b.contract(left, right, over);
}
