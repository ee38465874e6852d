// A sample of an op in; its derivatives of first and second order, and what is wrong with them, out.

import { differentiateAll } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import type { Node } from "../../compiler/types/graph.js";
import { interpret, interpretOne } from "./interpret.js";
import type { Bindings, Tensor } from "./interpret.js";
import type { OpSample } from "./opSamples.js";
import { generator, operandLeaves, operandName, sampleValue } from "./sampleValues.js";

export interface Built {
  readonly b: GraphBuilder;
  readonly leaves: readonly Node[];
  readonly out: Node;
  readonly bindings: Bindings;
}

export function build(sample: OpSample): Built {
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

export function withLeaves(bindings: Bindings, leaves: Readonly<Record<string, Tensor>>): Bindings {
  return { ...bindings, leaves: { ...bindings.leaves, ...leaves } };
}

/** ⟨gradient, direction⟩ against one central difference along the direction, over all real leaves named. */
function directionalProblem(
  scalar: Node,
  gradients: readonly { readonly name: string; readonly node: Node }[],
  bindings: Bindings,
): string | undefined {
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
  const agrees = Math.abs(analytic - numeric) < 2e-6 * (1 + Math.abs(numeric));
  return agrees ? undefined : `${analytic} instead of ${numeric}`;
}

/** The scalar ⟨out, c⟩ and its gradient by every real operand. */
export function projected({ b, leaves, out, bindings }: Built) {
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

/** Has no derivative by definition, whatever differences say: it is asked for, or derivatives were taken before. */
const isHeld = ({ op }: Node): boolean => op === "stopGradient" || op === "segmentSum";

/** What is wrong with the derivatives of first and second order by all real operands, held to central differences. */
export function derivativeProblem(sample: OpSample): string | undefined {
  const built = build(sample);
  if (built.out.type !== "f32") return undefined;
  const { scalar, gradients, real, point } = projected(built);
  const broken = verifyGraph(gradients.map(({ node }) => node));
  if (broken.length > 0) return broken.join("; ");
  if (isHeld(built.out)) {
    const passed = interpret(
      gradients.map(({ node }) => node),
      point,
    ).flatMap(({ data }) => [...data]);
    return passed.some((value) => value !== 0) ? "what is held has a derivative" : undefined;
  }
  const first = directionalProblem(scalar, gradients, point);
  if (first !== undefined) return first;

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
  const brokenToo = verifyGraph(nodes);
  if (brokenToo.length > 0) return brokenToo.join("; ");
  const hessian = gradients.map(({ name }, n) => ({ name, node: nodes[n] ?? second }));
  const twice = directionalProblem(second, hessian, withLeaves(point, directions));
  return twice === undefined ? undefined : `of the second order: ${twice}`;
}
