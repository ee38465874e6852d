// A model's outputs in; the same for one step of time, each scan over time going on from carries that are given, or why that is not possible, out.
import { flowsAlong } from "../graph/along.js";
import type { ExampleFlow } from "../graph/examples.js";
import { topologicalOrder } from "../graph/walk.js";
import type { GraphBuilder } from "../ops/builder.js";
import { dimEqual, freeDim, freeNames } from "../types/dimension.js";
import type { Effect, Node, NodeOf, Origin } from "../types/graph.js";
import type { TypedModel } from "../types/model.js";
import { atStart } from "./carried.js";
import type { BuiltHeld } from "./types.js";

/** What a stream cannot do, where it stands, and what stands there. */
export interface StreamProblem {
  readonly origin: Origin | undefined;
  readonly message: string;
  readonly hint: string;
}

export interface BuiltStream {
  /** The dimension that a stream goes along, a step at a time. */
  readonly along: string;
  readonly effects: readonly Effect[];
  readonly held: readonly BuiltHeld[];
}

const passing =
  "what a stream gives of a step depends on that step and on what forward scans carried up to it";

function timeOf(model: TypedModel, order: readonly Node[]): string | undefined {
  const lengths = order.flatMap((node) => (node.op === "scan" ? [node.attributes.length] : []));
  return model.freeDimensions.find(
    (name) => name !== "batch" && lengths.some((length) => dimEqual(length, freeDim(name))),
  );
}

const isAlong = (node: Node, time: string): node is NodeOf<"scan"> =>
  node.op === "scan" && freeNames(node.attributes.length).has(time);

/** Undefined where each output of a step follows from that step and the carries. */
export function streamProblem(b: GraphBuilder, model: TypedModel): StreamProblem | undefined {
  const roots = atStart(
    b,
    model,
    model.inference.outputs.map(({ value }) => value),
  );
  const order = topologicalOrder(roots);
  const time = timeOf(model, order);
  if (time === undefined) {
    return {
      origin: undefined,
      message: `${model.name} has no \`scan\` along a free dimension, so nothing passes from step to step`,
      hint: "`net.stream()` is for recurrent models: `input x: [batch, time, n]`, `x |> gru(32)`",
    };
  }
  const scans = order.filter((node) => isAlong(node, time));
  return (
    firstOf(scans, (scan) => scanProblem(scan, time, placeOf(scan, order))) ??
    flowProblem(roots, order, time) ??
    firstOf(order, (node) => lengthProblem(node, time))
  );
}

/** A scan stands where its results do; its node, where the last of its body was made. */
function placeOf(scan: Node, order: readonly Node[]): Origin | undefined {
  return order.find((node) => node.op === "result" && node.inputs[0] === scan)?.origin;
}

