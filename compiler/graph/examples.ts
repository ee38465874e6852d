// Values over a batch in; how the examples of the batch flow into each of their nodes out.
import { givesIndex } from "../scalars/reductions.js";
import { topologicalOrder } from "./walk.js";
import { anyNode, inputAt } from "../ops/broadcast.js";
import { ruleOf } from "../ops/table.js";
import type { GatherRequest, GatherSource } from "../ops/rule.js";
import type { Dim } from "../types/dimension.js";
import type { ContractAttributes, Node, NodeOf, OpName, QuasiAffine } from "../types/graph.js";
import type { ReductionName } from "../types/opNames.js";
import {
  countsExamples,
  entriesOf,
  exampleArithmetic as k,
  exampleIndex,
  mixed,
  plainIndex,
  tellsExample,
  unbounded,
} from "./exampleIndex.js";
import type { ExampleFlow, ExampleFlows, ExampleIndex } from "./exampleIndex.js";
import { loopFlows } from "./exampleLoops.js";

export type { ExampleFlow, ExampleFlows } from "./exampleIndex.js";

/** The flow into every node; that of `given` nodes is taken as it is. */
export function examplesOf(
  roots: readonly Node[],
  given: ReadonlyMap<Node, ExampleFlow> = new Map(),
): ExampleFlows {
  const flows = new Map<Node, ExampleFlow>();
  const loops: LoopFlows = new Map();
  for (const node of topologicalOrder(roots)) {
    flows.set(node, given.get(node) ?? exampleFlowOf(node, flows, loops));
  }
  return flows;
}

export function countsExamplesIn({ shape }: Node): boolean {
  return shape.some(countsExamples);
}

/** How an operand looks to its users: whatever has lost the examples is one value for all of them. */
function seen(node: Node, flows: ExampleFlows): ExampleFlow {
  const flow = flows.get(node) ?? { kind: "mixed" };
  return countsExamplesIn(node) ? flow : { kind: "free" };
}

/** The running indices of a node, one of them the examples'; undefined where there is not exactly one that tells them. */
interface Axes {
  readonly indices: readonly ExampleIndex[];
  readonly example: number | undefined;
  readonly entries: Dim;
}

function axesOf(extents: readonly Dim[]): Axes | undefined {
  const counting = [...extents.keys()].filter((axis) => countsExamples(extents[axis] ?? 1));
  const [example] = counting;
  const entries = example === undefined ? 1 : entriesOf(extents[example] ?? 1);
  if (counting.length > 1 || entries === undefined) return undefined;
  const indices = extents.map((extent, axis) =>
    axis === example ? exampleIndex(entries) : plainIndex(extent),
  );
  return { indices, example, entries };
}

/** Whether an operand read at this index gives what belongs to the example at hand, or to none. */
function readsOwn(flow: ExampleFlow, index: readonly ExampleIndex[]): boolean {
  if (flow.kind === "free") return index.every(({ kind }) => kind === "same");
  if (flow.kind !== "each") return false;
  return index.every((own, axis) =>
    axis === flow.axis ? tellsExample(own, flow.entries) : own.kind === "same",
  );
}

const mix: ExampleFlow = { kind: "mixed" };

/** A node whose outer axes come first, then those it reduces by `combine` (undefined: by what parts do not combine to). */
function settle(
  node: Node,
  axes: Axes | undefined,
  own: boolean,
  combine: ReductionName | undefined,
): ExampleFlow {
  if (!own || axes === undefined) return mix;
  const { example, entries } = axes;
  if (example === undefined) return countsExamplesIn(node) ? mix : { kind: "free" };
  if (example < node.shape.length) return { kind: "each", axis: example, entries };
  return combine === undefined ? mix : { kind: "combined", combine };
}

/** Of each loop, the flows into its outcomes; the loop itself has no value. */
type LoopFlows = Map<Node, readonly ExampleFlow[]>;

function exampleFlowOf(node: Node, flows: ExampleFlows, loops: LoopFlows): ExampleFlow {
  const operands = node.inputs.map((input) => seen(input, flows));
  const outcome = recurrentFlow(node, operands, loops);
  if (outcome) return outcome;
  if (operands.some(({ kind }) => kind === "mixed")) return mix;
  return familyFlow(node, operands);
}

/** Undefined of what is neither a loop nor an outcome of one. */
function recurrentFlow<K extends OpName>(
  node: NodeOf<K>,
  operands: readonly ExampleFlow[],
  loops: LoopFlows,
): ExampleFlow | undefined {
  const { lowering } = ruleOf<K>(node.op);
  switch (lowering.kind) {
    case "recurrence":
      loops.set(anyNode(node), loopFlows(lowering.loop(node), operands, examplesOf));
      return { kind: "free" };
    case "outcome":
      return loops.get(inputAt(node.inputs, 0))?.[lowering.place(node)] ?? mix;
    default:
      return undefined;
  }
}

