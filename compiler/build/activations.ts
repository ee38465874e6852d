// Takes the calls of a traced model, gives for each activation among them what is monitored of it, as numbers of a batch.
import { differentiate } from "../autodiff/differentiate.js";
import { substitute } from "../graph/substitute.js";
import { dependents, topologicalOrder } from "../graph/walk.js";
import { countsExamplesIn } from "../graph/examples.js";
import { countsExamples } from "../graph/exampleIndex.js";
import type { GraphBuilder } from "../ops/builder.js";
import { opTable } from "../ops/table.js";
import { freeNames, shapeEqual } from "../types/dimension.js";
import type { Node } from "../types/graph.js";
import { meanOfAll } from "./reduce.js";
import { activationMonitors } from "../types/model.js";
import type { ActivationMonitor, Named, TracedCall, TypedModel } from "../types/model.js";

/** Where the size of its derivative is below this, an activation passes next to nothing on. */
const flat = 1e-3;

/** Named as it is told (`dense_1.relu`); the value is what the activation gives. */
export interface WatchedActivation extends Named {
  readonly monitored: Monitored;
}

/** Of each monitor its scalar. */
export type Monitored = Readonly<Record<ActivationMonitor, Node>>;

export function watchesActivations(typed: TypedModel): boolean {
  return typed.stages.some(({ monitor }) =>
    activationMonitors.some((name) => monitor.includes(name)),
  );
}

/** What is made of each, one after the other, as when all are roots of a graph. */
export function mapMonitored(monitored: Monitored, make: (value: Node) => Node): Monitored {
  return Object.fromEntries(
    activationMonitors.map((name) => [name, make(monitored[name])] as const),
  ) as Record<ActivationMonitor, Node>;
}

/** All nodes of what is watched, in the order in which they are taken up again. */
export function watchedNodes(activations: readonly WatchedActivation[]): Node[] {
  return activations.flatMap(({ value, monitored }) => [
    value,
    ...activationMonitors.map((name) => monitored[name]),
  ]);
}

/**
 * An activation is a call that the program chose, of a function or layer of one tensor that has examples: entry by entry, and with a derivative that
 * depends on it (what is linear cannot saturate). What runs in a recurrence is left out: its values are those of a turn.
 */
export function activationsOf(b: GraphBuilder, typed: TypedModel): WatchedActivation[] {
  const found: WatchedActivation[] = [];
  const known = new Set<Node>();
  const counts = new Map<string, number>();
  const visit = (call: TracedCall): void => {
    const derivative = derivativeOf(b, call);
    if (derivative === undefined) {
      call.inner.forEach(visit);
      return;
    }
    const [value] = call.results;
    if (value === undefined || known.has(value)) return;
    known.add(value);
    const base = nameOf(call);
    const count = (counts.get(base) ?? 0) + 1;
    counts.set(base, count);
    const name = count === 1 ? base : `${base}_${count}`;
    found.push({ name, value, place: typed.place, monitored: monitoredOf(b, value, derivative) });
  };
  typed.training.calls.forEach(visit);
  return found;
}

function nameOf({ name, path, kind }: TracedCall): string {
  if (kind === "layer") return path;
  return path === "" ? name : `${path}.${name}`;
}

/** At each entry of its argument; undefined of what is no activation. */
function derivativeOf(b: GraphBuilder, call: TracedCall): Node | undefined {
  const [argument, ...others] = call.arguments;
  const [result, ...more] = call.results;
  if (!call.chosen || call.repeated || argument === undefined || result === undefined) return;
  if (others.length + more.length > 0 || !isWatched(argument) || !isWatched(result)) return;
  const within = dependents([result], [argument]);
  if (!within.has(result) || result === argument) return;
  for (const node of topologicalOrder([result], (one) => (one === argument ? [] : one.inputs)))
    if (node !== argument && within.has(node) && !isOfEntry(node, argument)) return;
  const x = b.placeholder("x", argument);
  const outside = new Map<Node, Node>([[argument, x]]);
  const back = new Map<Node, Node>([[x, argument]]);
  standIn(b, result, { within, outside, back });
  const [template = result] = substitute(b, [result], outside);
  const [derivative] = differentiate(b, template, [x]);
  if (derivative === undefined || !dependents([derivative], [x]).has(derivative)) return;
  return substitute(b, [b.broadcast(derivative, argument.shape)], back)[0];
}

/** Of f32, and with examples. */
function isWatched(node: Node): boolean {
  return node.type === "f32" && countsExamplesIn(node);
}

/** Whether each entry of a node depends on the same entry of the argument alone. */
function isOfEntry(node: Node, argument: Node): boolean {
  const { kind } = opTable[node.op].lowering;
  return (kind === "pointwise" || kind === "identity") && shapeEqual(node.shape, argument.shape);
}

interface StandIns {
  readonly within: ReadonlySet<Node>;
  readonly outside: Map<Node, Node>;
  readonly back: Map<Node, Node>;
}

/** Leaves for what the function reads beside its argument: a derivative need not look at what these were computed from. */
function standIn(b: GraphBuilder, result: Node, { within, outside, back }: StandIns): void {
  const inner = topologicalOrder([result], (node) => (within.has(node) ? node.inputs : []));
  for (const node of inner) {
    if (within.has(node) || node.inputs.length === 0 || outside.has(node)) continue;
    const leaf = b.placeholder(`beside ${outside.size}`, node);
    outside.set(node, leaf);
    back.set(leaf, node);
  }
}

function monitoredOf(b: GraphBuilder, value: Node, derivative: Node): Monitored {
  const size = b.abs(derivative);
  return {
    saturation: share(b, b.less(size, flat)),
    dead_units: share(b, b.equal(b.max(size, axesBesideUnits(size)), 0)),
    spread: spreadOf(b, value),
  };
}

/** All but the last, whose entries are units; without an axis of its own, what has examples (or steps in time) in its last one is a single unit. */
function axesBesideUnits({ shape }: Node): number[] {
  const last = shape.at(-1);
  const hasUnits = shape.length > 1 && last !== undefined && freeNames(last).size === 0;
  return [...shape.keys()].filter((axis) => !hasUnits || axis < shape.length - 1);
}

/** The mean distance from the mean over the examples: squares of what is small would be 0 in single precision. */
function spreadOf(b: GraphBuilder, value: Node): Node {
  const axis = value.shape.findIndex(countsExamples);
  const count = b.cast(b.dimension(value.shape[axis] ?? 1), "f32");
  const mean = b.divide(b.sum(value, [axis]), count);
  const kept = value.shape.map((extent, at) => (at === axis ? 1 : extent));
  return meanOfAll(b, b.abs(b.subtract(value, b.reshape(mean, kept))));
}

const share = (b: GraphBuilder, truths: Node): Node => meanOfAll(b, b.cast(truths, "f32"));
