// Every sample of a gathering op in; its index maps, run on plain numbers, and what it moves unchanged, against the reference out.

import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { movementOf } from "../../compiler/ops/movement.js";
import type { GatherRequest, IndexBuilder, OpRule } from "../../compiler/ops/rule.js";
import { ruleOf } from "../../compiler/ops/table.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { NodeOf, OpName, Shape } from "../../compiler/types/graph.js";
import { interpretOne } from "../support/interpret.js";
import type { Tensor } from "../support/interpret.js";
import { opSamples, sampleDimensions } from "../support/opSamples.js";
import type { OpSample } from "../support/opSamples.js";
import { operandLeaves, operandName, sampleValue } from "../support/sampleValues.js";

/** Index expressions as numbers: a comparison is 0 or 1. */
const k: IndexBuilder<number> = {
  constant: (value) => size(value),
  add: (left, right) => left + right,
  multiply: (left, factor) => left * size(factor),
  divide: (left, divisor) => Math.floor(left / size(divisor)),
  modulo: (left, divisor) => left - size(divisor) * Math.floor(left / size(divisor)),
  less: (left, right) => Number(left < right),
  lessEqual: (left, right) => Number(left <= right),
  equal: (left, right) => Number(left === right),
  and: (left, right) => Number(left !== 0 && right !== 0),
};

function size(dim: Shape[number]): number {
  return evaluateDim(dim, sampleDimensions);
}

function sizes(shape: Shape): number[] {
  return shape.map(size);
}

function positionsOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (list, extent) =>
      list.flatMap((position) => Array.from({ length: extent }, (_, n) => [...position, n])),
    [[]],
  );
}

/** Reading outside an operand is a fault of the map, whatever stands there. */
function read(x: Tensor | undefined, index: readonly number[]): number {
  if (x?.shape.length !== index.length) throw new Error("an index has an entry for each axis");
  const offset = index.reduce((sum, position, axis) => {
    const extent = x.shape[axis] ?? 0;
    if (!(position >= 0 && position < extent)) throw new Error(`${index.join()} is outside`);
    return sum * extent + position;
  }, 0);
  return x.data[offset] ?? NaN;
}

function element<K extends OpName>(
  rule: OpRule<K>,
  node: NodeOf<K>,
  inputs: readonly Tensor[],
  out: readonly number[],
): number {
  const { lowering } = rule;
  const request = (summed: readonly number[]): GatherRequest<number, K> => ({
    k,
    node,
    out,
    summed,
  });
  const clamp = (index: number, extent: Shape[number]) =>
    Math.min(Math.max(index, 0), size(extent) - 1);
  switch (lowering.kind) {
    case "gather": {
      let total = 0;
      for (const summed of positionsOf(sizes(lowering.summed(node)))) {
        const source = lowering.sources(request(summed)).find(({ guard }) => guard !== 0);
        const fill = source === undefined ? lowering.fill(node) : 0;
        if (fill === undefined) throw new Error(`no source of ${node.op} holds at ${out.join()}`);
        total += source === undefined ? fill : read(inputs[source.operand], source.index);
      }
      return total;
    }
    case "take": {
      const index = clamp(read(inputs[1], lowering.indexAt(request([]))), lowering.extent(node));
      return read(inputs[0], lowering.source(request([]), index));
    }
    case "scatter": {
      let total = 0;
      for (const summed of positionsOf(sizes(lowering.summed(node)))) {
        const own = request(summed);
        const index = clamp(read(inputs[1], lowering.indexAt(own)), lowering.extent(node));
        if (index === lowering.owner(own)) total += read(inputs[0], lowering.update(own));
      }
      return total;
    }
    default:
      throw new Error(`${node.op} has no index map`);
  }
}

const mapped = ["gather", "take", "scatter"];

const samples = opSamples.filter(({ op }) => mapped.includes(ruleOf(op).lowering.kind));

describe.each(samples.map((sample): [string, OpSample] => [sample.name, sample]))(
  "%s",
  (_, sample) => {
    it("reads what the op means, and nothing outside its operands", () => {
      const b = createBuilder();
      const node = sample.build(b, operandLeaves(b, sample.operands));
      const inputs = sample.operands.map((operand, n) =>
        sampleValue(operand, sampleDimensions, n + 3),
      );
      const leaves = Object.fromEntries(inputs.map((tensor, n) => [operandName(n), tensor]));
      const expected = interpretOne(node, { leaves, dimensions: sampleDimensions });
      const found = positionsOf(sizes(node.shape)).map((out) =>
        element(ruleOf(node.op), node, inputs, out),
      );
      expect(found.length).toBe(expected.data.length);
      for (const [n, entry] of found.entries())
        expect(entry).toBeCloseTo(expected.data[n] ?? NaN, 10);
    });
  },
);

describe("what an op moves unchanged", () => {
  const moving = opSamples.filter(({ op, build, operands }) => {
    const b = createBuilder();
    const node = build(b, operandLeaves(b, operands));
    return node.op === op && movementOf(node) !== undefined;
  });

  it("is told of every view and gather", () => {
    expect([...new Set(moving.map(({ op }) => op))].sort()).toEqual([
      ...["broadcast", "concat", "flip", "pad", "reshape", "slice", "stopGradient", "take"],
      ...["transpose", "widen", "window"],
    ]);
  });

  it.each(moving.map((sample): [string, OpSample] => [sample.name, sample]))("%s", (_, sample) => {
    const b = createBuilder();
    const operands = operandLeaves(b, sample.operands);
    const node = sample.build(b, operands);
    const tensors = sample.operands.map((operand, n) =>
      sampleValue(operand, sampleDimensions, n + 3),
    );
    const leaves = Object.fromEntries(tensors.map((tensor, n) => [operandName(n), tensor]));
    const { data } = interpretOne(node, { leaves, dimensions: sampleDimensions });
    const moved = movementOf(node);
    const entries = operands.flatMap((operand, n) =>
      moved?.operands.includes(operand) === true ? [...(tensors[n]?.data ?? [])] : [],
    );
    const known = new Set(moved?.fill === undefined ? entries : [...entries, moved.fill]);
    expect([...data].filter((entry) => !known.has(entry))).toEqual([]);
  });
});
