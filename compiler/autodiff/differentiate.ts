// A graph's output and the nodes to differentiate by in; ordinary nodes for the derivatives, by the rules of the op table, out.

import { dimEqual, shapeEqual, shapeText } from "../types/dimension.js";
import type { Node, NodeOf, OpName, Shape } from "../types/graph.js";
import { dependents, topologicalOrder } from "../graph/walk.js";
import { anyNode, at, indices } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { ruleOf } from "../ops/table.js";
import { differentiateScan } from "./scan.js";
import type { Seed } from "./scanBody.js";

export type { Seed } from "./scanBody.js";

/**
 * Reverse mode: for each of `wrt` the derivative of the sum of `output · cotangent` (of `sum(output)` without one), of its
 * shape. The nodes of `wrt` count as independent variables, whatever they were computed from. Zeros where `output` does
 * not depend on one, or where it is not f32.
 */
export function differentiate(
  b: GraphBuilder,
  output: Node,
  wrt: readonly Node[],
  cotangent?: Node,
): Node[] {
  if (output.type !== "f32") return wrt.map((variable) => zeros(b, variable));
  const seed = cotangent ?? b.constant(1, output.shape);
  return differentiateAll(b, [{ output, cotangent: seed }], wrt);
}

/** The same for several outputs at once: the derivative of the sum over all of `output · cotangent`. */
export function differentiateAll(
  b: GraphBuilder,
  seeds: readonly Seed[],
  wrt: readonly Node[],
): Node[] {
  const roots = seeds.map(({ output }) => output);
  const active = dependents(roots, wrt);
  const variables = new Set(wrt);
  const cotangents = new Map<Node, Node>();
  for (const { output, cotangent } of seeds) {
    if (output.type === "f32") accumulate(b, cotangents, output, cotangent);
  }
  const progress: Progress = { active, cotangents, results: new Map() };
  for (const node of topologicalOrder(roots).reverse()) {
    // What a variable was computed from is behind it: nothing passes.
    if (variables.has(node) || !active.has(node)) continue;
    if (node.op === "scan") propagateScan(b.at(node.origin), node, progress);
    const g = cotangents.get(node);
    if (g === undefined) continue;
    if (node.op === "result") collectResult(node, g, progress);
    else propagate(b.at(node.origin), node, g, progress);
  }
  return wrt.map((variable) => cotangents.get(variable) ?? zeros(b, variable));
}

interface Progress {
  readonly active: ReadonlySet<Node>;
  readonly cotangents: Map<Node, Node>;
  /** Cotangents of the results of each scan, by index. */
  readonly results: Map<Node, (Node | undefined)[]>;
}

function propagate<K extends OpName>(
  b: GraphBuilder,
  node: NodeOf<K>,
  g: Node,
  { active, cotangents }: Progress,
): void {
  const rule = ruleOf(node.op).vjp;
  // Where the derivative is zero or there is none, the walk stops.
  if (rule.kind !== "rule") return;
  const needs = node.inputs.map((input) => input.type === "f32" && active.has(input));
  const parts = rule.build({ b, node, g, needs });
  for (const [position, input] of node.inputs.entries()) {
    const part = parts[position];
    if (part !== undefined && needs[position] === true) accumulate(b, cotangents, input, part);
  }
}

function collectResult(node: NodeOf<"result">, g: Node, { results }: Progress): void {
  const [scan] = node.inputs;
  if (scan === undefined) return;
  const own = results.get(scan) ?? [];
  own[node.attributes.index] = g;
  results.set(scan, own);
}

function propagateScan(b: GraphBuilder, scan: NodeOf<"scan">, progress: Progress): void {
  const given = progress.results.get(anyNode(scan));
  if (given === undefined) return;
  const needs = scan.inputs.map((input) => input.type === "f32" && progress.active.has(input));
  const parts = differentiateScan(b, {
    scan,
    cotangents: given,
    needs,
    differentiate: differentiateAll,
  });
  for (const [position, input] of scan.inputs.entries()) {
    const part = parts[position];
    if (part !== undefined) accumulate(b, progress.cotangents, input, part);
  }
}

function accumulate(
  b: GraphBuilder,
  cotangents: Map<Node, Node>,
  node: Node,
  cotangent: Node,
): void {
  const own = unbroadcast(b, cotangent, node.shape);
  const earlier = cotangents.get(node);
  cotangents.set(node, earlier === undefined ? own : b.add(earlier, own));
}

function zeros(b: GraphBuilder, variable: Node): Node {
  return b.constant(0, variable.shape, "f32");
}

/** The adjoint of broadcasting: the sum over axes that were repeated. A smaller tensor is repeated first. */
function unbroadcast(b: GraphBuilder, y: Node, shape: Shape): Node {
  if (shapeEqual(y.shape, shape)) return y;
  if (y.shape.length < shape.length) return unbroadcast(b, b.broadcast(y, shape), shape);
  const extra = y.shape.length - shape.length;
  const repeated = indices(y.shape.length).filter(
    (axis) => axis < extra || (at(shape, axis - extra) === 1 && at(y.shape, axis) !== 1),
  );
  const summed = repeated.length === 0 ? y : b.sum(y, repeated);
  const result = b.reshape(summed, shape);
  const agrees = result.shape.every((extent, axis) => dimEqual(extent, at(shape, axis)));
  if (!agrees) throw new Error(`a cotangent of ${shapeText(y.shape)} for ${shapeText(shape)}`);
  return result;
}
