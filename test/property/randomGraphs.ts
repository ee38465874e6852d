// A seed in; a graph of random operations over random leaves, with their values, out.

import { countOf } from "../../runtime/dimensions.js";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import type { Argument } from "../../compiler/ops/primitives.js";
import { operators, primitives } from "../../compiler/ops/primitives.js";
import { isProblem } from "../../compiler/ops/problem.js";
import { evaluateDim, freeDim, multiplyDims } from "../../compiler/types/dimension.js";
import type { Node, NodeOf, Shape } from "../../compiler/types/graph.js";
import type { Tensor } from "../support/interpret.js";
import { generator } from "../support/sampleValues.js";

export interface RandomGraph {
  readonly b: GraphBuilder;
  readonly outputs: readonly Node[];
  /** ⟨first output, random weights⟩, and its derivatives by all leaves. */
  readonly scalar: Node;
  readonly gradients: readonly { readonly leaf: string; readonly node: Node }[];
  readonly leaves: Readonly<Record<string, Tensor>>;
  readonly dimensions: Readonly<Record<string, number>>;
}

const batch = freeDim("batch");
const time = freeDim("time");
const largestTensor = 600;

interface State {
  readonly b: GraphBuilder;
  readonly seed: number;
  readonly next: () => number;
  readonly dimensions: Readonly<Record<string, number>>;
  readonly pool: Node[];
  readonly leaves: Record<string, Tensor>;
  readonly leafNodes: Node[];
}

/** Gives undefined where the operands do not suit it. */
type Move = (state: State) => Node | undefined;

function below({ next }: State, limit: number): number {
  return Math.floor(next() * limit);
}

