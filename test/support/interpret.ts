// Core graphs and values of their leaves in; values of their roots out, in double precision, node by node over the independent reference.

import { countOf } from "../../runtime/dimensions.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { Dim } from "../../compiler/types/dimension.js";
import type { Node, NodeOf, OpAttributes, Shape } from "../../compiler/types/graph.js";
import { reference } from "../oracle/reference.js";
import type { Tensor } from "../oracle/reference.js";

export type { Tensor } from "../oracle/reference.js";

/** Values of `input`, `stored`, `placeholder` and `hostScalar` leaves by name, and of free dimensions. */
export interface Bindings {
  readonly leaves: Readonly<Record<string, Tensor>>;
  readonly dimensions?: Readonly<Record<string, number>>;
  /** Numbers in (0, 1) for draws, one after the other; otherwise they depend on path and index alone. */
  readonly random?: () => number;
}

export function interpret(roots: readonly Node[], bindings: Bindings): Tensor[] {
  const values = evaluateAll(roots, bindings, new Map());
  return roots.map((root) => known(values, root));
}

/** The value of one root. */
export function interpretOne(root: Node, bindings: Bindings): Tensor {
  const [value] = interpret([root], bindings);
  if (value === undefined) throw new Error("one root has one value");
  return value;
}

type Values = Map<Node, Tensor>;

function known(values: Values, node: Node): Tensor {
  const value = values.get(node);
  if (value === undefined) throw new Error(`${node.op} has no value`);
  return value;
}

function evaluateAll(roots: readonly Node[], bindings: Bindings, bound: Values): Values {
  const values = new Map(bound);
  const scans = new Map<Node, Tensor[]>();
  for (const node of topologicalOrder(roots)) {
    if (values.has(node)) continue;
    const inputs = node.inputs.flatMap((input) => values.get(input) ?? []);
    if (node.op === "scan") {
      scans.set(node, runScan(node, inputs, bindings));
      continue;
    }
    values.set(
      node,
      node.op === "result" ? resultOf(node, scans) : evaluate(node, inputs, bindings),
    );
  }
  return values;
}

function resultOf(node: NodeOf<"result">, scans: ReadonlyMap<Node, readonly Tensor[]>): Tensor {
  const [scan] = node.inputs;
  const value = scan === undefined ? undefined : scans.get(scan)?.[node.attributes.index];
  if (value === undefined) throw new Error("a result without its scan");
  return value;
}

function sizes(shape: Shape, bindings: Bindings): number[] {
  return shape.map((dim) => size(dim, bindings));
}

function size(dim: Dim, bindings: Bindings): number {
  return evaluateDim(dim, bindings.dimensions ?? {});
}

function evaluate(node: Node, inputs: readonly Tensor[], bindings: Bindings): Tensor {
  const shape = sizes(node.shape, bindings);
  switch (node.op) {
    case "constant":
      return filled(
        shape,
        (index) => node.attributes.values[index] ?? node.attributes.values[0] ?? 0,
      );
    case "iota":
      return reference.iota([], { shape, axis: node.attributes.axis });
    case "dimension":
      return { shape: [], data: [size(node.attributes.dim, bindings)] };
    case "input":
    case "stored":
    case "placeholder":
    case "hostScalar":
      return leafValue(node.attributes.name, bindings);
    case "random":
      return bindings.random === undefined
        ? draw(node, shape)
        : drawFrom(bindings.random, node, shape);
    case "bound":
    case "scan":
    case "result":
      throw new Error(`${node.op} is evaluated by its scan`);
    default:
      return compute(node, inputs, bindings);
  }
}

function leafValue(name: string, { leaves }: Bindings): Tensor {
  const value = leaves[name];
  if (value === undefined) throw new Error(`the leaf ${name} has no value`);
  return value;
}

function filled(shape: readonly number[], value: (index: number) => number): Tensor {
  const length = countOf(shape);
  return { shape, data: Array.from({ length }, (_, index) => value(index)) };
}

function drawFrom(random: () => number, node: NodeOf<"random">, shape: readonly number[]): Tensor {
  const bits = node.attributes.source === "bits";
  return filled(shape, () => (bits ? Math.floor(random() * 2 ** 32) : random()));
}

