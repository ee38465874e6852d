// Small steps and a clock in; how many share a submission, and that nobody sees it but by the time it takes, out.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { load } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/api.js";
import { createPace } from "../../runtime/train/together.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { injectFaults, type Faults } from "../support/faults.js";
import { compileOne } from "../support/compiled.js";

describe("the pace of submissions", () => {
  it("grows where runs are short, at most twofold at once, and falls where one is long", () => {
    let time = 0;
    const pace = createPace(() => time);
    const sizes = [0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 3, 30, 0.5].map((each) => {
      const runs = pace.size();
      time += each * runs;
      pace.passed(runs);
      return pace.size();
    });
    expect(sizes).toEqual([2, 4, 8, 8, 16, 16, 1, 1, 2]);
  });
});

const model = compileOne(`
model M {
  input x: [batch, 3]
  input scale: [3]
  input target: [batch, 2]
  y = x * scale |> dense(4, activation: tanh) |> dropout(0.2) |> dense(2)
  output y
  loss mse(y, target)
}
train M { optimizer adam(0.01)  batch 8  epochs 4  seed 3 }`);

const count = 43;
const wave = (length: number): Float32Array =>
  Float32Array.from({ length }, (_, index) => Math.sin(1 + index));
const data = { x: wave(count * 3), scale: wave(3), target: wave(count * 2) };
const batchOf = (seed: number) => ({
  x: Float32Array.from({ length: 24 }, (_, index) => Math.cos(seed + index)),
  scale: wave(3),
  target: Float32Array.from({ length: 16 }, (_, index) => Math.cos(seed * index)),
});

interface Opened {
  readonly net: TrainingNet;
  readonly faults: Faults;
  readonly device: GPUDevice;
  readonly submissions: () => number;
}