function firstOf<T>(
  list: readonly T[],
  problemOf: (one: T) => StreamProblem | undefined,
): StreamProblem | undefined {
  for (const one of list) {
    const problem = problemOf(one);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function scanProblem(
  node: NodeOf<"scan">,
  time: string,
  origin: Origin | undefined,
): StreamProblem | undefined {
  const { length, reverse, bound, nextCarries, yields } = node.attributes;
  if (!dimEqual(length, freeDim(time)))
    return { origin, message: `this scan has other steps than \`${time}\` has`, hint: passing };
  if (reverse) {
    return {
      origin,
      message: "this scan runs from the end, which a stream has not seen",
      hint: "leave `reverse` out (`bidirectional` reads both ways)",
    };
  }
  const body = topologicalOrder([...nextCarries, ...yields]);
  if (body.some((one) => one === bound.at(-1))) {
    return {
      origin,
      message: "this scan counts its steps, and each step of a stream is its first",
      hint: "carry the count: `carry t: [] = 0`, `t <- t + 1`",
    };
  }
  return undefined;
}

function lengthProblem(node: Node, time: string): StreamProblem | undefined {
  if (node.op === "scan") {
    const { nextCarries, yields } = node.attributes;
    const body = topologicalOrder([...nextCarries, ...yields]);
    return firstOf(body, (one) => lengthProblem(one, time));
  }
  if (node.op !== "dimension" || !freeNames(node.attributes.dim).has(time)) return undefined;
  const { origin } = node;
  return {
    origin,
    message: `this asks how long \`${time}\` is, which a stream does not know`,
    hint: passing,
  };
}

/** The first value in which steps meet otherwise than in a scan. */
function flowProblem(
  roots: readonly Node[],
  order: readonly Node[],
  time: string,
): StreamProblem | undefined {
  const given = new Map<Node, ExampleFlow>();
  for (const node of order) {
    const [scan] = node.inputs;
    if (node.op !== "result" || scan === undefined || !isAlong(scan, time)) continue;
    const isStacked = node.attributes.index >= scan.attributes.carries;
    given.set(node, isStacked ? { kind: "each", axis: 0, entries: 1 } : { kind: "mixed" });
  }
  const flows = flowsAlong(time, roots, given);
  const isOwn = (node: Node, sliced: boolean): boolean => {
    const flow = flows.get(node);
    if (!sliced) return flow?.kind === "free";
    return flow?.kind === "each" && flow.axis === 0 && dimEqual(flow.entries, 1);
  };
  for (const node of order) {
    const kind = flows.get(node)?.kind;
    if (isAlong(node, time)) {
      const { carries, slices } = node.attributes;
      const fits = node.inputs.every((input, at) =>
        isOwn(input, at >= carries && at < carries + slices),
      );
      if (!fits)
        return {
          origin: placeOf(node, order),
          message: `each step of this scan looks at all of \`${time}\``,
          hint: passing,
        };
    } else if (kind === "mixed" || kind === "combined") {
      const isLast = given.has(node);
      return {
        origin: node.origin,
        message: isLast
          ? `this is the last value of a scan, which is there when \`${time}\` is over`
          : `this looks at several steps of \`${time}\``,
        hint: isLast ? "`yield` the carry: its value at each step flows along time" : passing,
      };
    }
  }
  return undefined;
}

/** For a model without a problem. */
export function streamOf(b: GraphBuilder, model: TypedModel): BuiltStream | undefined {
  const { outputs } = model.inference;
  const roots = atStart(
    b,
    model,
    outputs.map(({ value }) => value),
  );
  const order = topologicalOrder(roots);
  const time = timeOf(model, order);
  if (time === undefined) return undefined;
  const held: BuiltHeld[] = [];
  const effects: Effect[] = [];
  const hold = (node: Pick<Node, "type" | "shape">, initial: number): Node => {
    const name = `stream.${held.length}`;
    held.push({ name, type: node.type, shape: node.shape, initial });
    return b.input(name, node);
  };
  const made = new Map<Node, Node>();
  let begun: Node | undefined;
  const startOf = (initial: Node): Node => {
    const number = splatOf(initial);
    const carried = hold({ type: initial.type, shape: initial.shape }, number ?? 0);
    if (number !== undefined) return carried;
    if (begun === undefined) {
      begun = hold({ type: "i32", shape: [] }, 0);
      effects.push({
        kind: "result",
        name: `stream.${held.length - 1}`,
        value: b.constant(1, [], "i32"),
      });
    }
    return b.select(b.equal(begun, b.constant(0, [], "i32")), initial, carried);
  };
  for (const node of order) {
    const inputs = node.inputs.map((input) => made.get(input) ?? input);
    if (!isAlong(node, time)) {
      const same = inputs.every((input, at) => input === node.inputs[at]);
      made.set(node, same ? node : b.at(node.origin).node(node.op, inputs, node.attributes));
      continue;
    }
    const { carries } = node.attributes;
    const names: string[] = [];
    const starts = inputs.slice(0, carries).map((initial) => {
      names.push(`stream.${held.length}`);
      return startOf(initial);
    });
    const scan = b.at(node.origin).scan([...starts, ...inputs.slice(carries)], node.attributes);
    made.set(node, scan);
    for (const [at, name] of names.entries())
      effects.push({ kind: "result", name, value: b.result(scan, at) });
  }
  const told = outputs.map(({ name }, at): Effect => {
    const root = roots[at];
    if (root === undefined) throw new Error(`the output ${name} has no value`);
    return { kind: "result", name, value: made.get(root) ?? root };
  });
  return { along: time, effects: [...told, ...effects], held };
}

/** The number that all entries of a value are, where it is written so. */
function splatOf(node: Node): number | undefined {
  if (node.op === "constant") {
    const [first, ...more] = node.attributes.values;
    return more.length === 0 ? first : undefined;
  }
  const [operand] = node.inputs;
  const shows = node.op === "broadcast" || node.op === "reshape";
  return shows && operand !== undefined ? splatOf(operand) : undefined;
}
