// Every sample of every op in; shape law, derivatives of first and second order, lift, index maps and optimization, checked, out.

import { countOf } from "../../runtime/dimensions.js";
import { describe, expect, it } from "vitest";
import { liftGraph } from "../../compiler/autodiff/lift.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import { optimize } from "../../compiler/optimize/index.js";
import { opTable } from "../../compiler/ops/table.js";
import { shapeText } from "../../compiler/types/dimension.js";
import type { Node } from "../../compiler/types/graph.js";
import { build, derivativeProblem, projected, withLeaves } from "../support/derivatives.js";
import type { Built } from "../support/derivatives.js";
import { interpret, interpretOne } from "../support/interpret.js";
import type { Bindings, Tensor } from "../support/interpret.js";
import { opSamples } from "../support/opSamples.js";
import type { OpSample } from "../support/opSamples.js";
import { operandName, sampleValue } from "../support/sampleValues.js";

describe("the list of samples", () => {
  it("has a sample of every op with operands", () => {
    const sampled = new Set<string>(opSamples.map(({ op }) => op));
    const missing = Object.entries(opTable)
      .filter(([, rule]) => rule.family !== "leaf" && rule.family !== "recurrence")
      .map(([op]) => op)
      .filter((op) => !sampled.has(op));
    expect(missing).toEqual([]);
  });
});

describe.each(opSamples.map((sample) => [sample.name, sample] as const))("%s", (_, sample) => {
  it("has the shape that its rule gives", () => {
    const { out, bindings } = build(sample);
    expect(out.type).toBe(sample.type);
    expect(shapeText(out.shape)).toBe(shapeText(sample.shape));
    expect(verifyGraph([out])).toEqual([]);
    const value = interpretOne(out, bindings);
    expect(value.data.length).toBe(countOf(value.shape));
  });

  it("is differentiated, once and twice", () => {
    expect(derivativeProblem(sample)).toBeUndefined();
  });

  it("is lifted over any subset of its operands", () => {
    const count = sample.operands.length;
    for (let mask = 1; mask < 2 ** count; mask++) {
      const marks = sample.operands.map((__, n) => ((mask >> n) & 1) === 1);
      expectLift(build(sample), sample, marks);
    }
  });

  it("keeps its value and its derivatives when optimized", () => {
    const built = build(sample);
    const { gradients, point } = projectedOrValue(built);
    const roots = [built.out, ...gradients];
    const better = optimize(built.b, roots);
    expect(verifyGraph(better)).toEqual([]);
    const [before, after] = [interpret(roots, point), interpret(better, point)];
    expectClose(before, after);
  });
});

function projectedOrValue(built: Built): { gradients: readonly Node[]; point: Bindings } {
  if (built.out.type !== "f32") {
    return { gradients: [], point: built.bindings };
  }
  const { gradients, point } = projected(built);
  return { gradients: gradients.map(({ node }) => node), point };
}

function expectClose(expected: readonly Tensor[], found: readonly Tensor[]): void {
  expect(found.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  for (const [n, tensor] of expected.entries()) {
    for (const [i, value] of Array.from(tensor.data).entries()) {
      expect(found[n]?.data[i]).toBeCloseTo(value, 9);
    }
  }
}

function expectLift(built: Built, sample: OpSample, marks: readonly boolean[]): void {
  const { b, leaves, out, bindings } = built;
  const members = 2;
  const images = new Map<Node, Node>();
  const stackedLeaves: Record<string, Tensor> = {};
  const points: Record<string, Tensor>[] = Array.from({ length: members }, () => ({}));
  for (const [position, leaf] of leaves.entries()) {
    const operand = sample.operands[position];
    if (marks[position] !== true || operand === undefined) continue;
    const name = `lifted${position}`;
    images.set(leaf, b.input(name, { type: leaf.type, shape: [members, ...leaf.shape] }));
    const values = points.map((_, m) =>
      sampleValue(operand, sample.dimensions, 50 + m * 7 + position),
    );
    for (const [m, value] of values.entries()) (points[m] ?? {})[operandName(position)] = value;
    const shape = values[0]?.shape ?? [];
    stackedLeaves[name] = {
      shape: [members, ...shape],
      data: values.flatMap(({ data }) => [...data]),
    };
  }
  const [lifted] = liftGraph(b, [out], (node) => images.get(node), members);
  if (lifted === undefined) throw new Error("one root is lifted to one node");
  expect(verifyGraph([lifted])).toEqual([]);
  const whole = interpretOne(lifted, withLeaves(bindings, stackedLeaves));
  const single = points.map((point) => interpretOne(out, withLeaves(bindings, point)));
  const stacked = {
    shape: [members, ...(single[0]?.shape ?? [])],
    data: single.flatMap(({ data }) => [...data]),
  };
  expectClose([stacked], [whole]);
}
