// Whether a recurrence runs backwards in; its graph, its derivatives, and what is wrong with them, out.

import { countOf } from "../../runtime/dimensions.js";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { Node, NodeOf, Shape } from "../../compiler/types/graph.js";
import { interpret, interpretOne } from "./interpret.js";
import type { Bindings, Tensor } from "./interpret.js";
import { matrixProduct } from "./matrixProduct.js";
import { generator } from "./sampleValues.js";

export const time = freeDim("time");
export const dimensions = { time: 4 };

export function bound(
  b: GraphBuilder,
  shape: Shape,
  index: number,
  type: "f32" | "i32" = "f32",
): NodeOf<"bound"> {
  return b.leaf("bound", { type, shape }, { index }) as NodeOf<"bound">;
}

export interface Recurrence {
  readonly b: GraphBuilder;
  readonly leaves: Readonly<Record<string, Node>>;
  /** The last carry and the stacked yields. */
  readonly last: Node;
  readonly all: Node;
  readonly bindings: Bindings;
}

/** h ← tanh(x·W + h·U + bias) · noise with a count of steps beside it; yields h ∘ h + t. */
export function recurrence(reverse: boolean): Recurrence {
  const b = createBuilder();
  const shapes: Readonly<Record<string, Shape>> = {
    h: [2, 3],
    x: [time, 2, 2],
    W: [2, 3],
    U: [3, 3],
    bias: [3],
  };
  const leaves = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, b.input(name, { type: "f32", shape })]),
  );
  const input = (name: string): Node => leaves[name] ?? b.constant(0);
  const count = b.constant(0, [], "i32");
  const [h, n] = [bound(b, [2, 3], 0), bound(b, [], 1, "i32")];
  const x = bound(b, [2, 2], 2);
  const [w, u, bias] = [bound(b, [2, 3], 3), bound(b, [3, 3], 4), bound(b, [3], 5)];
  const step = bound(b, [], 6, "i32");
  const linear = b.add(b.add(matrixProduct(b, x, w), matrixProduct(b, h, u)), bias);
  const scaled = b.multiply(b.tanh(linear), b.add(b.cast(n, "f32"), 1));
  const next = b.multiply(scaled, b.add(b.random("noise", "uniform", [3]), 0.5));
  const yielded = b.add(b.multiply(next, next), b.cast(step, "f32"));
  const scan = b.scan([input("h"), count, input("x"), input("W"), input("U"), input("bias")], {
    ...{ length: time, reverse, carries: 2, slices: 1, constants: 3 },
    bound: [h, n, x, w, u, bias, step],
    nextCarries: [next, b.add(n, 1)],
    yields: [yielded],
  });
  const tensors = Object.entries(shapes).map(([name, shape], seed): [string, Tensor] => [
    name,
    random(
      shape.map((dim) => (typeof dim === "number" ? dim : dimensions.time)),
      seed + 3,
    ),
  ]);
  const bindings = { leaves: Object.fromEntries(tensors), dimensions };
  return { b, leaves, last: b.result(scan, 0), all: b.result(scan, 2), bindings };
}

export function random(shape: readonly number[], seed: number): Tensor {
  const next = generator(seed);
  const length = countOf(shape);
  return { shape, data: Array.from({ length }, () => next() * 2 - 1) };
}

/** ⟨gradient, direction⟩ against a central difference, for each leaf; the first that does not agree. */
export function gradientProblem(
  scalar: Node,
  leaves: Readonly<Record<string, Node>>,
  gradients: readonly Node[],
  bindings: Bindings,
): string | undefined {
  const values = interpret(gradients, bindings);
  for (const [n, name] of Object.keys(leaves).entries()) {
    const value = bindings.leaves[name];
    if (value === undefined) throw new Error(`no value of ${name}`);
    const direction = random(value.shape, 40 + n);
    const at = (step: number): number => {
      const data = Array.from(value.data, (x, i) => x + step * (direction.data[i] ?? 0));
      const moved = { ...bindings.leaves, [name]: { shape: value.shape, data } };
      return interpretOne(scalar, { ...bindings, leaves: moved }).data[0] ?? NaN;
    };
    const numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
    const analytic = [...(values[n]?.data ?? [])].reduce(
      (sum, g, i) => sum + g * (direction.data[i] ?? 0),
      0,
    );
    const agrees = Math.abs(analytic - numeric) < 1e-6 * (1 + Math.abs(numeric));
    if (!agrees) return `by ${name}: ${analytic} instead of ${numeric}`;
  }
  return undefined;
}

/** What is wrong with the derivatives of first and second order of a sum of what a recurrence leaves. */
export function recurrenceProblem(reverse: boolean): string | undefined {
  const { b, leaves, last, all, bindings } = recurrence(reverse);
  const loss = b.add(b.sum(b.multiply(all, b.cos(b.multiply(all, 0.1)))), b.sum(b.sin(last)));
  const nodes = Object.values(leaves);
  const gradients = differentiate(b, loss, nodes);
  const broken = verifyGraph(gradients);
  if (broken.length > 0) return broken.join("; ");
  const first = gradientProblem(loss, leaves, gradients, bindings);
  if (first !== undefined) return first;

  const terms = gradients.map((g, n) => b.sum(b.multiply(g, b.add(b.sin(nodes[n] ?? g), 0.3))));
  const second = terms.reduce((sum, term) => b.add(sum, term), b.constant(0));
  const hessian = differentiate(b, second, nodes);
  const brokenToo = verifyGraph(hessian);
  if (brokenToo.length > 0) return brokenToo.join("; ");
  const twice = gradientProblem(second, leaves, hessian, bindings);
  return twice === undefined ? undefined : `of the second order: ${twice}`;
}
