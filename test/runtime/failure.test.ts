// Losses that are not finite, devices that are lost, backends that are not there, in; readable errors and nets that go on, out.

import { afterEach, describe, expect, it } from "vitest";
import { load, writeSafetensors, type RuntimeOptions } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/api.js";
import type { NnError } from "../../runtime/errors.js";
import { countBuffers } from "./support/buffers.js";
import { lineData, lineModule, linePlan } from "./support/line.js";
import { onBothBackends } from "./support/open.js";
import {
  describeGpu,
  installNavigatorGpu,
  removeNavigatorGpu,
  softwareDevice,
  softwareGpu,
} from "../support/adapter.js";

async function errorOf(promise: Promise<unknown>): Promise<NnError> {
  try {
    await promise;
  } catch (error) {
    return error as NnError;
  }
  throw new Error("nothing was thrown");
}

const cpu = { cpu: () => Promise.resolve(lineModule) };

onBothBackends("a loss that is not finite", lineModule, (open) => {
  it("stops the run by name and keeps the last good weights", async () => {
    const net = await open(linePlan([{ epochs: 4 }]));
    const { x, t } = lineData(30);
    // A target so large that its square overflows, in one batch of the second epoch.
    let calls = 0;
    function* batches(): Generator<Record<string, Float32Array>> {
      for (let start = 0; start < 28; start += 4) {
        const wild = ++calls > 12;
        yield {
          x: x.slice(2 * start, 2 * start + 8),
          t: wild ? new Float32Array(4).fill(3e38) : t.slice(start, start + 4),
        };
      }
    }
    const error = await errorOf(net.fit(() => batches()));
    expect(error.code).toBe("not-finite");
    expect(error.message).toContain("the loss error");
    expect(error.details["step"]).toBe(13);
    expect(error.message).toContain("learning rate or clip_norm may help; else look at the size");
    expect([...(await net.read("w")), ...(await net.read("b"))].every(Number.isFinite)).toBe(true);
    const { loss } = await net.evaluate({ x, t });
    expect(Number.isFinite(loss)).toBe(true);
    const history = await net.fit({ x, t }, { epochs: 1 });
    expect(Number.isFinite(history.epochs[0]?.loss)).toBe(true);
  });

  it("is seen when it is of the very first step", async () => {
    const net = await open(linePlan());
    const before = await net.read("w");
    const error = await errorOf(net.fit({ x: [[1e30, 1e30]], t: [1] }));
    expect(error.code).toBe("not-finite");
    expect(error.message).toContain("at step 1, though all weights are: it overflows");
    expect(error.message).not.toContain("learning rate");
    expect(error.details["tensor"]).toBeUndefined();
    expect(await net.read("w")).toEqual(before);
  });
});

describeGpu("a lost device", () => {
  const nets: TrainingNet[] = [];
  afterEach(() => {
    for (const net of nets.splice(0)) net.destroy();
    removeNavigatorGpu();
  });
  const open = async (options: RuntimeOptions): Promise<TrainingNet> => {
    const net = await load(linePlan(), { ...cpu, ...options });
    nets.push(net);
    return net;
  };

  it("is told, refuses what follows, and is restored from the snapshot", async () => {
    const device = await softwareDevice();
    const net = await open({ device });
    await net.fit(lineData(30), { epochs: 1 });
    const saved = await net.save({ optimizer: true });
    const snapshot = saved.slice();
    const weights = await net.read("w");
    await net.step({ x: [[1, 2]], t: [9] });
    const pending = net.predict({ x: new Float32Array(200_000) });
    device.destroy();
    expect(await net.lost).toMatchObject({ reason: "destroyed" });
    await pending.catch((error: unknown) => {
      expect((error as NnError).code).toBe("device-lost");
    });
    for (const call of [
      () => net.predict({ x: [[1, 2]] }),
      () => net.step({ x: [[1, 2]], t: [1] }),
      () => net.read("w"),
      () => net.save(),
    ]) {
      const error = await errorOf(call());
      expect(error.code).toBe("device-lost");
      expect(error.message).toContain("restore");
    }
    // What was saved is the caller's.
    structuredClone(saved, { transfer: [saved.buffer] });
    await net.restore({ device: await softwareDevice() });
    expect(net.backend).toBe("webgpu");
    expect(await net.read("w")).toEqual(weights);
    expect(await net.save({ optimizer: true })).toEqual(snapshot);
    await net.step({ x: [[1, 2]], t: [9] });
    expect((await net.report()).step).toBe(9);
  });

  it("without a snapshot is restored to what was loaded and written", async () => {
    const device = await softwareDevice();
    const net = await open({ device });
    await net.write("b", 4);
    device.destroy();
    await net.lost;
    await installNavigatorGpu();
    await net.restore();
    expect([...(await net.read("w")), ...(await net.read("b"))]).toEqual([0.875, 1, 4]);
  });

  it("during fit ends it with the error", async () => {
    const device = await softwareDevice();
    const net = await open({ device });
    const error = await errorOf(
      net.fit(lineData(30), {
        epochs: 1000,
        onStep: ({ step }) => {
          if (step === 3) device.destroy();
        },
      }),
    );
    expect(error.code).toBe("device-lost");
  });
});

