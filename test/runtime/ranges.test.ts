// Models that compute classes and indices in; errors of training and of evaluation where one lies outside, and none where a guard holds it, out.
import { describe, expect, it } from "vitest";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const model = (line: string): string => `
model Computed {
  input x: [batch, 3]
  input t: i32[batch]
  target y: [batch]
  weight W: [5, 3] = 0.5
  i = i32(x[:, 0] * 3)
  ${line}
}
train Computed { optimizer sgd(lr: 0.01)  batch 4  epochs 2 }`;

/** Losses by what is out of range where x is 2 (i is 6) and t is 6. */
const losses: readonly (readonly [string, string])[] = [
  ["loss mean((take(W, i)[:, 0] - y) ^ 2)", "`i` at test.nn:8 are 0 to 4"],
  ["loss mean((W[i][:, 0] - y) ^ 2)", "`i` at test.nn:8 are 0 to 4"],
  ["loss mean((embedding(i, 6, 2)[:, 0] - y) ^ 2)", "0 to 5"],
  ["loss mean((sum(one_hot(i, 4) * W[0, 0], axis: 1) - y) ^ 2)", "0 to 3"],
  ["loss cross_entropy(x * W[0], i)", "0 to 2"],
  ["loss mean((W[t + 0][:, 0] - y) ^ 2)", "0 to 4"],
  ["loss mean(((x @ W[:3, :])[:, 0][t]) ^ 2)", "0 to batch - 1"],
];

const data = (first: number): Record<string, Float32Array | Int32Array> => ({
  x: new Float32Array([0.4, 0, 0, first, 0, 0, 0.1, 0, 0, 0, 0, 0]),
  t: new Int32Array([0, Math.floor(first * 3), 1, 0]),
  y: new Float32Array(4),
});

const backends = softwareExpected ? (["f32", "webgpu"] as const) : (["f32"] as const);

describe.each(backends)("a computed class or index on %s", (backend) => {
  it.each(losses)("%s is told where it is too large", async (line, text) => {
    const net = await open(compileOne(model(line)), backend, { seed: 1 });
    const before = await net.read("W");
    const outside = { code: "label", message: expect.stringContaining(text) as string };
    await expect(net.fit(data(2))).rejects.toMatchObject(outside);
    expect(await net.read("W")).toEqual(before);
    await expect(net.evaluate(data(2))).rejects.toMatchObject({
      ...outside,
      message: expect.stringMatching(/and one was 6;.*`if i < n then i else 0`/) as string,
    });
    await net.step(data(2));
    await expect(net.report()).rejects.toMatchObject(outside);
    await net.fit(data(0.5));
    await net.evaluate(data(0.5));
    net.destroy();
  });

  it("is told of one batch among many, where batches cannot be put together", async () => {
    const source = `
model Sequences {
  input x: [time]
  weight W: [5] = 0.5
  loss mean(W[i32(x)] ^ 2)
}
train Sequences { optimizer sgd(lr: 0.01)  epochs 1 }`;
    const net = await open(compileOne(source), backend);
    const parts = (...values: readonly number[]) =>
      values.map((value) => ({ x: new Float32Array([0, value, 1]) }));
    await net.evaluate(() => parts(0, 4, 0, 1));
    await expect(net.evaluate(() => parts(0, 6, 0, 0))).rejects.toThrow("one was 6");
    await expect(net.evaluate(() => parts(3, 3, -2, 3))).rejects.toThrow("one was -2");
    net.destroy();
  });

  it("is told where a declared target is computed, in training and in evaluation", async () => {
    const source = `
model Computed {
  input x: [batch]
  target t: category(5)[batch] = u32(x)
  weight W: [5] = 0.5
  loss mean(W[t])
}
train Computed { optimizer sgd(lr: 0.01)  batch 2  epochs 1 }`;
    const net = await open(compileOne(source), backend);
    const outside = { x: new Float32Array([1, 0, 19, 7]) };
    await expect(net.fit(outside)).rejects.toThrow("one was 19");
    await expect(net.evaluate(outside)).rejects.toThrow("one was 19");
    await net.evaluate({ x: new Float32Array([4, 0]) });
    net.destroy();
  });

  it("is told where it is negative", async () => {
    const net = await open(compileOne(model("loss mean((W[i][:, 0] - y) ^ 2)")), backend);
    await expect(net.fit(data(-1))).rejects.toThrow("one was -3");
    await expect(net.evaluate(data(-1))).rejects.toThrow(/one was -3;.*`if i >= 0 then i else 0`/);
    net.destroy();
  });
});

describe("what cannot be out of range", () => {
  it.each([
    "j = if i < 5 and i >= 0 then i else 0  loss mean((W[j][:, 0] - y) ^ 2)",
    "loss mean((W[if t >= 0 and t <= 4 then t else 0][:, 0] - y) ^ 2)",
    "loss mean((W[if t < 0 or t > 4 then 0 else t][:, 0] - y) ^ 2)",
    "loss mean((W[max(if 5 > t then t else 0, 0)][:, 0] - y) ^ 2)",
    "loss mean((W[max(min(i, 4), 0)][:, 0] - y) ^ 2)",
    "loss mean((W[t][:, 0] - y) ^ 2)",
  ])("%s is not looked at", (line) => {
    const { plan } = compileOne(model(line.replace("i = if", "j = if").replace("W[i]", "W[j]")));
    const results = plan.programs.flatMap(({ results: all }) => all);
    expect(results.filter(({ range }) => range)).toEqual([]);
  });
});
