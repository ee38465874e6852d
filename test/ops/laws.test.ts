// Every sample of every op in; shape law, derivatives of first and second order, lift, index maps and optimization, checked, out.

import { countOf } from "../../runtime/dimensions.js";
import { describe, expect, it } from "vitest";
import { differentiateAll } from "../../compiler/autodiff/differentiate.js";
import { liftGraph } from "../../compiler/autodiff/lift.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import { optimize } from "../../compiler/optimize/index.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { opTable } from "../../compiler/ops/table.js";
import { shapeText } from "../../compiler/types/dimension.js";
import type { Node } from "../../compiler/types/graph.js";
import { interpret, interpretOne } from "../support/interpret.js";
import type { Bindings, Tensor } from "../support/interpret.js";
import { opSamples } from "../support/opSamples.js";
import type { OpSample } from "../support/opSamples.js";
import { generator, operandLeaves, operandName, sampleValue } from "../support/sampleValues.js";

interface Built {
  readonly b: GraphBuilder;
  readonly leaves: readonly Node[];
  readonly out: Node;
  readonly bindings: Bindings;
}

function build(sample: OpSample): Built {
  const b = createBuilder();
  const leaves = operandLeaves(b, sample.operands);
  const out = sample.build(b, leaves);
  const values = sample.operands.map((operand, position): [string, Tensor] => [
    operandName(position),
    sampleValue(operand, sample.dimensions, position + 11),
  ]);
  const bindings = { leaves: Object.fromEntries(values), dimensions: sample.dimensions };
  return { b, leaves, out, bindings };
}

function noise(like: Tensor, seed: number): Tensor {
  const next = generator(seed);
  return { shape: like.shape, data: Array.from(like.data, () => next() * 2 - 1) };
}

function dot(left: Tensor, right: Tensor): number {
  return [...left.data].reduce((sum, value, n) => sum + value * (right.data[n] ?? 0), 0);
}

function moved(x: Tensor, direction: Tensor, step: number): Tensor {
  const data = Array.from(x.data, (value, n) => value + step * (direction.data[n] ?? 0));
  return { shape: x.shape, data };
}

function withLeaves(bindings: Bindings, leaves: Readonly<Record<string, Tensor>>): Bindings {
  return { ...bindings, leaves: { ...bindings.leaves, ...leaves } };
}

/** ⟨gradient, direction⟩ against one central difference along the direction, over all real leaves named. */
function expectDirectional(
  scalar: Node,
  gradients: readonly { readonly name: string; readonly node: Node }[],
  bindings: Bindings,
): void {
  const directions = gradients.map(({ name }, n) => {
    const value = bindings.leaves[name];
    if (value === undefined) throw new Error(`no value of ${name}`);
    return { name, value, direction: noise(value, 101 + n) };
  });
  const at = (step: number): number => {
    const leaves = directions.map(({ name, value, direction }) => [
      name,
      moved(value, direction, step),
    ]);
    const point = withLeaves(bindings, Object.fromEntries(leaves) as Record<string, Tensor>);
    return interpretOne(scalar, point).data[0] ?? NaN;
  };
  const values = interpret(
    gradients.map(({ node }) => node),
    bindings,
  );
  const analytic = directions.reduce(
    (sum, { direction }, n) => sum + dot(values[n] ?? direction, direction),
    0,
  );
  const step = 1e-5;
  const numeric = (at(step) - at(-step)) / (2 * step);
  expect(Math.abs(analytic - numeric)).toBeLessThan(2e-6 * (1 + Math.abs(numeric)));
}

/** The scalar ⟨out, c⟩ and its gradient by every real operand. */
function projected({ b, leaves, out, bindings }: Built) {
  const shape = interpretOne(out, bindings);
  const cotangent = b.input("c", out);
  const real = leaves
    .map((node, position) => ({ node, name: operandName(position) }))
    .filter(({ node }) => node.type === "f32");
  const scalar = b.sum(b.multiply(out, cotangent));
  const nodes = differentiateAll(
    b,
    [{ output: scalar, cotangent: b.constant(1) }],
    real.map(({ node }) => node),
  );
  const gradients = real.map(({ name }, n) => ({ name, node: nodes[n] ?? scalar }));
  return { scalar, gradients, real, point: withLeaves(bindings, { c: noise(shape, 5) }) };
}

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
    const built = build(sample);
    if (built.out.type !== "f32" || opTable[built.out.op].vjp.kind === "none") return;
    const { scalar, gradients, real, point } = projected(built);
    expect(verifyGraph(gradients.map(({ node }) => node))).toEqual([]);
    expectDirectional(scalar, gradients, point);

    const { b } = built;
    const directions = Object.fromEntries(
      gradients.map(({ name }, n) => [
        `u${n}`,
        noise(point.leaves[name] ?? { shape: [], data: [0] }, 31 + n),
      ]),
    );
    const terms = gradients.map(({ node }, n) => b.sum(b.multiply(node, b.input(`u${n}`, node))));
    const second = terms.reduce((sum, term) => b.add(sum, term), b.constant(0));
    const wrt = real.map(({ node }) => node);
    const nodes = differentiateAll(b, [{ output: second, cotangent: b.constant(1) }], wrt);
    expect(verifyGraph(nodes)).toEqual([]);
    const hessian = gradients.map(({ name }, n) => ({ name, node: nodes[n] ?? second }));
    expectDirectional(second, hessian, withLeaves(point, directions));
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
  if (built.out.type !== "f32" || opTable[built.out.op].vjp.kind === "none") {
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
