// Nets restored after and without a loss, and nets with fitted values that nobody prepared, in; what they still know, out.

import { expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import type { NnError } from "../../runtime/errors.js";
import { softwareDevice } from "../support/adapter.js";
import { lineData, lineModule, linePlan } from "./support/line.js";
import { onBothBackends } from "./support/open.js";

const data = lineData(30);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error: unknown) => (error as NnError).code,
  );
}

async function stateOf(net: TrainingNet): Promise<Uint8Array> {
  return net.save({ optimizer: true });
}

onBothBackends("restore", lineModule, (open, backend) => {
  const next = async (): Promise<object> =>
    backend === "webgpu" ? { device: await softwareDevice() } : {};

  it("of a net that lost nothing keeps all that it was trained", async () => {
    const net = await open(linePlan());
    await net.step({ x: [[1, 2]], t: [9] });
    const weights = await net.read("w");
    await net.restore(await next());
    expect(await net.read("w")).toEqual(weights);
    await net.fit(data, { epochs: 1 });
    const state = await stateOf(net);
    await net.step({ x: [[1, 2]], t: [9] });
    await net.restore(await next());
    expect(await stateOf(net)).not.toEqual(state);
    await net.write("b", 4);
    await net.restore(await next());
    expect([...(await net.read("b"))]).toEqual([4]);
  });

  it("of a net that lost nothing keeps the report, and batches that wait for more", async () => {
    const plan = linePlan([{ accumulate: 2 }]);
    const device = backend === "webgpu" ? await softwareDevice() : undefined;
    const net = await open(plan, device ? { device } : {});
    const other = await open(plan);
    const batches = [1, 2, 3, 4].map((value) => ({ x: [[value, 2]], t: [9] }));
    for (const batch of batches.slice(0, 2)) await net.step(batch);
    const report = await net.report();
    // One that waits, in a buffer of the device that goes.
    const buffer = device?.createBuffer({ size: 16, usage: 140 });
    device?.queue.writeBuffer(buffer as GPUBuffer, 0, Float32Array.of(3, 2));
    const x = buffer ? { data: buffer, shape: [1, 2] } : [[3, 2]];
    await net.step({ x, t: [9] });
    await net.restore(await next());
    expect(await net.report()).toEqual(report);
    await net.step(batches[3]);
    for (const batch of batches) await other.step(batch);
    expect(await stateOf(net)).toEqual(await stateOf(other));
    expect(await net.report()).toEqual(await other.report());
  });

  it.skipIf(backend === "cpu")("after a loss goes on from the end of the last fit", async () => {
    for (const aborts of [false, true]) {
      const device = await softwareDevice();
      const net = await open(linePlan(), { device });
      const abort = new AbortController();
      const onEpoch = (): void => {
        if (aborts) abort.abort();
      };
      await net.fit(data, { epochs: 3, signal: abort.signal, onEpoch });
      const [weights, run] = [await net.read("w"), net.run];
      expect(run !== undefined).toBe(aborts);
      device.destroy();
      await net.lost;
      await net.restore(await next());
      expect(await net.read("w")).toEqual(weights);
      expect(net.run).toEqual(run);
    }
  });

  it.skipIf(backend === "cpu").each<[string, (net: TrainingNet) => Promise<unknown>]>([
    ["loading", () => Promise.resolve()],
    ["a step", (net) => net.step({ x: [[1, 2]], t: [9] })],
    ["a fit", (net) => net.fit(data, { epochs: 1 })],
    ["saving", (net) => net.save({ optimizer: true })],
    [
      "a write and a step",
      async (net) => Promise.all([net.write("w", [7, 8]), net.step({ x: [[1, 2]], t: [9] })]),
    ],
  ])("after a loss has what was written behind %s, and all that was there then", async (_, act) => {
    const device = await softwareDevice();
    const net = await open(linePlan(), { device });
    for (const value of [4, 5]) {
      await act(net);
      await Promise.all([net.write("b", 1), net.write("b", value)]);
    }
    const weights = [await net.read("w"), await net.read("b")];
    await net.step({ x: [[3, 3]], t: [1] });
    device.destroy();
    await net.lost;
    await net.restore(await next());
    expect([await net.read("w"), await net.read("b")]).toEqual(weights);
    await net.write("b", 6);
    await net.restore(await next());
    expect([await net.read("w"), await net.read("b")]).toEqual([weights[0], Float32Array.of(6)]);
  });

  it.skipIf(backend === "cpu")("that finds no device leaves the net as it is", async () => {
    const net = await open(linePlan());
    await net.step({ x: [[1, 2]], t: [9] });
    const weights = await net.read("w");
    const adapter = {
      limits: (await softwareDevice()).limits,
      requestDevice: () => Promise.reject(new Error("none left")),
    };
    expect(await codeOf(net.restore({ adapter: adapter }))).toBe("no-adapter");
    expect(await net.read("w")).toEqual(weights);
    await net.step({ x: [[1, 2]], t: [9] });
    expect((await net.report()).step).toBe(2);
  });
});

onBothBackends("a net whose fitted values nobody prepared", lineModule, (open) => {
  it("neither answers nor is evaluated", async () => {
    const net = await open(linePlan([{}], { fitted: true }), { seed: 1 });
    const calls = [
      () => net.predict({ x: [[1, 2]] }),
      () => net.evaluate(data),
      () => net.step({ x: [[1, 2]], t: [9] }),
    ];
    for (const call of calls) expect(await codeOf(call())).toBe("not-prepared");
    await net.prepare(data);
    for (const call of calls) expect(await codeOf(call())).toBe("none");
  });
});
