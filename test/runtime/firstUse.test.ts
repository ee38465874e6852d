// Nets on a device that tells which kernels it compiles, in; kernels of what is asked for first, in the order of the calls, out.

import { afterEach, expect, it } from "vitest";
import { load, loadInference, NnError } from "../../runtime/index.js";
import type { RuntimeOptions } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/api.js";
import type { Plan } from "../../runtime/plan.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { countBuffers } from "./support/buffers.js";
import { lineData, lineModule, linePlan } from "./support/line.js";

const cpu = { cpu: () => Promise.resolve(lineModule) };

interface Watched {
  readonly net: TrainingNet;
  readonly device: GPUDevice;
  /** Names of the kernels compiled since the last call. */
  readonly compiled: () => string[];
  readonly buffers: () => readonly string[];
}

/** What the kernels of programs of this kind are called, each once. */
function kernelsOf({ programs, kernels }: Plan, ...kinds: string[]): Set<string> {
  const used = programs.filter(({ kind }) => kinds.includes(kind));
  return new Set(
    used.flatMap(({ dispatches }) => dispatches.map(({ kernel }) => kernels[kernel]?.name ?? "")),
  );
}

describeGpu("kernels are compiled when they are first needed", () => {
  const opened: { destroy(): unknown }[] = [];
  afterEach(() => {
    for (const one of opened.splice(0)) one.destroy();
  });

  function watch(device: GPUDevice): () => string[] {
    let names: string[] = [];
    const create = device.createComputePipelineAsync.bind(device);
    device.createComputePipelineAsync = (descriptor) => {
      names.push(descriptor.label ?? "");
      return create(descriptor);
    };
    return () => {
      const found = names;
      names = [];
      return found;
    };
  }

  async function open(plan = linePlan(), options: RuntimeOptions = {}): Promise<Watched> {
    const device = await softwareDevice();
    const compiled = watch(device);
    const buffers = countBuffers(device);
    const net = await load(plan, { ...cpu, device, seed: 1, ...options });
    opened.push(net, device);
    return { net, device, compiled, buffers };
  }

  it("those of first weights and updates with the net, others with their first call", async () => {
    const progress: [number, number][] = [];
    const plan = linePlan([{ accumulate: 2 }]);
    const { net, compiled } = await open(plan, {
      onProgress: (done, total) => progress.push([done, total]),
    });
    const first = kernelsOf(plan, "init", "step", "gather");
    expect(compiled().sort()).toEqual([...first].sort());
    expect(progress.at(-1)).toEqual([first.size, first.size]);
    const { x, t } = lineData(8);
    await net.step([
      { x, t },
      { x, t },
    ]);
    expect(compiled()).toEqual([]);
    const known = new Set(first);
    for (const [kinds, call] of [
      [["predict", "draw"], () => net.predict({ x })],
      [["sweep", "whole"], () => net.evaluate({ x, t })],
    ] as const) {
      const more = [...kernelsOf(plan, ...kinds)].filter((name) => !known.has(name));
      expect(more.length).toBeGreaterThan(1);
      await call();
      expect(compiled().sort()).toEqual(more.sort());
      for (const name of more) known.add(name);
      await call();
      expect(compiled()).toEqual([]);
    }
  });

  it("none that draws weights where a file has them all", async () => {
    const { net, compiled } = await open();
    expect(compiled()).toContain("init");
    const weights = await net.save();
    const { net: second, compiled: others } = await open(linePlan(), { weights });
    expect(others()).not.toContain("init");
    expect(await second.read("w")).toEqual(await net.read("w"));
    const { compiled: those } = await open(linePlan(), { weights, partial: true });
    expect(those()).toContain("init");
  });

  it("none that trains for a net that only predicts", async () => {
    const device = await softwareDevice();
    const compiled = watch(device);
    const net = await loadInference(linePlan(), { ...cpu, device, seed: 1 });
    opened.push(net, device);
    expect(compiled().sort()).toEqual([...kernelsOf(linePlan(), "predict", "draw")].sort());
    await net.predict({ x: [[1, 2]] });
    expect(compiled()).toEqual([]);
  });

  const y = async (call: Promise<unknown>): Promise<number[]> => [
    ...((await call) as { readonly y: Float32Array }).y,
  ];

  it("and what is asked for meanwhile keeps the order of its calls", async () => {
    const given = { x: [[1, 1]], t: [4] };
    const results: unknown[] = [];
    for (const compilesBefore of [false, true]) {
      const { net, device } = await open();
      await net.write("b", 0);
      if (compilesBefore) {
        await net.predict({ x: [[0, 0]] });
        await net.evaluate(given);
      }
      const data = device.createBuffer({ size: 8, usage: 140 });
      device.queue.writeBuffer(data, 0, new Float32Array([3, 4]));
      const ask = (): Promise<number[]> =>
        y(net.predict({ x: { data, shape: [1, 2] } }, { outputs: ["y"] }));
      const calls = [
        net.write("w", [1, 0]),
        ask(),
        net.step(given),
        ask(),
        net.report(),
        net.read("w"),
        net.write("w", [0, 2]),
        ask(),
        net.evaluate(given),
      ];
      device.queue.writeBuffer(data, 0, new Float32Array([9, 9]));
      data.destroy();
      results.push(await Promise.all(calls));
    }
    const [waited, went] = results as unknown[][];
    expect(waited?.[1]).toEqual([3]);
    expect(waited?.[3]).not.toEqual([3]);
    expect(waited).toEqual(went);
  });

  it("and a kernel that is refused is told to the call that needs it", async () => {
    const plan = linePlan();
    const kernels = plan.kernels.map((kernel) =>
      kernel.name === "double" ? { ...kernel, wgsl: "fn main( {" } : kernel,
    );
    const { net, buffers } = await open({ ...plan, kernels });
    const before = buffers();
    const calls = [0, 1].map(async () => {
      try {
        return await net.predict({ x: [[1, 2]] });
      } catch (error) {
        return error;
      }
    });
    const step = net.step({ x: [[1, 1]], t: [4] });
    for (const error of await Promise.all(calls)) {
      expect(error).toBeInstanceOf(NnError);
      expect((error as NnError).code).toBe("internal");
      expect((error as NnError).message).toMatch(/^the GPU refused the kernel double: /);
    }
    await step;
    expect(await net.report()).toMatchObject({ step: 1 });
    await expect(net.predict({ x: [[1, 2]] })).rejects.toThrow("the kernel double");
    net.destroy();
    expect(before.length).toBeGreaterThan(0);
    expect(buffers()).toEqual([]);
  });

  it("and a net that is destroyed meanwhile ends the calls that wait", async () => {
    const { net, device, buffers } = await open();
    const data = device.createBuffer({ size: 8, usage: 140 });
    const calls = [
      net.predict({ x: { data, shape: [1, 2] } }),
      net.step({ x: [[1, 1]], t: [4] }),
      net.read("w"),
    ].map((call: Promise<unknown>) => call.catch((error: unknown) => (error as NnError).code));
    net.destroy();
    expect(await Promise.all(calls)).toEqual(["destroyed", "destroyed", "destroyed"]);
    data.destroy();
    expect(buffers()).toEqual([]);
  });

  it("and a device that is lost meanwhile too", async () => {
    const { net, device } = await open();
    const calls = [net.predict({ x: [[1, 2]] }), net.read("w")].map((call: Promise<unknown>) =>
      call.catch((error: unknown) => (error as NnError).code),
    );
    device.destroy();
    expect(await Promise.all(calls)).toEqual(["device-lost", "device-lost"]);
    await net.restore({ device: await softwareDevice() });
    expect(await y(net.predict({ x: [[1, 2]] }))).toHaveLength(1);
  });
});
