// Names of primitives and arguments in; the nodes that they build, and checks of their values and derivatives, out.

import { countOf } from "../../runtime/dimensions.js";
import { expect } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import { operators, primitives } from "../../compiler/ops/primitives.js";
import type { Argument, Primitive } from "../../compiler/ops/primitives.js";
import { isProblem } from "../../compiler/ops/problem.js";
import { freeDim } from "../../compiler/types/dimension.js";
import type { ElementType, Node, Shape } from "../../compiler/types/graph.js";
import { interpretOne } from "./interpret.js";
import type { Bindings, Tensor } from "./interpret.js";
import { generator } from "./sampleValues.js";

export const batch = freeDim("batch");
export const dimensions = { batch: 3, time: 5 };

export function tensor(
  shape: readonly number[],
  seed = 1,
  range: readonly [number, number] = [-2, 2],
): Tensor {
  const next = generator(seed);
  const length = countOf(shape);
  return { shape, data: Array.from({ length }, () => range[0] + next() * (range[1] - range[0])) };
}

/** Calls by name with positional values, as analysis does after matching named ones. */
export function call(
  b: GraphBuilder,
  name: string,
  ...values: (Argument | undefined)[]
): readonly Node[] {
  const built = named(name).build(b, values);
  if (isProblem(built)) throw new Error(built.message);
  return built;
}

export function one(b: GraphBuilder, name: string, ...values: (Argument | undefined)[]): Node {
  const [node] = call(b, name, ...values);
  if (node === undefined) throw new Error(`${name} gives one value`);
  return node;
}

export function named(name: string): Primitive {
  const primitive = primitives[name] ?? operators[name];
  if (primitive === undefined) throw new Error(`no primitive ${name}`);
  return primitive;
}

export function problemOf(name: string, values: (b: GraphBuilder) => readonly Argument[]): string {
  const b = createBuilder();
  const built = named(name).build(b, values(b));
  return isProblem(built) ? built.message : "no problem";
}

export function leaf(b: GraphBuilder, name: string, shape: Shape, type: ElementType = "f32"): Node {
  return b.input(name, { type, shape });
}

export function expectClose(found: Tensor, expected: Tensor): void {
  expect(found.shape).toEqual(expected.shape);
  for (const [n, value] of [...expected.data].entries())
    expect(found.data[n]).toBeCloseTo(value, 9);
}

/** The derivative of ⟨out, c⟩ along a direction in every leaf, against a central difference. */
export function expectDerivative(
  b: GraphBuilder,
  out: Node,
  leaves: Readonly<Record<string, Node>>,
  bindings: Bindings,
): void {
  const weights = tensor(interpretOne(out, bindings).shape, 77);
  const scalar = b.sum(b.multiply(out, b.input("c", out)));
  const point: Bindings = { ...bindings, leaves: { ...bindings.leaves, c: weights } };
  const names = Object.keys(leaves);
  const gradients = differentiate(b, scalar, Object.values(leaves));
  expect(verifyGraph(gradients)).toEqual([]);
  let analytic = 0;
  const directions = new Map<string, Tensor>();
  for (const [n, name] of names.entries()) {
    const value = point.leaves[name];
    const gradient = gradients[n];
    if (value === undefined || gradient === undefined) throw new Error(`no ${name}`);
    const direction = tensor(value.shape, 99 + n);
    directions.set(name, direction);
    const own = interpretOne(gradient, point);
    analytic += [...own.data].reduce((sum, g, i) => sum + g * (direction.data[i] ?? 0), 0);
  }
  const at = (step: number): number => {
    const moved: Record<string, Tensor> = { ...point.leaves };
    for (const [name, { data }] of directions) {
      const value = point.leaves[name];
      if (value === undefined) continue;
      moved[name] = {
        shape: value.shape,
        data: Array.from(value.data, (x, i) => x + step * (data[i] ?? 0)),
      };
    }
    return interpretOne(scalar, { ...point, leaves: moved }).data[0] ?? NaN;
  };
  const numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
  expect(Math.abs(analytic - numeric)).toBeLessThan(1e-5 * (1 + Math.abs(numeric)));
}
