// Losses written with logarithms of softmax and sigmoid in; values and derivatives, in single precision where exponentials vanish and overflow, checked against closed forms.

import { describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { at } from "../../compiler/ops/broadcast.js";
import { optimize, passesBeforeDerivatives } from "../../compiler/optimize/index.js";
import { compileOne, open } from "../support/compiled.js";
import { interpretOne } from "../support/interpret.js";

/** The loss of one example, and its derivative by z, on the CPU in single precision. */
async function lossAndGradient(
  body: string,
  z: readonly number[],
  data: Readonly<Record<string, number[]>> = {},
): Promise<{ loss: number; gradient: number[] }> {
  const model = compileOne(`
model M {
  input z: [batch, ${z.length}]
  input y: category(${z.length})[batch]
  input t: [batch, ${z.length}]
  ${body}
  output l = reshape(loss_value, [batch])
  output g = grad(loss_value, z)
}`);
  const net = await open(model, "f32");
  const inputs = { z: [...z], y: [1], t: z.map((_, n) => Number(n === 1)), ...data };
  const needed = new Set(model.plan.outputs.flatMap(({ needs }) => needs));
  const given = Object.fromEntries(Object.entries(inputs).filter(([name]) => needed.has(name)));
  const { l, g } = await net.predict(given);
  net.destroy();
  return { loss: l?.[0] ?? NaN, gradient: [...(g ?? [])] };
}

const softmaxes: readonly (readonly [string, string])[] = [
  ["the library's softmax", "p = softmax(z)"],
  ["a softmax by hand", "p = exp(z) / sum(exp(z), axis: -1, keep: true)"],
  [
    "a shifted softmax by hand",
    "e = exp(z - max(z, axis: -1, keep: true))\n  p = e / sum(e, axis: -1, keep: true)",
  ],
  ["a softmax that is a product", "p = exp(z) * (1 / sum(exp(z), axis: -1, keep: true))"],
];

const losses: readonly (readonly [string, string])[] = [
  ["nll of its logarithm", "loss_value = nll(log(p), y)"],
  ["-log of one column", "loss_value = -log(p[:, 1])"],
  ["-sum(target · log)", "loss_value = -sum(t * log(p), axis: -1)"],
  ["-log of the chosen one, by a choice", "loss_value = -log(of_class(p, y))"],
  ["-log of the chosen one, by one_hot", "loss_value = -log(sum(p * one_hot(y, 2), axis: -1))"],
  ["kl_divergence", "loss_value = kl_divergence(log(p), t)"],
];

describe.each(softmaxes)("%s", (_, softmax) => {
  it.each(losses)("%s", async (_name, loss) => {
    const far = await lossAndGradient(`${softmax}\n  ${loss}`, [1, -200]);
    expect(far.loss).toBeCloseTo(201, 4);
    expect(far.gradient[0]).toBeCloseTo(1, 6);
    expect(far.gradient[1]).toBeCloseTo(-1, 6);
    const near = await lossAndGradient(`${softmax}\n  ${loss}`, [0.5, -0.25]);
    const share = 1 / (1 + Math.exp(0.75));
    expect(near.loss).toBeCloseTo(-Math.log(share), 6);
    expect(near.gradient[0]).toBeCloseTo(1 - share, 6);
    expect(near.gradient[1]).toBeCloseTo(share - 1, 6);
  });
});

const sigmoids: readonly (readonly [string, string])[] = [
  ["the library's sigmoid", "p = sigmoid(z)"],
  ["a sigmoid by hand", "p = 1 / (1 + exp(-z))"],
  ["the other sigmoid by hand", "p = exp(z) / (1 + exp(z))"],
];

describe.each(sigmoids)("%s", (_, sigmoid) => {
  it("has a logarithm", async () => {
    const body = `${sigmoid}\n  loss_value = sum(-log(p), axis: -1)`;
    const { loss, gradient } = await lossAndGradient(body, [-200, 3, 200, 0]);
    expect(loss).toBeCloseTo(200 + Math.log1p(Math.exp(-3)) + Math.LN2, 4);
    const expected = [-1, -1 / (1 + Math.exp(3)), 0, -0.5];
    gradient.forEach((value, n) => {
      expect(value).toBeCloseTo(expected[n] ?? NaN, 6);
    });
  });

  it("has a cross entropy by hand", async () => {
    const body = `${sigmoid}\n  loss_value = -sum(t * log(p) + (1 - t) * log(1 - p), axis: -1)`;
    const { loss, gradient } = await lossAndGradient(body, [120, -150, 0]);
    expect(loss).toBeCloseTo(120 + 150 + Math.LN2, 4);
    expect(gradient[0]).toBeCloseTo(1, 6);
    expect(gradient[1]).toBeCloseTo(-1, 6);
    expect(gradient[2]).toBeCloseTo(0.5, 6);
  });
});

describe("other logarithms of exponentials", () => {
  it("are taken from exponents", async () => {
    const softplus = await lossAndGradient(
      "loss_value = sum(log(1 + exp(z)), axis: -1)",
      [-3, 0, 500],
    );
    expect(softplus.loss).toBeCloseTo(Math.log1p(Math.exp(-3)) + Math.LN2 + 500, 3);
    expect(softplus.gradient[1]).toBeCloseTo(0.5, 6);
    expect(softplus.gradient[2]).toBeCloseTo(1, 6);
    const mean = await lossAndGradient("loss_value = log(mean(exp(z), axis: -1))", [500, 500]);
    expect(mean.loss).toBeCloseTo(500, 3);
    expect(mean.gradient[0]).toBeCloseTo(0.5, 6);
    const density = await lossAndGradient(
      "loss_value = sum(log(0.5 * exp(-z ^ 2)), axis: -1)",
      [20, 1],
    );
    expect(density.loss).toBeCloseTo(2 * Math.log(0.5) - 401, 3);
    expect(density.gradient[0]).toBeCloseTo(-40, 4);
  });

  it("of a class that no place holds are what log(0) is", async () => {
    const body =
      "loss_value = log(sum(softmax(z) * (if range(2) == i32(y[:, new]) + 7 then 1 else 0), axis: -1))";
    const { loss, gradient } = await lossAndGradient(body, [1, 2]);
    expect(loss).toBeCloseTo(Math.log(2 ** -126), 4);
    expect(gradient).toEqual([0, 0]);
  });
});

describe("the pass", () => {
  it("leaves other logarithms, and stable ones, as they are", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [3] });
    const shifted = b.exp(b.subtract(x, b.max(x, [0], true)));
    const roots = [
      b.log(x),
      b.log(b.sum(shifted)),
      b.log(b.add(b.exp(x), x)),
      b.log1p(b.exp(b.minimum(b.negate(x), x))),
      b.log1p(b.multiply(x, x)),
      b.log(b.sum(b.multiply(x, x))),
    ];
    for (const { run } of passesBeforeDerivatives) expect(run(b, roots, {})).toEqual(roots);
  });

  it("does not look into what a derivative is taken by", () => {
    const b = createBuilder();
    const z = b.input("z", { type: "f32", shape: [2] });
    const p = b.divide(b.exp(z), b.sum(b.exp(z)));
    const gradient = at(differentiate(b, b.log(p), [p]), 0);
    const data = [0.3, -0.4];
    const value = (node: typeof gradient) =>
      interpretOne(node, { leaves: { z: { shape: [2], data } } }).data;
    const shares = value(p);
    value(gradient).forEach((slope, n) => {
      expect(slope).toBeCloseTo(1 / (shares[n] ?? NaN), 10);
    });
  });

  it("comes before the derivative, and gives one graph with the value's", () => {
    const b = createBuilder();
    const z = b.input("z", { type: "f32", shape: [2, 3] });
    const e = b.exp(b.subtract(z, b.max(z, [1], true)));
    const loss = b.log(b.divide(e, b.sum(e, [1], true)));
    const gradient = at(differentiate(b, loss, [z]), 0);
    const roots = optimize(b, [loss, gradient]);
    const divisions = topologicalOrder(roots).filter(({ op }) => op === "divide");
    // Of the derivative of log Σ alone: no quotient is left in the value.
    expect(divisions.length).toBe(1);
    const logarithms = topologicalOrder(roots).filter(({ op }) => op === "log");
    expect(logarithms.length).toBe(1);
  });
});
