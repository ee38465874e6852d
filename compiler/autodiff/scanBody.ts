// A scan and the cotangents of its results in; the derivative of one step, and what it reads of the forward scan, out.

import type { Node, NodeOf } from "../types/graph.js";
import { dependents, topologicalOrder } from "../graph/walk.js";
import { at, indices } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { isExpanded, nodesToKeep } from "./keep.js";

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

/** Positions of the carries, slices or constants among the operands. */
export interface ScanPositions {
  readonly carries: readonly number[];
  readonly slices: readonly number[];
  readonly constants: readonly number[];
}

export function scanPositions({ attributes }: NodeOf<"scan">): ScanPositions {
  const { carries, slices, constants } = attributes;
  return {
    carries: indices(carries),
    slices: indices(slices).map((n) => n + carries),
    constants: indices(constants).map((n) => n + carries + slices),
  };
}

/** The derivative of one step. */
export interface BodyDerivative {
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
export interface ConstantParts {
  readonly position: number;
  readonly products: readonly NodeOf<"contract">[];
  readonly rest: Node | undefined;
}

export function differentiateBody(b: GraphBuilder, request: ScanRequest): BodyDerivative {
  const { scan, needs } = request;
  const { bound, nextCarries } = scan.attributes;
  const layout = scanPositions(scan);
  const carries = layout.carries
    .filter((position) => at(bound, position).type === "f32")
    .map((position) => ({ position, leaf: cotangentLeaf(b, at(bound, position)) }));
  const yielded = yieldedOf(b, request);
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
  const leaves = wanted.map((position) => at(bound, position));
  const derivatives = request.differentiate(b, seeds, leaves);
  const draws = topologicalOrder(derivatives).filter(({ op }) => op === "random");
  const own = bound.filter((_, position) => !layout.constants.includes(position));
  const varying = dependents(derivatives, [...own, ...draws, ...seeds.map((one) => one.cotangent)]);
  const varies = (node: Node): boolean => varying.has(node);
  const valuesAt = (positions: readonly number[]) =>
    positions.flatMap((position) => {
      const value = derivatives[wanted.indexOf(position)];
      return value === undefined ? [] : [{ position, value }];
    });
  return {
    carried: carries.map((own, n) => ({ ...own, value: at(derivatives, n) })),
    yielded,
    slices: valuesAt(layout.slices),
    constants: valuesAt(layout.constants).map(({ position, value }) =>
      partsOf(b, position, value, varies),
    ),
  };
}

/** A leaf that stands for a cotangent until the backward body binds it. */
function cotangentLeaf(b: GraphBuilder, like: Node): Node {
  return b.placeholder("cotangent", { type: "f32", shape: like.shape });
}

/** Real yields whose stacked values have a cotangent. */
function yieldedOf(b: GraphBuilder, { scan, cotangents }: ScanRequest) {
  const { nextCarries, yields } = scan.attributes;
  return yields.flatMap((value, n) => {
    const cotangent = cotangents[nextCarries.length + n];
    if (cotangent === undefined || value.type !== "f32") return [];
    return [{ cotangent, leaf: cotangentLeaf(b, value), value }];
  });
}

/** The terms of a sum; contractions apart, unless their factors are too large to be kept of every step. */
function partsOf(
  b: GraphBuilder,
  position: number,
  value: Node,
  varies: (node: Node) => boolean,
): ConstantParts {
  const products: NodeOf<"contract">[] = [];
  let rest: Node | undefined;
  const pending = [value];
  for (let term = pending.pop(); term !== undefined; term = pending.pop()) {
    if (term.op === "add" && term.inputs.every((input) => sameRank(input, value))) {
      pending.push(...term.inputs);
    } else if (
      term.op === "contract" &&
      !term.inputs.some((factor) => isExpanded(factor, varies))
    ) {
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

/** What must be kept of every step for what the derivative reads of the forward body: values that change from step to step. */
export function keptOf(scan: NodeOf<"scan">, body: BodyDerivative): Node[] {
  const { bound, nextCarries, yields } = scan.attributes;
  const forward = topologicalOrder([...nextCarries, ...yields, ...bound]);
  const draws = forward.filter(({ op }) => op === "random");
  // What depends on constants alone is computed again.
  const fixed = scanPositions(scan).constants;
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
  return nodesToKeep({
    changing: forward.filter((node) => changing.has(node) && !atHand.has(node)),
    reads: read,
    varies: (node) => changing.has(node),
  });
}

/** What was kept of every step: the node of the body, and its values, stacked. */
export interface Kept {
  readonly node: Node;
  readonly stacked: Node;
}

export function extendForward(
  b: GraphBuilder,
  scan: NodeOf<"scan">,
  kept: readonly Node[],
): Kept[] {
  // A scan's own node where nothing more is kept; the node itself carries no bundle type.
  const { attributes } = scan;
  if (kept.length === 0) return [];
  const extended = b.scan(scan.inputs, { ...attributes, yields: [...attributes.yields, ...kept] });
  const first = attributes.nextCarries.length + attributes.yields.length;
  return kept.map((node, n) => ({ node, stacked: b.result(extended, first + n) }));
}