/** By the family that lowers the op: a new op is read by its index maps, or it is mixed. */
function familyFlow<K extends OpName>(
  of: NodeOf<K>,
  operands: readonly ExampleFlow[],
): ExampleFlow {
  const node = anyNode(of);
  const { lowering } = ruleOf<K>(of.op);
  switch (lowering.kind) {
    case "leaf":
      return leafFlow(node);
    case "pointwise":
    case "identity":
      return pointwiseFlow(node, operands);
    case "reduce": {
      const { combine } = lowering;
      const counted = givesIndex(combine);
      return reductionFlow(operands, lowering.axes(of), counted ? undefined : combine);
    }
    case "gather": {
      const axes = axesOf([...node.shape, ...lowering.summed(of)]);
      const sources = axes && lowering.sources(requestOf(of, axes));
      const own = sources?.every((source) => sourceIsOwn(source, operands));
      const adds = lowering.summed(of).length > 0;
      return settle(node, axes, own ?? false, adds ? "sum" : undefined);
    }
    case "take": {
      const axes = axesOf(node.shape);
      const request = axes && requestOf(of, axes);
      const own =
        request !== undefined &&
        readsOwn(operands[1] ?? mix, lowering.indexAt(request)) &&
        readsOwn(operands[0] ?? mix, lowering.source(request, unbounded));
      return settle(node, axes, own, undefined);
    }
    case "scatter": {
      const axes = axesOf([...node.shape, ...lowering.summed(of)]);
      const request = axes && requestOf(of, axes);
      const own =
        request !== undefined &&
        lowering.owner(request).kind === "same" &&
        readsOwn(operands[0] ?? mix, lowering.update(request)) &&
        readsOwn(operands[1] ?? mix, lowering.indexAt(request));
      return settle(node, axes, own, "sum");
    }
    case "segment": {
      const axes = axesOf(node.shape);
      const request = axes && requestOf(of, axes);
      const table = request && lowering.table(request, unbounded);
      const own =
        request !== undefined &&
        operands.slice(1).every((operand) => readsOwn(operand, table ?? [])) &&
        readsOwn(operands[0] ?? mix, lowering.update(request, unbounded));
      return settle(node, axes, own, undefined);
    }
    case "contract":
      return contractionFlow(node, operands, lowering.maps(of));
    case "recurrence":
    case "outcome":
      return mix;
  }
}

function requestOf<K extends OpName>(
  node: NodeOf<K>,
  { indices }: Axes,
): GatherRequest<ExampleIndex, K> {
  const rank = node.shape.length;
  return { k, node, out: indices.slice(0, rank), summed: indices.slice(rank) };
}

function sourceIsOwn(
  { operand, index, guard }: GatherSource<ExampleIndex>,
  operands: readonly ExampleFlow[],
): boolean {
  return guard?.kind !== "mixed" && readsOwn(operands[operand] ?? mix, index);
}

/** Data comes with one axis that counts examples; so do draws. An index along that axis tells positions. */
function leafFlow(node: Node): ExampleFlow {
  const axes = axesOf(node.shape);
  if (node.op === "dimension") return { kind: "free" };
  if (node.op === "iota" && axes?.example === node.attributes.axis) return mix;
  if (node.op === "input" && axes?.example !== undefined && axes.entries !== 1) return mix;
  return settle(node, axes, true, undefined);
}

/** Operands align at the last axis and repeat along axes of 1. */
function pointwiseFlow(node: Node, operands: readonly ExampleFlow[]): ExampleFlow {
  const axes = axesOf(node.shape);
  const own = node.inputs.every(({ shape }, position) => {
    const missing = node.shape.length - shape.length;
    const index = shape.map((extent, axis) =>
      extent === 1 ? k.constant(0) : (axes?.indices[axis + missing] ?? mixed),
    );
    return readsOwn(operands[position] ?? mix, index);
  });
  return settle(node, axes, own, undefined);
}

function reductionFlow(
  [operand = mix]: readonly ExampleFlow[],
  reduced: readonly number[],
  combine: ReductionName | undefined,
): ExampleFlow {
  if (operand.kind !== "each") return operand.kind === "free" ? operand : mix;
  if (reduced.includes(operand.axis)) {
    return combine === undefined ? mix : { kind: "combined", combine };
  }
  const before = reduced.filter((axis) => axis < operand.axis).length;
  return { ...operand, axis: operand.axis - before };
}

function contractionFlow(
  node: Node,
  operands: readonly ExampleFlow[],
  { extents, left, right }: ContractAttributes,
): ExampleFlow {
  const axes = axesOf(extents);
  const own = [left, right].every((map, operand) =>
    readsOwn(
      operands[operand] ?? mix,
      map.map((entry) => entryIndex(entry, axes?.indices ?? [])),
    ),
  );
  return settle(node, axes, own, "sum");
}

function entryIndex(
  { terms, offset, divisor }: QuasiAffine,
  indices: readonly ExampleIndex[],
): ExampleIndex {
  const sum = terms.reduce<ExampleIndex>(
    (total, { axis, coefficient }) => k.add(total, k.multiply(indices[axis] ?? mixed, coefficient)),
    k.constant(0),
  );
  const shifted = k.add(sum, k.constant(offset));
  // A divisor guards too: what is no multiple of it counts as 0.
  if (divisor === 1) return shifted;
  return shifted.kind === "same" ? k.divide(shifted, divisor) : mixed;
}

/** Whether the value of a leaf comes with the examples: data, or a draw for each. */
export function bringsExamples(node: Node): boolean {
  return (node.op === "input" || node.op === "random") && countsExamplesIn(node);
}
