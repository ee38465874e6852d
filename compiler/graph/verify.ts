// Roots of a graph in; what is wrong with it, in words, out: nothing for a sound graph.

import { shapeEqual } from "../types/dimension.js";
import type { Node, TensorType } from "../types/graph.js";
import { isProblem } from "../ops/problem.js";
import { typeOfNode } from "./builder.js";
import { typeText } from "./print.js";
import { topologicalOrder } from "./walk.js";

/** Runs every node's shape rule again, compares types, and looks for cycles and stray leaves, in bodies of scans too. */
export function verifyGraph(roots: readonly Node[]): string[] {
  return verifyScope(roots, new Set());
}

/** `bound` holds the leaves of the scan body whose roots these are. */
function verifyScope(roots: readonly Node[], bound: ReadonlySet<Node>): string[] {
  const nodes = topologicalOrder(roots);
  const position = new Map(nodes.map((node, index) => [node, index]));
  const faults: string[] = [];
  for (const [index, node] of nodes.entries()) {
    const later = node.inputs.some((input) => (position.get(input) ?? index) >= index);
    if (later) faults.push(`${label(node)} depends on itself`);
    else faults.push(...verifyNode(node));
    if (node.op === "bound" && !bound.has(node)) {
      faults.push(`${label(node)} stands outside the scan that binds it`);
    }
    if (node.op === "scan") {
      const { nextCarries, yields } = node.attributes;
      faults.push(...verifyScope([...nextCarries, ...yields], new Set(node.attributes.bound)));
    }
  }
  return faults;
}

function verifyNode(node: Node): string[] {
  const type = declaredType(node);
  if (isProblem(type)) return [`${label(node)}: ${type.message}`];
  if (type.type === node.type && shapeEqual(type.shape, node.shape)) return [];
  return [`${label(node)} is ${typeText(node)}, and its rule gives ${typeText(type)}`];
}

function declaredType(node: Node): TensorType | ReturnType<typeof typeOfNode> {
  const declared = { type: node.type, shape: node.shape };
  return typeOfNode(node.op, node.inputs, node.attributes, declared);
}

function label(node: Node): string {
  return `node ${node.id} (${node.op})`;
}
