// The traced body of a scan comes in; a scan node whose body is closed, with everything from outside passed in as constants, goes out.
import type { GraphBuilder } from "../../ops/builder.js";
import { isProblem, type ShapeProblem } from "../../ops/problem.js";
import type { Dim } from "../../types/dimension.js";
import type { Node, NodeOf, OpName } from "../../types/graph.js";

export interface ScanBody {
  readonly carries: readonly { readonly leaf: Node; readonly initial: Node; readonly next: Node }[];
  readonly slices: readonly { readonly leaf: Node; readonly value: Node }[];
  readonly step: Node;
  readonly yields: readonly Node[];
  /** Nodes made before this one belong outside. */
  readonly firstId: number;
  readonly length: Dim;
  readonly reverse: boolean;
}

/** Builds the scan; leaves that the trace used are replaced by ones that are numbered as the contract says. */
export function closeBody(builder: GraphBuilder, body: ScanBody): Node | ShapeProblem {
  const own = new Set<Node>([
    body.step,
    ...body.carries.map(({ leaf }) => leaf),
    ...body.slices.map(({ leaf }) => leaf),
  ]);
  const roots = [...body.carries.map(({ next }) => next), ...body.yields];
  const { inside, captured } = split(roots, own, body.firstId);
  const inputs = [
    ...body.carries.map(({ initial }) => initial),
    ...body.slices.map(({ value }) => value),
    ...captured,
  ];
  const stands = [...body.carries, ...body.slices]
    .map(({ leaf }) => leaf)
    .concat(captured, body.step);
  const images = new Map<Node, Node>();
  const bound: NodeOf<"bound">[] = [];
  for (const [index, node] of stands.entries()) {
    const leaf = builder.leaf("bound", { type: node.type, shape: node.shape }, { index });
    if (leaf.op === "bound") bound.push(leaf);
    images.set(node, leaf);
  }
  for (const node of inside) {
    const image = rebuild(builder, node, images);
    if (isProblem(image)) return image;
    images.set(node, image);
  }
  const imageOf = (node: Node): Node => images.get(node) ?? node;
  return builder.tryNode("scan", inputs, {
    length: body.length,
    reverse: body.reverse,
    carries: body.carries.length,
    slices: body.slices.length,
    constants: captured.length,
    bound,
    nextCarries: body.carries.map(({ next }) => imageOf(next)),
    yields: body.yields.map(imageOf),
  });
}

/** Leaves that a body may hold itself: the rest of what it does not compute comes in as a constant. */
const innerLeaves: ReadonlySet<OpName> = new Set([
  "constant",
  "iota",
  "dimension",
  "hostScalar",
  "random",
]);

/** The nodes that the body computes, operands first, and those that it takes from outside. */
function split(
  roots: readonly Node[],
  own: ReadonlySet<Node>,
  firstId: number,
): { readonly inside: Node[]; readonly captured: Node[] } {
  const inside: Node[] = [];
  const captured: Node[] = [];
  const seen = new Set<Node>(own);
  const stack: { readonly node: Node; readonly done: boolean }[] = [];
  for (const node of roots.toReversed()) stack.push({ node, done: false });
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, done } = top;
    if (done) {
      inside.push(node);
      continue;
    }
    if (seen.has(node)) continue;
    seen.add(node);
    const leaf = node.inputs.length === 0;
    const outside = leaf && node.op !== "random" ? !innerLeaves.has(node.op) : node.id < firstId;
    if (outside) {
      captured.push(node);
      continue;
    }
    stack.push({ node, done: true });
    for (const input of node.inputs.toReversed()) stack.push({ node: input, done: false });
  }
  return { inside, captured };
}

function rebuild(
  builder: GraphBuilder,
  node: Node,
  images: ReadonlyMap<Node, Node>,
): Node | ShapeProblem {
  const inputs = node.inputs.map((input) => images.get(input) ?? input);
  if (inputs.every((input, index) => input === node.inputs[index])) return node;
  return builder.tryNode<OpName>(node.op, inputs, node.attributes, node.origin);
}
