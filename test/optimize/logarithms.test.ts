// Losses written with logarithms of softmax and sigmoid in; values and derivatives, in single precision where exponentials vanish and overflow, checked against closed forms.

import { describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { at } from "../../compiler/ops/broadcast.js";
import { optimize, passesBeforeDerivatives } from "../../compiler/optimize/index.js";
import { compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";
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

/** A logarithm in z, [batch, n] to [batch], where z stands, and its value and derivative there. */
type Case = readonly [
  text: string,
  z: readonly number[],
  value: number,
  derivative: readonly number[],
];

/** Of the least f32. */
const logOfZero = Math.log(2 ** -126);

const share = (x: number): number => 1 / (1 + Math.exp(-x));

const cases: Readonly<Record<string, readonly Case[]>> = {
  "sums of products": [
    ["-log(sum(softmax(z) * exp(-(z - 1) ^ 2), axis: 1))", [30, 20], 371, [1, 37]],
    ["log(sum(softmax(z) * exp(-3 * z), axis: 1))", [100, 0], -100, [-1, -2]],
    ["log(sum(exp(z) * exp(-z ^ 2), axis: 1))", [20, 30], -380, [-39, 0]],
    ["log(sum(softmax(z) * sigmoid(-z), axis: 1))", [100, 0], -100 + Math.log(1.5), [-1, 1 / 6]],
    ["log(sum(softmax(z) * softmax(2 * z), axis: 1))", [100, 0], 0, [0, 0]],
    ["log(sum(exp(z) * [0, 2], axis: 1))", [200, -150], -150 + Math.LN2, [0, 1]],
    ["log(sum(exp(z) * z, axis: 1))", [200, 100], 200 + Math.log(200), [1 + 1 / 200, 0]],
    ["log(sum(exp(z) * (z - 100), axis: 1))", [100, 99.5], logOfZero, [0, 0]],
    ["log(mean(z ^ 2 * exp(-z), axis: 1))", [100, 200], -100 + Math.log(5000), [0.02 - 1, 0]],
    [
      "log(sum(softmax(z)[:, :, new] * softmax(-z)[:, new, :] * [[1, 0], [0, 1]], axis: [1, 2]))",
      [100, -100],
      -200 + Math.LN2,
      [-1, 1],
    ],
    [
      "log(softmax(z)[:, 0] * z[:, 0] + softmax(z)[:, 1] * z[:, 1])",
      [-100, 5],
      Math.log(5),
      [0, 0.2],
    ],
    ["log(exp(z[:, 0]) * 3 + exp(z[:, 1]) * z[:, 1])", [150, 200], 200 + Math.log(200), [0, 1.005]],
    ["log(exp(2 * z[:, 0]) - exp(z[:, 1]))", [100, 50], 200, [2, 0]],
    ["log(1 + exp(z[:, 0]) * z[:, 1])", [200, 2], 200 + Math.LN2, [1, 0.5]],
    [
      "log(sum(exp(z[:, :, new]) * [[1, 0], [0, 3]], axis: 1))[:, 1]",
      [300, -200],
      -200 + Math.log(3),
      [0, 1],
    ],
    [
      "log(0.3 * exp(-(z - 1) ^ 2) + 0.7 * exp(-(z + 1) ^ 2))[:, 0]",
      [40],
      -1521 + Math.log(0.3),
      [-78],
    ],
    ["log(prod(exp(z) * z, axis: 1))", [50, 60], 110 + Math.log(3000), [1.02, 1 + 1 / 60]],
  ],
  "sums of views": [
    ["log(sum(exp(z)[:, 0:2], axis: 1))", [100, 0], 100, [1, 0]],
    [
      "log(sum(exp(z)[:, 1:3], axis: 1))",
      [0, 95, 100],
      100 + Math.log1p(Math.exp(-5)),
      [0, share(-5), share(5)],
    ],
    [
      "log(sum(softmax(z)[:, 1:3], axis: 1))",
      [90, 95, 100, 200],
      -100 + Math.log1p(Math.exp(-5)),
      [0, share(-5), share(5), -1],
    ],
    [
      "log(sum(exp(z - max(z, axis: 1, keep: true))[:, 1:], axis: 1))",
      [200, 0, 0],
      -200 + Math.LN2,
      [-1, 0.5, 0.5],
    ],
    [
      "log(sum(reshape(exp(z), [batch, 2, 2])[:, :, 1], axis: 1))",
      [0, 100, 0, 100],
      100 + Math.LN2,
      [0, 0.5, 0, 0.5],
    ],
    ["log(sum(pad(exp(z), [0, 1]), axis: 1))", [100, 100], 100 + Math.LN2, [0.5, 0.5]],
  ],
  choices: [
    ["log(max(exp(z), exp(2 * z)))[:, 0]", [100], 200, [2]],
    ["log(min(exp(z), exp(2 * z)))[:, 0]", [-100], -200, [2]],
    ["log(sum(if z > 0 then exp(z) else exp(3 * z), axis: 1))", [-100, -50], -150, [0, 3]],
    ["log(sum(if z > 0 then exp(z) else 0, axis: 1))", [100, -50], 100, [1, 0]],
    ["log(max(exp(z), axis: 1))", [100, 200], 200, [0, 1]],
    ["log(min(softmax(z), axis: 1))", [100, 300], -200, [1, -1]],
    ["log(max(softmax(z), 1e-30))[:, 0]", [0, 300], -30 * Math.LN10, [0, 0]],
    ["log(-max(-exp(z), -exp(2 * z)))[:, 0]", [-100], -200, [2]],
  ],
  "powers and signs": [
    ["log(exp(z) ^ 2)[:, 0]", [100], 200, [2]],
    ["log(exp(z) ^ 3)[:, 0]", [-100], -300, [3]],
    ["log(softmax(z) ^ 2)[:, 0]", [0, 100], -200, [2, -2]],
    ["log(exp(z) ^ -1)[:, 0]", [100], -100, [-1]],
    ["log(exp(z) ^ 0.5)[:, 0]", [-200], -100, [0.5]],
    ["log(exp(z[:, 0]) ^ z[:, 1])", [50, 4], 200, [4, 50]],
    ["log(sqrt(softmax(z)))[:, 0]", [0, 200], -100, [0.5, -0.5]],
    ["log(abs(exp(z)))[:, 0]", [-100], -100, [1]],
    ["log(-(-softmax(z)))[:, 0]", [0, 100], -100, [1, -1]],
    ["log(-1 * (0 - softmax(z)))[:, 0]", [0, 100], -100, [1, -1]],
    ["log(softmax(z) / -2 * -4)[:, 0]", [0, 100], -100 + Math.LN2, [1, -1]],
    ["log(-sum(-exp(z), axis: 1))", [100, 100], 100 + Math.LN2, [0.5, 0.5]],
    ["log((z * exp(z)) ^ 2)[:, 0]", [-100], -200 + 2 * Math.log(100), [2 - 0.02]],
    ["log(1 / (z * exp(z)))[:, 0]", [100], -100 - Math.log(100), [-1.01]],
  ],
  "products along an axis and parts": [
    ["log(prod(softmax(z), axis: 1))", [1099, 0], -1099, [-1, 1]],
    [
      "sum(-log(stack([1 - sigmoid(z), sigmoid(z)], axis: 1)), axis: [1, 2])",
      [100, -100],
      200,
      [1, -1],
    ],
    ["sum(log(concat([softmax(z), sigmoid(z)], axis: 1)), axis: 1)", [-100, -300], -600, [0, 2]],
    ["log(sum(concat([exp(z), z], axis: 1), axis: 1))", [100, 100], 100 + Math.LN2, [0.5, 0.5]],
  ],
  "what has no logarithm": [
    ["log(sum(exp(z) * 0 * z, axis: 1))", [200, 100], logOfZero, [0, 0]],
    ["log(sum(if z > 1000 then exp(z) else 0, axis: 1))", [200, 100], logOfZero, [0, 0]],
    ["log(-exp(z))[:, 0]", [100], logOfZero, [0]],
    ["log(z * exp(z))[:, 0]", [-100], logOfZero, [0]],
  ],
};

/** All in one model, so that one compilation serves both backends. */
async function valuesAndDerivatives(
  rows: readonly Case[],
  backends: readonly TestBackend[],
): Promise<{ value: number; derivative: number[] }[][]> {
  const model = compileOne(`
model M {
${rows.map(([, z], n) => `  input z${n}: [batch, ${z.length}]`).join("\n")}
${rows.map(([text], n) => `  l${n} = ${text.replace(/\bz\b/g, `z${n}`)}`).join("\n")}
${rows.map((_, n) => `  output v${n} = l${n}\n  output g${n} = grad(l${n}, z${n})`).join("\n")}
}`);
  const given = Object.fromEntries(rows.map(([, z], n) => [`z${n}`, [...z]]));
  const found = [];
  for (const backend of backends) {
    const net = await open(model, backend);
    const results = await net.predict(given);
    net.destroy();
    const one = (n: number) => ({
      value: results[`v${n}`]?.[0] ?? NaN,
      derivative: [...(results[`g${n}`] ?? [])],
    });
    found.push(rows.map((_, n) => one(n)));
  }
  return found;
}

describe("logarithms of exponentials that overflow or vanish", () => {
  it.each(Object.keys(cases))("%s", async (name) => {
    const rows = cases[name] ?? [];
    const backends = ["f32", "webgpu"] as const;
    const found = await valuesAndDerivatives(rows, backends);
    const texts = found.flatMap((results, which) =>
      results.map(({ value, derivative }, n) => ({
        text: `${backends[which]}: ${rows[n]?.[0]}`,
        value: Math.fround(value).toPrecision(4),
        derivative: derivative.map((part) => part.toFixed(3).replace(/^-0.000$/, "0.000")),
      })),
    );
    const expected = backends.flatMap((backend) =>
      rows.map(([text, , value, derivative]) => ({
        text: `${backend}: ${text}`,
        value: value.toPrecision(4),
        derivative: derivative.map((part) => part.toFixed(3)),
      })),
    );
    expect(texts).toEqual(expected);
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
    for (const { start } of passesBeforeDerivatives) expect(start({})(b, roots)).toEqual(roots);
  });

  it("changes nothing of what it has made", () => {
    const b = createBuilder();
    const x = b.input("x", { type: "f32", shape: [3] });
    const y = b.input("y", { type: "f32", shape: [3] });
    const roots = [
      b.log(b.sum(b.multiply(x, b.exp(y)))),
      b.log(b.add(b.multiply(x, b.exp(y)), b.exp(x))),
      b.log(b.sum(b.slice(b.exp(y), [1], [2]))),
    ];
    const once = optimize(b, roots);
    expect(once).not.toEqual(roots);
    for (const { start } of passesBeforeDerivatives) expect(start({})(b, once)).toEqual(once);
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
