// Samples of every op in; that what is said of their examples holds when the batch is cut in parts, out.
import { countOf } from "../../runtime/dimensions.js";
import { describe, expect, it } from "vitest";
import { examplesOf } from "../../compiler/graph/examples.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { evaluateDim, multiplyDims } from "../../compiler/types/dimension.js";
import type { Node, NodeOf, Shape } from "../../compiler/types/graph.js";
import { collect } from "../../runtime/train/combine.js";
import { interpretOne } from "../support/interpret.js";
import type { Tensor } from "../support/interpret.js";
import { batch, opSamples, sampleDimensions } from "../support/opSamples.js";
import type { OpSample } from "../support/opSamples.js";
import { operandLeaves, operandName, sampleValue } from "../support/sampleValues.js";

/** Of the operands' values those of some examples. */
function part(shape: Shape, { data, shape: extents }: Tensor, from: number, to: number): Tensor {
  const axis = shape.indexOf(batch);
  if (axis < 0) return { data, shape: extents };
  const extent = extents[axis] ?? 1;
  const inner = countOf(extents.slice(axis + 1));
  const kept = [...data].filter((_, at) => {
    const index = Math.floor(at / inner) % extent;
    return index >= from && index < to;
  });
  return { data: kept, shape: extents.map((one, at) => (at === axis ? to - from : one)) };
}

function valueOf(sample: OpSample, node: Node, from: number, to: number): Tensor {
  const leaves = sample.operands.map((operand, position): [string, Tensor] => [
    operandName(position),
    part(operand.shape, sampleValue(operand, sampleDimensions, position), from, to),
  ]);
  const dimensions = { ...sampleDimensions, batch: to - from };
  return interpretOne(node, { leaves: Object.fromEntries(leaves), dimensions });
}

function flowOf(sample: OpSample) {
  const b = createBuilder();
  const node = sample.build(b, operandLeaves(b, sample.operands));
  return { node, flow: examplesOf([node]).get(node) ?? { kind: "mixed" as const } };
}

const batched = opSamples.filter(({ operands }) =>
  operands.some(({ shape }) => shape.includes(batch)),
);

describe("examples flow", () => {
  it.each(batched.map((sample) => [sample.name, sample] as const))("through %s", (_, sample) => {
    const { node, flow } = flowOf(sample);
    if (flow.kind !== "each" && flow.kind !== "combined") return;
    const how = flow.kind === "each" ? { axis: flow.axis } : { combine: flow.combine };
    const parts = collect({ name: "y", type: node.type, shape: [], ...how }, 64, () => "y");
    for (const [from, to] of [
      [0, 1],
      [1, 3],
    ] as const) {
      const dimensions = { ...sampleDimensions, batch: to - from };
      const shape = node.shape.map((dim) => evaluateDim(dim, dimensions));
      parts.add(Float64Array.from(valueOf(sample, node, from, to).data), shape);
    }
    const whole = valueOf(sample, node, 0, sampleDimensions.batch);
    [...whole.data].forEach((value, at) => {
      expect(parts.whole()?.[at]).toBeCloseTo(value, 10);
    });
  });

  it("are known to be apart wherever they are", () => {
    const mixed = batched.filter((sample) => flowOf(sample).flow.kind === "mixed");
    expect(mixed.map(({ name }) => name)).toEqual([
      "cumsum f32[2,free,3] ",
      "cumsum f32[2,free,3] reverse",
      "reshape f32[2,free,3] to one axis",
      "concat f32[free,2] f32[1,2]",
    ]);
  });

  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [batch, 3] });
  const row = b.reshape(b.slice(x, [0, 0], [batch, 1]), [batch]);
  const twoRows = b.constant([0, 1], [2], "i32");
  const twice = multiplyDims(2, batch);
  const draws = b.random("d", "uniform", [twice]);
  const spaced = b.pad(x, [0, 0], [1, 0], { interior: [1, 0] });
  it("keep two draws for each", () => {
    const flow = examplesOf([draws]).get(draws);
    expect(flow).toEqual({ kind: "each", axis: 0, entries: 2 });
  });
  /** A running mean over the second axis, or the first, of which each turn keeps the examples apart or not. */
  const running = (along: "time" | "batch", apart: boolean): readonly Node[] => {
    const data = b.input("data", { type: "f32", shape: [batch, 4] });
    const x = along === "time" ? b.transpose(data, [1, 0]) : data;
    const shape = x.shape.slice(1);
    const leaf = (index: number): NodeOf<"bound"> =>
      b.leaf("bound", { type: "f32", shape }, { index }) as NodeOf<"bound">;
    const [mean, slice] = [leaf(0), leaf(1)];
    const step = b.leaf("bound", { type: "i32", shape: [] }, { index: 2 }) as NodeOf<"bound">;
    const moved = b.add(b.multiply(mean, 0.9), b.multiply(slice, 0.1));
    const scan = b.scan([b.constant(0, shape), x], {
      ...{ length: x.shape[0] ?? 1, reverse: false, carries: 1, slices: 1, constants: 0 },
      bound: [mean, slice, step],
      nextCarries: [apart ? moved : b.subtract(moved, b.sum(moved, [0], true))],
      yields: [moved],
    });
    return [b.result(scan, 0), b.result(scan, 1)];
  };
  const flows = (nodes: readonly Node[]): readonly unknown[] => {
    const found = examplesOf(nodes);
    return nodes.map((node) => found.get(node));
  };
  it("stay apart in a loop whose turns keep them apart", () => {
    expect(flows(running("time", true))).toEqual([
      { kind: "each", axis: 0, entries: 1 },
      { kind: "each", axis: 1, entries: 1 },
    ]);
  });
  it.each([
    ["mixes them in a turn", running("time", false)],
    ["goes through them", running("batch", true)],
  ])("but not in a loop that %s", (_, nodes) => {
    expect(flows(nodes)).toEqual([{ kind: "mixed" }, { kind: "mixed" }]);
  });
  it.each([
    ["an index along the batch", b.iota([batch, 3], 0)],
    ["rows backwards", b.flip(x, [0])],
    ["a running sum of rows", b.cumsum(x, 0)],
    ["one row", b.slice(x, [1, 0], [1, 3])],
    ["rows by indices", b.take(x, twoRows, 0)],
    ["indices of rows", b.argmax(x, 0)],
    ["rows put into rows", b.scatterAdd(row, b.cast(row, "i32"), 0, batch)],
    ["rows side by side", b.add(b.reshape(row, [batch, 1]), b.reshape(row, [1, batch]))],
    ["rows behind rows", b.concat([x, x], 0)],
    ["a row more", b.pad(x, [1, 0], [0, 0])],
    ["columns in rows", b.reshape(x, [3, batch])],
    ["a square of draws", b.random("r", "uniform", [batch, batch])],
    ["numbers put into rows", b.scatterAdd(b.constant([1, 2], [2]), twoRows, 0, batch)],
    ["data of two rows for each", b.input("pairs", { type: "f32", shape: [twice] })],
    ["halves of two rows for each", b.slice(draws, [0], [batch])],
    // Each entry is of one example here, but the index alone does not tell where the bound on it ends.
    ["spaces behind each row, up to a bound along the batch", spaced],
  ] as const)("but %s mixes them", (_, node) => {
    expect(examplesOf([node]).get(node)).toEqual({ kind: "mixed" });
  });
});