describe("the backend", () => {
  afterEach(removeNavigatorGpu);

  it("is the CPU where WebGPU is not, and says why", async () => {
    const net = await load(linePlan(), cpu);
    expect([net.backend, net.backendReason]).toEqual(["cpu", "WebGPU is not available here"]);
    net.destroy();
    const error = await errorOf(load(linePlan(), { ...cpu, backend: "webgpu" }));
    expect(error.code).toBe("no-adapter");
    expect((await errorOf(load(linePlan()))).code).toBe("option");
    expect((await errorOf(load(linePlan(), { backend: "gpu" as never }))).code).toBe("option");
  });

  it("computes in double precision on the CPU", async () => {
    const net = await load(linePlan(), { ...cpu, precision: 64 });
    await net.write("w", [1 / 3, 0]);
    await net.write("b", 0);
    const { y } = (await net.predict({ x: [[0.1, 0]] })) as { y: Float64Array };
    expect(y[0]).toBe(0.1 * (1 / 3));
    const saved = await net.save();
    const again = await load(linePlan(), { ...cpu, precision: 64, weights: saved });
    expect((await again.read("w"))[0]).toBe(1 / 3);
  });
});

describeGpu("adapters", () => {
  afterEach(removeNavigatorGpu);

  it("in software are taken only when asked for", async () => {
    await installNavigatorGpu();
    const net = await load(linePlan(), cpu);
    expect(net.backend).toBe("cpu");
    expect(net.backendReason).toContain("in software");
    net.destroy();
    const asked = await load(linePlan(), { ...cpu, backend: "webgpu" });
    expect(asked.backend).toBe("webgpu");
    expect(asked.backendReason).toMatch(/swiftshader/i);
    asked.destroy();
  });

  it("of the caller's are taken", async () => {
    const adapter = await (await softwareGpu()).requestAdapter();
    if (!adapter) throw new Error("no adapter");
    const net = await load(linePlan(), { ...cpu, adapter });
    expect(net.backend).toBe("webgpu");
    net.destroy();
  });

  it("share buffers of the caller's with fit", async () => {
    const device = await softwareDevice();
    const { x, t } = lineData(8);
    const upload = (values: Float32Array): GPUBuffer => {
      const buffer = device.createBuffer({ size: values.byteLength, usage: 140 });
      device.queue.writeBuffer(buffer, 0, values.slice());
      return buffer;
    };
    const weights: unknown[] = [];
    for (const data of [
      { x, t },
      { x: { data: upload(x), shape: [8, 2] }, t: upload(t) },
    ]) {
      const net = await load(linePlan(), { ...cpu, device });
      await net.fit(data);
      await net.step(data);
      weights.push(await net.read("w"));
      net.destroy();
    }
    expect(weights[1]).toEqual(weights[0]);
    const unreadable = device.createBuffer({ size: 16, usage: 128 });
    const net = await load(linePlan(), { ...cpu, device, seed: 7 });
    const error = await errorOf(net.predict({ x: { data: unreadable, shape: [2, 2] } }));
    expect(error.message).toContain("COPY_SRC");
    net.destroy();
    device.destroy();
  });

  it("that are lost already say so, and are no reason to restore a net that is not there", async () => {
    const device = await softwareDevice();
    device.destroy();
    await device.lost;
    const error = await errorOf(load(linePlan(), { ...cpu, device, backend: "webgpu" }));
    expect(error.code).toBe("device-lost");
    expect(error.message).toMatch(
      /^the GPU device was lost \(.*\) before anything ran on it; take a new one$/,
    );
    const net = await load(linePlan(), { ...cpu, device });
    expect(net.backend).toBe("cpu");
    expect(net.backendReason).toMatch(/^the GPU device was lost \(.*\)$/);
    net.destroy();
  });

  it("free everything where loading fails", async () => {
    const device = await softwareDevice();
    const left = countBuffers(device);
    const weights = writeSafetensors(new Map());
    const error = await errorOf(load(linePlan(), { ...cpu, device, weights }));
    expect([error.name, error.code]).toEqual(["NnError", "weights"]);
    expect(left()).toEqual([]);
    device.destroy();
  });

  it.each([
    ["an answer of no success", () => new Response("", { status: 404 })],
    ["no file", () => new URL("./none.safetensors", import.meta.url)],
    ["no header", () => new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 123, 123])],
  ])("leave nothing on a device where the weights are %s", async (_what, weights) => {
    const device = await softwareDevice();
    const left = countBuffers(device);
    const error = await errorOf(load(linePlan(), { ...cpu, device, weights: weights() }));
    expect(error.code).toBe("weights");
    expect(left()).toEqual([]);
    device.destroy();
  });

  it("leave a given device alone, and free its buffers", async () => {
    const device = await softwareDevice();
    const left = countBuffers(device);
    let lost = false;
    void device.lost.then(() => (lost = true));
    const progress: [number, number][] = [];
    const net = await load(linePlan([{ validation: 0.2, stopEarly: { patience: 1 } }]), {
      ...cpu,
      device,
      onProgress: (done, total) => progress.push([done, total]),
    });
    await net.fit(lineData(30));
    await net.predict({ x: [[1, 2]] });
    await net.step({ x: [[1, 2]], t: [1] });
    await net.report();
    net.destroy();
    expect(left()).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(lost).toBe(false);
    expect(progress.at(-1)).toEqual([5, 5]);
    // The device still works.
    const again = await load(linePlan(), { ...cpu, device, seed: 7 });
    await again.predict({ x: [[1, 2]] });
    again.destroy();
    device.destroy();
  });
});
