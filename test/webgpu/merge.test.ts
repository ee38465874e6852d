// Programs with nests that do not wait for each other in; the same bits from dispatches that merge them as from one for each, out.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutVariants } from "../../compiler/emit/variants.js";
import { load } from "../../runtime/index.js";
import type { Plan } from "../../runtime/plan.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { check } from "../support/compiled.js";
import { drawnData } from "../support/drawnData.js";
import { variantOf } from "../support/variants.js";

const trained = (body: string, batch: number, optimizer = "adam(lr: 1e-2)"): string =>
  `model Net {${body}}\ntrain Net { optimizer ${optimizer} batch ${batch} epochs 1 }`;

const programs: Readonly<Record<string, string>> = {
  "dense layers": trained(
    `
    input x: [batch, 13]
    target y: category(5)[batch]
    logits = x |> dense(37, activation: relu) |> dropout(0.3) |> dense(19, activation: tanh) |> dense(5)
    output p = softmax(logits)
    loss cross_entropy(logits, y)
    metric accuracy(logits, y)`,
    7,
  ),
  convolutions: trained(
    `
    input x: [batch, 11, 9, 3]
    target y: [batch, 4]
    h = x |> conv2d(5, kernel: 3, activation: relu) |> batch_norm() |> max_pool2d(2) |> conv2d(6, kernel: 2)
    output out = h |> flatten() |> dense(4)
    loss mse(out, y)`,
    6,
    "sgd(lr: 0.05, momentum: 0.9)",
  ),
  "metrics of parameters beside their update": trained(
    `
    input x: [batch, 13]
    target y: [batch, 5]
    param w: [13, 5] = 0.1
    param v: [5] = 0.2
    output z = x @ w + v
    loss mse(z, y)
    metric sum(v * v)
    metric sum(abs(w))`,
    7,
    "sgd(lr: 10)",
  ),
  "branches of several lengths": trained(
    `
    input x: [batch, 21]
    input z: [batch, 130]
    target y: [batch]
    a = dense(x, 17, activation: gelu)
    b = dense(z, 17, activation: sigmoid)
    c = sum(z * z, axis: 1)
    d = max(x, axis: 1)
    output fast = a * b
    output slow = dense(concat([a, b], axis: 1), 1)[:, 0] + c / 130 + d
    loss mse(slow, y)`,
    5,
  ),
  "tokens of any length": trained(
    `
    input token: category(23)[batch, time]
    target next: category(23)[batch, time]
    x = embedding(token, 23, 12)
    x = x |> transformer_block(3, causal: true, expansion: 2)
    logits = x |> layer_norm() |> dense(23)
    output probability = softmax(logits)
    loss cross_entropy(logits, next)`,
    3,
  ).replace("batch 3", "batch 3 time 9"),
};

function planOf(source: string, merge: boolean): Plan {
  const { models } = check(source);
  const [model] = models;
  if (model === undefined) throw new Error("it does not compile");
  return variantOf(model, { merge }).plan;
}

const dispatches = (plan: Plan): number =>
  plan.programs.reduce((sum, program) => sum + program.dispatches.length, 0);

describeGpu("merged dispatches", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await softwareDevice();
  });
  afterAll(() => {
    device.destroy();
  });

  /** Bits of all that two steps and a prediction leave behind. */
  async function bitsOf(plan: Plan): Promise<ReadonlyMap<string, readonly number[]>> {
    const net = await load(plan, { backend: "webgpu", device, seed: 3 });
    const sizes = Object.fromEntries(
      plan.dimensions.map(({ name, trained: size }) => [name, size]),
    );
    const bits = new Map<string, readonly number[]>();
    const keep = (name: string, values: ArrayLike<number>): unknown =>
      bits.set(name, [...new Uint32Array(Float32Array.from(values).buffer)]);
    for (const { name } of plan.parameters) keep(`first ${name}`, await net.read(name));
    for (let turn = 0; turn < 2; turn++) await net.step(drawnData(plan, sizes));
    const { loss, metrics } = await net.report();
    keep("report", [loss, ...Object.values(metrics)]);
    for (const { name } of plan.parameters) keep(name, await net.read(name));
    const outputs = await net.predict(drawnData(plan, { ...sizes, batch: 2 }, ["input"]));
    for (const [name, values] of Object.entries(outputs as object))
      keep(name, values as Float32Array);
    net.destroy();
    return bits;
  }

  describe.each([
    ["for an adapter in software", (plan: Plan) => plan],
    ["for any adapter", withoutVariants],
  ])("%s", (_adapter, of) => {
    it.each(Object.entries(programs))("%s", { timeout: 180_000 }, async (_, source) => {
      const [merged, single] = [of(planOf(source, true)), of(planOf(source, false))];
      expect(dispatches(merged)).toBeLessThan(dispatches(single));
      expect(await bitsOf(merged)).toEqual(await bitsOf(single));
    });
  });
});
