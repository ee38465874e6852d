// Streams in parts that differ, end early or cannot be read again in; values over all that they gave, or what is wrong with them, out.

import { afterAll, describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import type { NnError } from "../../runtime/errors.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const mean = (list: readonly number[]): number => sum(list) / list.length;
const at = (list: readonly number[], i: number): number => list[i] ?? NaN;

const nets: TrainingNet[] = [];
afterAll(() => {
  for (const net of nets) net.destroy();
});

async function failure(promise: Promise<unknown>): Promise<NnError> {
  return promise.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: unknown) => error as NnError,
  );
}

const backends = softwareExpected ? (["f32", "webgpu"] as const) : (["f32"] as const);

const wordy = compileOne(`model Wordy {
  input z: [batch, time, 3]
  target c: category(3)[batch, time]
  output y = z
  loss cross_entropy(z, c)
  metric perplexity(z, c)
  metric accuracy(z, c)
}`);
const ordered = compileOne(`model Ordered {
  input z: [batch, time, 3]
  output y = z
  metric middle = mean(sort(z[:, :, 0], axis: 0))
}`);
const single = compileOne(`model Single {
  input x: [time]
  output y = x
  metric largest = max(x)
  metric middle = mean(x)
}`);
const shares = compileOne(`model Shares {
  input x: [batch]
  fitted a: [] = sum(x / batch)
  weight w: [] = 1
  loss (w - a) ^ 2 * x
}
train Shares { optimizer sgd(lr: 0.1) }`);
const placed = compileOne(`model Placed {
  input x: [batch]
  output y = x
  metric weighted = sum(x * range(batch))
}`);
const squared = compileOne(`model Squared {
  input x: [batch]
  output y = x
  metric order = sum(sort(x[:, new] * x[new, :], axis: 0))
}`);

describe.each(backends)("streams on %s", (backend) => {
  const opened = async (model = wordy): Promise<TrainingNet> => {
    const net = await open(model, backend);
    nets.push(net);
    return net;
  };
  const batchOf = (batch: number, time: number, seed: number) => {
    const random = (i: number): number => Math.sin(seed * 7.3 + i * 1.9) * 2;
    return {
      z: {
        data: Float32Array.from({ length: batch * time * 3 }, (_, i) => random(i)),
        shape: [batch, time, 3],
      },
      c: {
        data: Uint32Array.from({ length: batch * time }, (_, i) => (seed + i * 5) % 3),
        shape: [batch, time],
      },
    };
  };
  const batches = [batchOf(4, 2, 1), batchOf(4, 7, 2), batchOf(2, 3, 3)];
  const losses = batches.flatMap(({ z, c }) =>
    [...c.data].map((label, i) => {
      const row = [...z.data.subarray(3 * i, 3 * i + 3)];
      return Math.log(sum(row.map(Math.exp))) - at(row, label);
    }),
  );

  it("count entries, not examples, where their batches differ in a free dimension", async () => {
    const net = await opened();
    const { loss, metrics, examples } = await net.evaluate(() => [...batches]);
    expect(losses).toHaveLength(42);
    expect(examples).toBe(10);
    expect(loss).toBeCloseTo(mean(losses), 5);
    expect(metrics["perplexity"]).toBeCloseTo(Math.exp(mean(losses)), 4);
    const right = batches.flatMap(({ z, c }) =>
      [...c.data].map((label, i) => {
        const row = [...z.data.subarray(3 * i, 3 * i + 3)];
        return row.indexOf(Math.max(...row)) === label ? 1 : 0;
      }),
    );
    expect(metrics["accuracy"]).toBeCloseTo(mean(right), 6);
  });

  it("that differ where one extent is needed for the whole set are told so", async () => {
    const net = await opened(ordered);
    const inputs = batches.map(({ z }) => ({ z }));
    const { code, message } = await failure(net.evaluate(() => inputs));
    expect(code).toBe("shape");
    expect(message).toMatch(/agree in all but their examples|needs one time/);
    const same = inputs.slice(0, 1);
    const { metrics } = await net.evaluate(() => [...same, ...same]);
    const first = (same[0]?.z.data ?? []).filter((_, i) => i % 3 === 0);
    expect(metrics["middle"]).toBeCloseTo(mean([...first]), 5);
  });

  it("of a model without a batch are averaged: each is an example", async () => {
    const net = await opened(single);
    const { metrics, examples } = await net.evaluate(() => [{ x: [1, 2, 3] }, { x: [10] }]);
    expect(examples).toBe(2);
    expect(metrics).toEqual({ largest: 6.5, middle: 6 });
  });

  it("are counted before a first sweep that needs their size", async () => {
    const net = await opened(shares);
    await net.prepare(() => [{ x: [1, 2, 3, 4, 5, 6, 7] }, { x: [8, 9] }, { x: [10] }]);
    expect((await net.read("a"))[0]).toBeCloseTo(5.5, 6);
  });

  it("that cannot be read again are told so", async () => {
    const net = await opened(shares);
    const once = [{ x: [1, 2] }, { x: [3] }].values();
    const told = await failure(net.prepare(once));
    expect(told.code).toBe("data");
    expect(told.message).toContain("a generator can be read once");
    const other = [{ x: [1, 2] }, { x: [3] }].values();
    const { code, message } = await failure(net.prepare({ [Symbol.iterator]: () => other }));
    expect(code).toBe("data");
    expect(message).toContain("3 examples at first and 0");
  });

  it("of which a batch lacks what the others give, or that give nothing, are refused", async () => {
    const net = await opened();
    const without = batches.map(({ z, c }, at) => (at === 0 ? { z, c } : { z }));
    const lacking = await failure(net.evaluate(() => without));
    expect([lacking.code, lacking.message]).toEqual(["name", 'Wordy needs "c" too']);
    expect((await failure(net.evaluate(() => []))).code).toBe("data");
    const other = await opened(shares);
    const { code, message } = await failure(other.prepare({}));
    expect([code, message]).toEqual(["name", 'Shares needs "x" too']);
  });

  it("of more batches than are read at once keep their order", async () => {
    const net = await opened(placed);
    const x = Float32Array.from({ length: 150 }, (_, i) => i);
    for (const batch of [1, 149]) {
      const { metrics } = await net.evaluate({ x }, { batch });
      expect(metrics["weighted"]).toBe((149 * 150 * 299) / 6);
    }
  });

  it("of more examples than memory holds at once say how much it would take", async () => {
    const net = await opened(squared);
    const { code, message, details } = await failure(
      net.evaluate({ x: new Float32Array(60000) }, { batch: 60000 }),
    );
    expect(code).toBe("limits");
    expect(details["examples"]).toBe(60000);
    expect(Number(details["bytes"])).toBeGreaterThanOrEqual(4 * 60000 ** 2);
    expect(message).toContain("the metric order takes all 60000 examples at once");
    // It still works.
    const { metrics } = await net.evaluate({ x: [1, 2, 3] });
    expect(metrics["order"]).toBeCloseTo(36, 5);
  });
});