function pick<T>(state: State, list: readonly T[]): T {
  const found = list[below(state, list.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}

function sizes({ dimensions }: State, node: Node): number[] {
  return node.shape.map((dim) => evaluateDim(dim, dimensions));
}

function count(state: State, node: Node): number {
  return countOf(sizes(state, node));
}

/** Free axes may be shorter than a window, and every axis has an element. */
function isSound(state: State, node: Node): boolean {
  return topologicalOrder([node]).every((one) => sizes(state, one).every((extent) => extent >= 1));
}

/** Later ones more often, so that chains grow. */
function operand(state: State): Node {
  const { pool, next } = state;
  return pool[Math.floor(pool.length * Math.sqrt(next()))] ?? pick(state, pool);
}

function leaf(state: State, shape: Shape): Node {
  const { b, seed, next, leaves, leafNodes } = state;
  const name = `g${seed}.${leafNodes.length}`;
  const node = b.input(name, { type: "f32", shape });
  const data = Array.from({ length: count(state, node) }, () => next() * 4 - 2);
  leaves[name] = { shape: sizes(state, node), data };
  leafNodes.push(node);
  return node;
}

function call(state: State, name: string, ...values: (Argument | undefined)[]): Node | undefined {
  const primitive = primitives[name] ?? operators[name];
  const built = primitive?.build(state.b, values);
  if (built === undefined || isProblem(built)) return undefined;
  return pick(state, built);
}

/** Indices are distinct numbers with no special value, so that no rounding changes a comparison. */
function threshold(state: State): number {
  return state.next() * 2 - 1 + 1e-4 * Math.PI;
}

const functions: readonly ((b: GraphBuilder, x: Node) => Node)[] = [
  (b, x) => b.tanh(x),
  (b, x) => b.sin(x),
  (b, x) => b.cos(x),
  (b, x) => b.negate(x),
  (b, x) => b.abs(x),
  (b, x) => b.erf(x),
  (b, x) => b.exp(b.tanh(x)),
  (b, x) => b.log(b.add(b.abs(x), 0.5)),
  (b, x) => b.sqrt(b.add(b.multiply(x, x), 0.1)),
  (b, x) => b.divide(1, b.add(b.multiply(x, x), 1)),
  (b, x) => b.power(b.add(b.abs(x), 0.2), 1.5),
  (b, x) => b.multiply(x, -0.7),
  (b, x) => b.add(x, 0.3),
];

const unary: Move = (state) => pick(state, functions)(state.b, operand(state));

const binary: Move = (state) => {
  const [x, y] = [operand(state), operand(state)];
  const name = pick(state, ["+", "-", "min", "max", "*", "/"] as const);
  if (name === "*") return call(state, name, state.b.tanh(x), y);
  if (name === "/") return call(state, name, x, state.b.add(state.b.abs(y), 0.5));
  return call(state, name, x, y);
};

const choice: Move = (state) => {
  const { b } = state;
  const [x, y, z] = [operand(state), operand(state), operand(state)];
  return call(state, "if", b.less(x, threshold(state)), y, z);
};

const reduction: Move = (state) => {
  const x = operand(state);
  const axis = below(state, Math.max(1, x.shape.length));
  const axes = state.next() < 0.3 ? undefined : axis;
  const keep = state.next() < 0.5;
  const name = pick(state, ["sum", "mean", "max", "min", "prod"] as const);
  if (name === "max" || name === "min") {
    return call(state, name, x, undefined, axes, undefined, keep);
  }
  const y = name === "prod" ? state.b.tanh(x) : x;
  return call(state, name, y, axes, undefined, keep);
};

const softmax: Move = (state) => {
  const { b } = state;
  const x = operand(state);
  const axis = x.shape.length - 1;
  if (axis < 0) return undefined;
  const e = b.exp(b.subtract(x, b.stopGradient(b.max(x, [axis], true))));
  return b.divide(e, b.sum(e, [axis], true));
};

const view: Move = (state) => {
  const x = operand(state);
  const rank = x.shape.length;
  if (rank === 0) return call(state, "broadcast", x, [2, batch]);
  const axis = below(state, rank);
  switch (below(state, 7)) {
    case 0:
      return call(state, "transpose", x, undefined);
    case 1:
      return call(state, "flip", x, [axis]);
    case 2:
      return call(state, "reshape", x, merged(state, x.shape));
    case 3:
      return call(state, "slice", x, below(state, 2), undefined, axis, 1 + below(state, 2));
    case 4:
      return call(state, "broadcast", x, [pick(state, [2, batch, time]), ...x.shape]);
    case 5: {
      const margins = x.shape.map((_, n) => (n === axis ? [below(state, 2), 1] : [0, 0]));
      return call(state, "pad", x, margins, state.next() < 0.5 ? 0 : 0.25);
    }
    default:
      return call(state, pick(state, ["cumsum", "cummax", "cummin"]), x, axis, state.next() < 0.5);
  }
};

/** Two neighbouring axes as one, or one more axis of 1. */
function merged(state: State, shape: Shape): Shape {
  const axis = below(state, Math.max(1, shape.length - 1));
  const [first, second] = shape.slice(axis, axis + 2);
  if (first === undefined || second === undefined) return [...shape, 1];
  return [...shape.slice(0, axis), multiplyDims(first, second), ...shape.slice(axis + 2)];
}

const joined: Move = (state) => {
  const [x, y] = [operand(state), operand(state)];
  if (x.shape.length === 0) return call(state, "stack", [x, x], 0);
  return call(state, pick(state, ["concat", "stack"]), [x, y], below(state, x.shape.length));
};

const placed: Move = (state) => {
  const x = operand(state);
  const { b } = state;
  if (x.shape.length === 0) return undefined;
  const axis = below(state, x.shape.length);
  const indices = b.constant([1, 0, 2, 1, 7], [5], "i32");
  switch (below(state, 6)) {
    case 0:
      return call(state, "take", x, indices, axis);
    case 1:
      return call(state, "scatter_add", call(state, "take", x, indices, axis), indices, 3, axis);
    case 2: {
      const ones = x.shape.map(() => 1);
      const own = b.reshape(
        indices,
        ones.map((one, n) => (n === axis ? 5 : one)),
      );
      return call(
        state,
        pick(state, ["scatter_max_along", "scatter_set_along", "scatter_min_along"]),
        call(state, "take_along", x, own, axis),
        own,
        pick(state, [3, batch]),
        axis,
      );
    }
    case 3:
      return call(
        state,
        "pad",
        x,
        x.shape.map((_, n) => (n === axis ? [1, 0] : [0, 0])),
        0,
        "edge",
      );
    case 4:
      return call(
        state,
        pick(state, ["scatter_max", "scatter_set"]),
        call(state, "take", x, indices, axis),
        indices,
        3,
        axis,
      );
    default:
      return call(state, "sort", x, axis, state.next() < 0.5);
  }
};

const product: Move = (state) => {
  const x = operand(state);
  const last = x.shape.at(-1);
  if (typeof last !== "number" || last > 40) return undefined;
  if (state.next() < 0.3) return call(state, "matmul", x, operand(state));
  return call(state, "matmul", x, leaf(state, [last, 1 + below(state, 5)]));
};

const convolution: Move = (state) => {
  const x = operand(state);
  const channels = x.shape.at(-1);
  if (x.shape.length !== 3 || typeof channels !== "number" || channels > 8) return undefined;
  const [stride, padding] = [1 + below(state, 2), pick(state, ["same", "valid", 1])];
  switch (below(state, 4)) {
    case 0:
      return call(state, "window_max", x, 2, stride, padding);
    case 1:
      return call(state, "window_mean", x, 2, stride, padding);
    case 2:
      return call(state, "conv_transpose", x, leaf(state, [2, channels, 2]), stride);
    default:
      return call(state, "conv", x, leaf(state, [2, channels, 3]), stride, padding);
  }
};

/** A loop along the first axis of a tensor, with two carries of which one is mixed across its elements, and two stacks. */
const recurrence: Move = (state) => {
  const { b } = state;
  const [x, constant] = [operand(state), operand(state)];
  const [length, ...shape] = x.shape;
  if (length === undefined) return undefined;
  const bound = (type: "f32" | "i32", own: Shape, index: number): NodeOf<"bound"> =>
    b.leaf("bound", { type, shape: own }, { index }) as NodeOf<"bound">;
  const leaves = [shape, [], shape, constant.shape].map((own, at) => bound("f32", own, at));
  const [h, c, slice, outside] = leaves;
  if (!h || !c || !slice || !outside) return undefined;
  const step = bound("i32", [], leaves.length);
  const mixed = shape.length === 0 ? h : b.sum(h, [shape.length - 1], true);
  const weight = b.tanh(b.sum(outside));
  const next = b.tanh(b.add(b.multiply(h, 0.6), b.add(slice, b.multiply(mixed, 0.2))));
  const count = b.add(b.multiply(c, 0.5), b.multiply(b.sum(next), weight));
  const listed = b.take(b.constant([0.3, -0.2, 0.5], [3]), step, 0);
  const stacked = [b.multiply(next, c), b.add(next, b.multiply(b.cast(step, "f32"), listed))];
  const inner = nestedLoop(state, next);
  const scan = b.scan([b.multiply(b.sum(x, [0]), 0.1), b.constant(0.3), x, constant], {
    ...{ length, reverse: state.next() < 0.5, carries: 2, slices: 1, constants: 1 },
    ...{ bound: [...leaves, step], nextCarries: [next, count], yields: [...stacked, inner] },
  });
  return b.result(scan, below(state, 5));
};

/** Along the first axis of a value of a loop's body, where it has one. */
function nestedLoop({ b }: State, x: Node): Node {
  const [length, ...shape] = x.shape;
  if (length === undefined) return x;
  const leaf = (index: number): NodeOf<"bound"> =>
    b.leaf("bound", { type: "f32", shape }, { index }) as NodeOf<"bound">;
  const [sum, slice] = [leaf(0), leaf(1)];
  const step = b.leaf("bound", { type: "i32", shape: [] }, { index: 2 }) as NodeOf<"bound">;
  const weight = b.take(b.constant([0.9, 1.1], [2]), step, 0);
  const scan = b.scan([b.constant(0, shape), x], {
    ...{ length, reverse: false, carries: 1, slices: 1, constants: 0 },
    ...{
      bound: [sum, slice, step],
      nextCarries: [b.sin(b.add(b.multiply(sum, weight), slice))],
      yields: [],
    },
  });
  return b.result(scan, 0);
}

const moves: readonly Move[] = [
  ...[unary, unary, unary, binary, binary, binary, choice, reduction, reduction, softmax],
  ...[view, view, view, joined, placed, product, product, convolution, convolution],
];

const shapes: readonly Shape[] = [[], [3], [batch], [batch, 3], [batch, time, 2], [3, 1, batch]];

export interface RandomOptions {
  /** Fixes the free dimensions, which the seed chooses otherwise. */
  readonly sizes?: { readonly batch: number; readonly time: number };
  /** With loops in time. */
  readonly recurrent?: boolean;
}

export function randomGraph(
  seed: number,
  { sizes, recurrent = false }: RandomOptions = {},
): RandomGraph {
  const next = generator(seed);
  const b = createBuilder();
  const chosen = { batch: 1 + Math.floor(next() * 4), time: 1 + Math.floor(next() * 6) };
  const dimensions = sizes ?? chosen;
  const state: State = { b, seed, next, dimensions, pool: [], leaves: {}, leafNodes: [] };
  for (let n = 0; n < 3; n++) state.pool.push(leaf(state, pick(state, shapes)));
  const wanted = 3 + below(state, 12);
  for (let n = 0; n < wanted; n++) {
    const loops = recurrent && n % 4 === 1;
    const made = loops ? recurrence(state) : pick(state, moves)(state);
    if (made?.type !== "f32" || !isSound(state, made)) continue;
    if (count(state, made) <= largestTensor) state.pool.push(made);
  }
  const outputs = [...new Set([state.pool.at(-1), operand(state)])].filter(
    (one) => one !== undefined,
  );
  const [first] = outputs;
  if (first === undefined) throw new Error("no output");
  const variables = [...state.leafNodes];
  const scalar = b.sum(b.multiply(first, leaf(state, first.shape)));
  const gradients = differentiate(b, scalar, variables).map((node, at) => ({
    leaf: `g${seed}.${at}`,
    node,
  }));
  return { b, outputs, scalar, gradients, leaves: state.leaves, dimensions };
}