/** Not Philox: any numbers in (0, 1), or any 32 bits, that depend on path and index alone. */
function draw(node: NodeOf<"random">, shape: readonly number[]): Tensor {
  let seed = 7;
  for (const letter of node.attributes.path) seed = (seed * 31 + letter.charCodeAt(0)) % 65_521;
  return filled(shape, (index) => {
    const bits = Math.imul(seed + 1 + index * 7919, 2_654_435_761) >>> 0;
    const mixed = Math.imul(bits ^ (bits >>> 15), 2_246_822_519) >>> 0;
    return node.attributes.source === "bits" ? mixed : ((mixed >>> 9) + 0.5) / 2 ** 23;
  });
}

type Computed = Exclude<
  keyof OpAttributes,
  | "constant"
  | "iota"
  | "dimension"
  | "hostScalar"
  | "input"
  | "stored"
  | "bound"
  | "placeholder"
  | "random"
  | "scan"
  | "result"
>;

function compute(
  node: Extract<Node, { op: Computed }>,
  inputs: readonly Tensor[],
  bindings: Bindings,
): Tensor {
  switch (node.op) {
    case "cast":
      return reference.cast(inputs, node.attributes);
    case "reshape":
    case "broadcast":
      return reference[node.op](inputs, { shape: sizes(node.attributes.shape, bindings) });
    case "slice": {
      const { starts, counts, steps } = node.attributes;
      return reference.slice(inputs, {
        starts: sizes(starts, bindings),
        counts: sizes(counts, bindings),
        steps,
      });
    }
    case "pad": {
      const { before, after, interior, value } = node.attributes;
      const [front, behind] = [sizes(before, bindings), sizes(after, bindings)];
      return reference.pad(inputs, { before: front, after: behind, interior, value });
    }
    case "fold": {
      const extents = sizes(node.attributes.extents, bindings);
      return reference.fold(inputs, { ...node.attributes, extents });
    }
    case "scatterAdd": {
      const extent = size(node.attributes.extent, bindings);
      return reference.scatterAdd(inputs, { ...node.attributes, extent });
    }
    case "contract": {
      const { extents, outputRank, left, right } = node.attributes;
      const number = (entry: (typeof left)[number]) => ({
        ...entry,
        offset: size(entry.offset, bindings),
      });
      return reference.contract(inputs, {
        extents: sizes(extents, bindings),
        outputRank,
        left: left.map(number),
        right: right.map(number),
      });
    }
    default:
      return simple(node, inputs);
  }
}

/** Ops whose attributes hold no dimension. */
function simple(
  node: Extract<
    Node,
    {
      op: Exclude<
        Computed,
        "cast" | "reshape" | "broadcast" | "slice" | "pad" | "fold" | "scatterAdd" | "contract"
      >;
    }
  >,
  inputs: readonly Tensor[],
): Tensor {
  const run = reference[node.op] as (inputs: readonly Tensor[], attributes: object) => Tensor;
  return run(inputs, node.attributes);
}

/** Last carries, then stacked yields. */
function runScan(scan: NodeOf<"scan">, inputs: readonly Tensor[], bindings: Bindings): Tensor[] {
  const { carries, slices, bound, nextCarries, yields, reverse } = scan.attributes;
  const length = size(scan.attributes.length, bindings);
  let state = inputs.slice(0, carries);
  const collected: Tensor[][] = yields.map(() => []);
  for (let step = 0; step < length; step++) {
    const index = reverse ? length - 1 - step : step;
    const own = inputs.map((input, position) => {
      if (position < carries) return state[position] ?? input;
      return position < carries + slices ? sliceOf(input, index) : input;
    });
    const values = new Map<Node, Tensor>();
    for (const [position, leaf] of bound.entries()) {
      values.set(leaf, own[position] ?? { shape: [], data: [index] });
    }
    const after = evaluateAll([...nextCarries, ...yields], bindings, values);
    state = nextCarries.map((node) => known(after, node));
    for (const [n, node] of yields.entries()) {
      const list = collected[n];
      if (list !== undefined) list[index] = known(after, node);
    }
  }
  return [...state, ...collected.map((list) => reference.stack(list, { axis: 0 }))];
}

function sliceOf(x: Tensor, index: number): Tensor {
  const shape = x.shape.slice(1);
  const count = countOf(shape);
  return { shape, data: [...x.data].slice(index * count, (index + 1) * count) };
}
