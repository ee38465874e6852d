// A graph and lifted copies of some of its nodes in; the graph for all members at once, by the lift rules of the op table, out.

import type { Dim } from "../types/dimension.js";
import type { Node, NodeOf, OpName } from "../types/graph.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { at, inputAt } from "../ops/broadcast.js";
import { ruleOf } from "../ops/table.js";

/** The value of a node for all members, of its shape with their axis in front; undefined of one that is the same for all, or follows from others. */
export type Images = (node: Node) => Node | undefined;

/**
 * `roots` with one more leading axis of `extent`, where nodes are replaced by their values for all members. What depends on none
 * of them is computed once, and repeated where it is a root.
 */
export function liftGraph(
  b: GraphBuilder,
  roots: readonly Node[],
  given: Images,
  extent: Dim,
): Node[] {
  return liftImages(b, roots, given, extent).map((image, position) => {
    const root = at(roots, position);
    return image ?? b.broadcast(root, [extent, ...root.shape]);
  });
}

/** The same, with undefined for roots that are the same for all members. */
export function liftImages(
  b: GraphBuilder,
  roots: readonly Node[],
  given: Images,
  extent: Dim,
): (Node | undefined)[] {
  const images = new Map<Node, Node>();
  for (const node of topologicalOrder(roots)) {
    const own = given(node);
    if (own !== undefined) images.set(node, own);
    else if (node.op === "scan") {
      if (node.inputs.some((input) => images.has(input)) || differsWithin(node, given))
        images.set(node, liftScan(b.at(node.origin), node, { images, given, extent }));
    } else if (!node.inputs.some((input) => images.has(input))) continue;
    else if (node.op === "result") images.set(node, liftResult(b.at(node.origin), node, images));
    else images.set(node, liftNode(b.at(node.origin), node, images, extent));
  }
  return roots.map((root) => images.get(root));
}

/** Whether something in a body has a value for each member whatever comes in: a draw. */
function differsWithin(scan: NodeOf<"scan">, given: Images): boolean {
  const { nextCarries, yields } = scan.attributes;
  return topologicalOrder([...nextCarries, ...yields]).some(
    (node) => given(node) !== undefined || (node.op === "scan" && differsWithin(node, given)),
  );
}

function liftNode<K extends OpName>(
  b: GraphBuilder,
  node: NodeOf<K>,
  images: ReadonlyMap<Node, Node>,
  extent: Dim,
): Node {
  const inputs = node.inputs.map((input) => images.get(input) ?? input);
  const marks = node.inputs.map((input) => images.has(input));
  return ruleOf(node.op).lift({ b, node, inputs, lifted: marks, extent });
}

interface LiftedSurroundings {
  readonly images: ReadonlyMap<Node, Node>;
  readonly given: Images;
  readonly extent: Dim;
}

/** The scan over lifted carries, and lifted slices and constants where they are; its yields are stacked along time first. */
function liftScan(
  b: GraphBuilder,
  scan: NodeOf<"scan">,
  { images, given, extent }: LiftedSurroundings,
): Node {
  const { carries, slices, bound, nextCarries, yields } = scan.attributes;
  const members = new Map<Node, Node>();
  const inputs: Node[] = [];
  // Leaves that are not lifted keep standing for themselves, the step among them.
  const leaves = [...bound];
  for (const [position, input] of scan.inputs.entries()) {
    const carry = position < carries;
    const lifted = images.has(input) || carry;
    const image =
      images.get(input) ?? (carry ? b.broadcast(input, [extent, ...input.shape]) : input);
    const sliced = !carry && position < carries + slices;
    inputs.push(lifted && sliced ? swapLeading(b, image) : image);
    if (!lifted) continue;
    const leaf = at(bound, position);
    const type = { type: leaf.type, shape: [extent, ...leaf.shape] };
    const own = b.leaf("bound", type, { index: position }) as NodeOf<"bound">;
    leaves[position] = own;
    members.set(leaf, own);
  }
  const body = liftGraph(
    b,
    [...nextCarries, ...yields],
    (node) => members.get(node) ?? given(node),
    extent,
  );
  return b.scan(inputs, {
    ...scan.attributes,
    bound: leaves,
    nextCarries: body.slice(0, nextCarries.length),
    yields: body.slice(nextCarries.length),
  });
}

function liftResult(
  b: GraphBuilder,
  node: NodeOf<"result">,
  images: ReadonlyMap<Node, Node>,
): Node {
  const scan = images.get(inputAt(node.inputs, 0));
  if (scan?.op !== "scan") throw new Error("a result is lifted with its scan");
  const result = b.result(scan, node.attributes.index);
  return node.attributes.index < scan.attributes.nextCarries.length
    ? result
    : swapLeading(b, result);
}

/** [members, time, …] to [time, members, …], and back. */
function swapLeading(b: GraphBuilder, x: Node): Node {
  const rest = x.shape.slice(2).map((_, axis) => axis + 2);
  return b.transpose(x, [1, 0, ...rest]);
}
