// The prelude's initializers come in; what they draw for several shapes must have the distribution that they promise.

import { describe, expect, it } from "vitest";
import { topologicalOrder } from "../../compiler/graph/walk.js";
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
    ["glorot_normal(gain: 3)", 3 * Math.sqrt(2 / (into + out)), Infinity],
    ["glorot_normal()", Math.sqrt(2 / (into + out)), Infinity],
    ["he_uniform()", Math.sqrt(2 / into), Math.sqrt(6 / into)],
    ["he_normal()", Math.sqrt(2 / into), Infinity],
    ["lecun_normal()", Math.sqrt(1 / into), Infinity],
    ["uniform(-0.3, 0.3)", 0.3 / Math.sqrt(3), 0.3],
    ["normal(0, 0.02)", 0.02, Infinity],
    // the deviation of a normal distribution that is cut at two is 0.8796
    ["truncated_normal(0, 0.1)", 0.08796, 0.2],
    ["truncated_normal(0.3, 0.1)", Math.hypot(0.3, 0.08796), 0.5],
  ])("%s", (initializer, expected, limit) => {
    const x = drawn(initializer, shape);
    expect(Math.abs(deviation(x) / expected - 1)).toBeLessThan(0.04);
    expect(largest(x)).toBeLessThanOrEqual(limit);
  });
});

it.each(["truncated_normal()", "orthogonal()", "glorot_normal()"])(
  "%s draws for each parameter anew",
  (initializer) => {
    const { parameters } = modelOf(`model M {
      input x: [batch, 4]
      weight V: [4, 4] ~ ${initializer}
      weight W: [4, 4] ~ ${initializer}
      output y = x @ V @ W
    }`);
    const streams = parameters.map(({ initial }) =>
      topologicalOrder(initial === undefined ? [] : [initial]).flatMap((node) =>
        node.op === "random" ? [node.attributes.path] : [],
      ),
    );
    const [ofV = [], ofW = []] = streams;
    expect(ofV.length).toBeGreaterThan(0);
    expect(ofW).toHaveLength(ofV.length);
    expect(ofW.filter((path) => ofV.includes(path))).toEqual([]);
  },
);

it("identity is one on the diagonal", () => {
  expect([...drawn("identity(gain: 2)", [2, 3]).data]).toEqual([2, 0, 0, 0, 2, 0]);
});

/** What the parameters begin as whose names end so, of a model that calls a layer. */
function initialOf(inputs: string, result: string, end: string): readonly (readonly number[])[] {
  const { parameters } = modelOf(`model M {
    ${inputs}
    ${result}
    output y
  }`);
  const own = parameters.filter(({ name }) => name.endsWith(end));
  return own.map(({ initial }) => {
    if (initial === undefined) throw new Error(`it has no initial value: ${result}`);
    return [...interpretOne(initial, { leaves: {}, random: () => 0.5 }).data];
  });
}

describe("layers", () => {
  it.each([
    ["x |> dense(2, init: uniform(6, 8))", "[batch, 3]", ".W", 1],
    ["x |> embedding(3, 2, init: uniform(6, 8))", "category(3)[batch]", ".table", 1],
    ["x |> conv1d(2, kernel: 2, init: uniform(6, 8))", "[batch, 4, 1]", ".W", 1],
    ["x |> conv2d(2, kernel: 2, init: uniform(6, 8))", "[batch, 4, 4, 1]", ".W", 1],
    ["x |> conv3d(2, kernel: 2, init: uniform(6, 8))", "[batch, 2, 2, 2, 1]", ".W", 1],
    ["x |> depthwise_conv2d(2, init: uniform(6, 8))", "[batch, 4, 4, 1]", ".W", 1],
    ["x |> conv2d_transpose(2, kernel: 2, init: uniform(6, 8))", "[batch, 4, 4, 1]", ".W", 1],
    ["x |> tiled_conv2d(2, kernel: 2, init: uniform(6, 8))", "[batch, 4, 4, 1]", ".W", 4],
  ])("draw their weights as they are told: %s", (call, type, end, count) => {
    const found = initialOf(`input x: ${type}`, `y = ${call}`, end);
    expect(found.length).toBe(count);
    for (const values of found) expect(new Set(values)).toEqual(new Set([7]));
  });

  it.each([
    ["x |> lstm(2, forget_bias: 3)", 3],
    ["x |> lstm(2)", 1],
    ["lstm_cell(x[:, 0], h, c, 2, forget_bias: 3)", 3],
    ["lstm_cell(x[:, 0], h, c, 2)", 1],
  ])("forget as they are told: %s", (call, bias) => {
    const inputs = "input x: [batch, 3, 4]\n  input h: [batch, 2]\n  input c: [batch, 2]";
    const result = call.startsWith("x") ? "y" : "y, memory";
    expect(initialOf(inputs, `${result} = ${call}`, ".b")).toEqual([
      [0, 0, bias, bias, 0, 0, 0, 0],
    ]);
  });
});