describeGpu("small steps", () => {
  const opened: { destroy(): unknown }[] = [];
  /** What the clock goes on by whenever it is asked. */
  let tick = 0;
  beforeEach(() => {
    let time = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (time += tick));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    for (const one of opened.splice(0)) one.destroy();
  });

  async function open(): Promise<Opened> {
    const device = await softwareDevice();
    let submissions = 0;
    const submit = device.queue.submit.bind(device.queue);
    device.queue.submit = (commands) => {
      submissions++;
      submit(commands);
      return undefined;
    };
    const faults = injectFaults(device);
    const net = await load(model, { device, seed: 1 });
    opened.push(net, device);
    return {
      ...{ net, faults, device },
      submissions: () => {
        const found = submissions;
        submissions = 0;
        return found;
      },
    };
  }

  /** Kernels are compiled with the first step, and room is made for what several are given once they are seen to be short. */
  async function begin({ net, submissions }: Pick<Opened, "net" | "submissions">): Promise<void> {
    for (let step = 0; step < 4; step++) await net.step(batchOf(step));
    submissions();
  }

  /** The same with steps that seem to take no time, and with such as take long. */
  async function both<T>(act: (net: Opened) => Promise<T>): Promise<{
    readonly results: readonly [T, T];
    readonly submissions: readonly [number, number];
  }> {
    const found: { result: T; submitted: number }[] = [];
    for (const time of [0, 50]) {
      tick = time;
      const one = await open();
      await begin(one);
      const result = await act(one);
      found.push({ result, submitted: one.submissions() });
    }
    const [quick, slow] = found as [(typeof found)[0], (typeof found)[0]];
    return {
      results: [quick.result, slow.result],
      submissions: [quick.submitted, slow.submitted],
    };
  }

  const contentOf = async ({ net }: Opened) => ({
    saved: await net.save({ optimizer: true }),
    report: await net.report(),
  });

  it("of a fit share submissions and come to the same bits", async () => {
    const { results, submissions } = await both(async (one) => {
      const { epochs } = await one.net.fit(data, { epochs: 12, validation: 0.2 });
      return [epochs.map(({ loss, validation }) => [loss, validation?.loss]), await contentOf(one)];
    });
    expect(results[0]).toEqual(results[1]);
    // 12 epochs of 5 steps, and what validates and reads them.
    expect(submissions[1]).toBeGreaterThan(60);
    expect(submissions[0]).toBeLessThan(submissions[1] - 30);
  });

  it("that a caller gives share them too, and what was given is the caller's again at once", async () => {
    const { results, submissions } = await both(async (one) => {
      const batch = batchOf(1);
      const steps = [];
      for (let step = 0; step < 40; step++) {
        batch.x.set(batchOf(step).x);
        steps.push(one.net.step(batch));
        batch.x.fill(NaN);
      }
      await Promise.all(steps);
      return contentOf(one);
    });
    expect(results[0]).toEqual(results[1]);
    expect(submissions[0]).toBeLessThan(submissions[1] / 2);
  });

  it("of other sizes, reads, predictions and changes between them happen in their order", async () => {
    const { results } = await both(async (one) => {
      const { net } = one;
      const seen: unknown[] = [];
      for (let step = 0; step < 30; step++) {
        const { x, target } = batchOf(step);
        const rows = step % 5 === 4 ? 3 : 8;
        const part = { x: x.subarray(0, rows * 3), target: target.subarray(0, rows * 2) };
        void net.step({ ...part, scale: wave(3) });
        if (step % 7 === 3) seen.push((await net.predict({ x, scale: wave(3) })).y);
        if (step % 11 === 5) seen.push(await net.save());
      }
      seen.push(await contentOf(one));
      return seen;
    });
    expect(results[0]).toEqual(results[1]);
  });

  it("of so many numbers that few fit into a submission share what there is room for", async () => {
    // About 25 kB: two of them have room, a third has not.
    const rows = 1_250;
    const { results, submissions } = await both(async (one) => {
      const { net } = one;
      const stepOf = (seed: number): Promise<unknown> =>
        net.step({
          x: wave(rows * 3).map((each) => each * Math.cos(seed)),
          scale: wave(3),
          target: wave(rows * 2),
        });
      // Buffers grow with the first one.
      await stepOf(0);
      const steps = Array.from({ length: 12 }, (_, step) => stepOf(step));
      await Promise.all(steps);
      return contentOf(one);
    });
    expect(results[0].report.step).toBe(17);
    expect(submissions[0]).toBeLessThan(submissions[1]);
    expect(results[0]).toEqual(results[1]);
  });

  it("that are asked for in one go are submitted at its end, in their order", async () => {
    tick = 0;
    const { net, submissions } = await open();
    await begin({ net, submissions });
    const ends: number[] = [];
    const steps = Array.from({ length: 21 }, (_, step) =>
      net.step(batchOf(step)).then(() => ends.push(step)),
    );
    // One, two, four, eight of them at once.
    expect(submissions()).toBeLessThan(7);
    await Promise.all(steps);
    expect(submissions()).toBeLessThan(3);
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
    expect((await net.report()).step).toBe(25);
  });

  it("go by themselves where there is no room for their words together", async () => {
    tick = 0;
    const { net, faults, submissions } = await open();
    await net.step(batchOf(0));
    faults.largest = 60_000;
    submissions();
    await Promise.all(Array.from({ length: 20 }, (_, step) => net.step(batchOf(step))));
    expect(submissions()).toBe(20);
    await net.fit(data, { epochs: 2 });
    expect(submissions()).toBeGreaterThan(9);
  });

  it("tell of a submission that was refused, and go on from it", async () => {
    tick = 0;
    const { net, faults } = await open();
    await net.fit(data, { epochs: 3 });
    faults.refused = 1;
    await expect(net.fit(data, { epochs: 2 })).rejects.toThrow(/the GPU refused/);
    const { epochs } = await net.fit(data, { epochs: 2 });
    expect(epochs.at(-1)?.loss).toBeLessThan(10);
  });

  it("end with the net, whatever waits", async () => {
    tick = 0;
    const { net } = await open();
    await net.fit(data, { epochs: 3 });
    const last = net.step(batchOf(5));
    net.destroy();
    await last.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(net.step(batchOf(6))).rejects.toThrow(/destroyed/);
  });
});
