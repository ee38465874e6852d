// A graph's output and the nodes to differentiate by in; ordinary nodes for the derivatives, by the rules of the op table, out.

import type { Node, NodeOf, OpName } from "../types/graph.js";
import { dependents, topologicalOrder } from "../graph/walk.js";
import { anyNode } from "../ops/broadcast.js";
import type { GraphBuilder } from "../ops/builder.js";
import { prepareForDerivative } from "../optimize/index.js";
import { isNeverZero } from "../ops/signs.js";
import { ruleOf } from "../ops/table.js";
import { guardedNode, guardedPart, reachOfOperand } from "./masks.js";
import { either } from "./reach.js";
import type { Reach } from "./reach.js";
import { differentiateScan } from "./scan.js";
import type { Seed } from "./scanBody.js";
import { unbroadcast } from "./unbroadcast.js";

export type { Seed } from "./scanBody.js";

/**
 * Reverse mode: for each of `wrt` the derivative of the sum of `output · cotangent` (of `sum(output)` without one), of its
 * shape. Each is the whole derivative, as if it were asked for alone, though others of `wrt` may lie between it and `output`.
 * Zeros where `output` does not depend on one, or where it is not f32. The passes that come before derivatives are run on
 * `output` first.
 */
export function differentiate(
  b: GraphBuilder,
  output: Node,
  wrt: readonly Node[],
  cotangent?: Node,
): Node[] {
  if (output.type !== "f32") return wrt.map((variable) => zeros(b, variable));
  const seed = cotangent ?? b.constant(1, output.shape);
  const derivatives = new Map<Node, Node>();
  for (const group of independent(wrt)) {
    const [prepared = output] = prepareForDerivative(b, [output], new Set(group));
    const own = differentiateAll(b, [{ output: prepared, cotangent: seed }], group);
    for (const [index, derivative] of own.entries()) {
      const variable = group[index];
      if (variable !== undefined) derivatives.set(variable, derivative);
    }
  }
  return wrt.map((variable) => derivatives.get(variable) ?? zeros(b, variable));
}

/** The nodes in groups of which none holds a node that another of its group is computed from: a walk stops at its variables. */
function independent(wrt: readonly Node[]): Node[][] {
  const variables = new Set(wrt);
  const groups: Node[][] = [];
  const below = new Map<Node, number>();
  for (const node of topologicalOrder(wrt)) {
    let level = 0;
    for (const input of node.inputs) level = Math.max(level, below.get(input) ?? 0);
    if (variables.has(node)) (groups[level++] ??= []).push(node);
    below.set(node, level);
  }
  return groups;
}

/**
 * The same for several outputs at once, by nodes of which none is computed from another: the derivative of the sum over all of `output · cotangent`. What a choice leaves aside
 * gets no cotangent, and a zero cotangent times an infinite factor would be NaN: so for every node the walk knows where its
 * cotangent can differ from zero, and what a rule gives elsewhere is not multiplied but left out.
 */
export function differentiateAll(
  b: GraphBuilder,
  seeds: readonly Seed[],
  wrt: readonly Node[],
): Node[] {
  const roots = seeds.map(({ output }) => output);
  const active = dependents(roots, wrt);
  const variables = new Set(wrt);
  const cotangents = new Map<Node, Node>();
  const progress: Progress = { active, cotangents, reaches: new Map(), results: new Map() };
  for (const { output, cotangent } of seeds) {
    if (output.type === "f32") accumulate(b, progress, output, cotangent, "everywhere");
  }
  for (const node of topologicalOrder(roots).reverse()) {
    // What a variable was computed from is behind it: nothing passes.
    if (variables.has(node) || !active.has(node)) continue;
    if (node.op === "scan") propagateScan(b.at(node.origin), node, progress);
    const g = cotangents.get(node);
    if (g === undefined) continue;
    if (node.op === "result") collectResult(node, g, progress);
    else propagate(b.at(node.origin), node, { g, reach: reachOf(node, progress) }, progress);
  }
  return wrt.map((variable) => cotangents.get(variable) ?? zeros(b, variable));
}

interface Progress {
  readonly active: ReadonlySet<Node>;
  readonly cotangents: Map<Node, Node>;
  /** Where the cotangent of a node can differ from zero. */
  readonly reaches: Map<Node, Reach>;
  /** Cotangents of the results of each scan, by index. */
  readonly results: Map<Node, (Node | undefined)[]>;
}

function reachOf(node: Node, { reaches }: Progress): Reach {
  return reaches.get(node) ?? "everywhere";
}

interface Arrived {
  readonly g: Node;
  readonly reach: Reach;
}

function propagate(b: GraphBuilder, node: Node, { g, reach }: Arrived, progress: Progress): void {
  const needs = node.inputs.map((input) => input.type === "f32" && progress.active.has(input));
  const parts = partsOf(b, guardedNode(b, node, reach), g, needs);
  for (const [position, input] of node.inputs.entries()) {
    const part = parts[position];
    if (part === undefined || needs[position] !== true) continue;
    const own = guardedPart(b, { node, reach, g, part });
    accumulate(b, progress, input, own, reachOfOperand(b, node, reach, position));
  }
}

/** Where the derivative is zero or there is none, the walk stops. */
function partsOf<K extends OpName>(
  b: GraphBuilder,
  node: NodeOf<K>,
  g: Node,
  needs: readonly boolean[],
): readonly (Node | undefined)[] {
  const rule = ruleOf(node.op).vjp;
  return rule.kind === "rule" ? rule.build({ b, node, g, needs, isNeverZero }) : [];
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
    if (part !== undefined) accumulate(b, progress, input, part, "everywhere");
  }
}

function accumulate(
  b: GraphBuilder,
  { cotangents, reaches }: Progress,
  node: Node,
  cotangent: Node,
  reach: Reach,
): void {
  const own = unbroadcast(b, cotangent, node.shape);
  const earlier = cotangents.get(node);
  const known = reaches.get(node);
  reaches.set(node, known === undefined ? reach : either(b, known, reach));
  cotangents.set(node, earlier === undefined ? own : b.add(earlier, own));
}

function zeros(b: GraphBuilder, variable: Node): Node {
  return b.constant(0, variable.shape, "f32");
}
