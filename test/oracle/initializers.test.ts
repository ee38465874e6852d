// The prelude's initializers come in; what they draw for several shapes must have the distribution that they promise.

import { describe, expect, it } from "vitest";
import { interpretOne } from "../support/interpret.js";
import { modelOf } from "./model.js";
import { type Tensor, reference } from "./reference.js";

/** The initial value of a weight of this shape, from reproducible draws. */
function drawn(initializer: string, shape: readonly number[]): Tensor {
  const model = modelOf(`model M {
    input x: [batch]
    weight W: [${shape.join(", ")}] ~ ${initializer}
    output y = x * sum(W)
  }`);
  const initial = model.parameters[0]?.initial;
  if (initial === undefined) throw new Error("the weight has no initial value");
  let state = 12345;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const value = interpretOne(initial, { leaves: {}, random });
  expect(value.shape).toEqual(shape);
  return value;
}

function deviation({ data }: Tensor): number {
  return Math.sqrt(Array.from(data).reduce((sum, x) => sum + x * x, 0) / data.length);
}

function largest({ data }: Tensor): number {
  return Math.max(...Array.from(data, Math.abs));
}

/** Kernels as matrices: all axes but the last taken together. */
function matrix(x: Tensor): Tensor {
  const columns = x.shape.at(-1) ?? 1;
  return reference.reshape([x], { shape: [x.data.length / columns, columns] });
}

describe("orthogonal", () => {
  it.each([[[1, 1]], [[6, 6]], [[3, 8]], [[9, 4]], [[5, 7]], [[2, 2, 3, 5]]])("%j", (shape) => {
    const q = matrix(drawn("orthogonal(gain: 2)", shape));
    const turned = reference.transpose([q], { permutation: [1, 0] });
    const [rows = 0, columns = 0] = q.shape;
    const product = rows <= columns ? [q, turned] : [turned, q];
    const { data } = reference.matmul(product, {});
    const short = Math.min(rows, columns);
    const worst = Array.from(data, (value, i) =>
      Math.abs(value - (Math.floor(i / short) === i % short ? 4 : 0)),
    );
    expect(Math.max(...worst)).toBeLessThan(1e-6);
  });
});

describe("spread", () => {
  const shape = [3, 3, 20, 30];
  const [into, out] = [180, 270];
  it.each([
    ["glorot_uniform()", Math.sqrt(2 / (into + out)), Math.sqrt(6 / (into + out))],
    ["glorot_uniform(gain: 3)", 3 * Math.sqrt(2 / (into + out)), 3 * Math.sqrt(6 / (into + out))],
    ["glorot_normal()", Math.sqrt(2 / (into + out)), Infinity],
    ["he_uniform()", Math.sqrt(2 / into), Math.sqrt(6 / into)],
    ["he_normal()", Math.sqrt(2 / into), Infinity],
    ["lecun_normal()", Math.sqrt(1 / into), Infinity],
    ["uniform(-0.3, 0.3)", 0.3 / Math.sqrt(3), 0.3],
    ["normal(0, 0.02)", 0.02, Infinity],
    // the deviation of a normal distribution that is cut at two is 0.8796
    ["truncated_normal(0, 0.1)", 0.08796, 0.2],
  ])("%s", (initializer, expected, limit) => {
    const x = drawn(initializer, shape);
    expect(Math.abs(deviation(x) / expected - 1)).toBeLessThan(0.04);
    expect(largest(x)).toBeLessThanOrEqual(limit);
  });
});

it("identity is one on the diagonal", () => {
  expect([...drawn("identity(gain: 2)", [2, 3]).data]).toEqual([2, 0, 0, 0, 2, 0]);
});
