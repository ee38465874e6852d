// Devices whose allocations and submissions fail, and buffers that cannot be read, in; typed errors of the calls that made them, and nets that go on, out.

import { afterEach, describe, expect, it } from "vitest";
import { NnError, load } from "../../runtime/index.js";
import type { AnyModel, TrainingNet } from "../../runtime/api.js";
import type { Plan } from "../../runtime/plan.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { injectFaults, type Faults } from "../support/faults.js";
import { lineData, lineModule, linePlan } from "./support/line.js";

const cpu = { cpu: () => Promise.resolve(lineModule) };

/** A plan with an output that is drawn alone. */
function drawingPlan(): Plan {
  const plan = linePlan();
  const output = { name: "noise", type: "f32", shape: ["batch"], needs: ["noise"] } as const;
  const buffer = { kind: "input", input: "noise", elements: "batch" } as const;
  const result = { name: "noise", type: "f32", shape: ["batch"], buffer } as const;
  const programs = plan.programs.map((program) => {
    if (program.kind !== "predict") return program;
    const dispatches = program.dispatches.map((one) => ({ serves: [0, 1, 2], ...one }));
    return { ...program, dispatches, results: [...program.results, result] };
  });
  return { ...plan, programs, outputs: [...plan.outputs, output] };
}

/** What became of a call: its `y`, or its code. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    const result = await call;
    return typeof result === "object" && result !== null && "y" in result
      ? [...(result.y as Float32Array)].slice(0, 2)
      : "done";
  } catch (error) {
    return error instanceof NnError ? error.code : error;
  }
}

describeGpu("a device that fails", () => {
  const opened: { net: TrainingNet; device: GPUDevice }[] = [];
  afterEach(() => {
    for (const { net, device } of opened.splice(0)) {
      net.destroy();
      device.destroy();
    }
  });
  async function open(
    plan = linePlan(),
  ): Promise<{ net: TrainingNet; faults: Faults; device: GPUDevice }> {
    const device = await softwareDevice();
    const faults = injectFaults(device);
    const net = await load(plan, { ...cpu, device, seed: 1 });
    await net.write("w", [1, 0]);
    await net.write("b", 0);
    opened.push({ net, device });
    return { net, faults, device };
  }
  const ask = (net: TrainingNet, count: number, value: number): Promise<unknown> =>
    outcome(net.predict({ x: new Float32Array(2 * count).fill(value) }));

  it("for want of memory refuses the one call, and works with fewer examples and with more later", async () => {
    const { net, faults } = await open();
    expect(await ask(net, 2, 3)).toEqual([3, 3]);
    faults.largest = 100_000;
    const before = faults.living();
    const calls = [ask(net, 2, 4), ask(net, 200_000, 5), ask(net, 3, 6), ask(net, 100, 7)];
    expect(await Promise.all(calls)).toEqual([[4, 4], "out-of-memory", [6, 6], [7, 7]]);
    expect(await ask(net, 2, 8)).toEqual([8, 8]);
    expect(faults.living().sort()).toEqual(before.sort());
    faults.largest = undefined;
    expect(await ask(net, 200_000, 9)).toEqual([9, 9]);
    expect(await ask(net, 2, 1)).toEqual([1, 1]);
    expect(faults.living().sort()).toEqual(before.sort());
  });

  it("in the very first call leaves none of its buffers behind", async () => {
    const { net, faults } = await open();
    const before = faults.living();
    faults.largest = 2000;
    expect(await ask(net, 1000, 1)).toBe("out-of-memory");
    expect(faults.living()).toEqual(before);
    expect(await ask(net, 2, 2)).toEqual([2, 2]);
  });

  it("refuses outputs on the GPU that have no memory", async () => {
    const { net, faults } = await open();
    await ask(net, 1000, 1);
    faults.largest = 100;
    const before = faults.living();
    const call = net.predict({ x: new Float32Array(2000) }, { as: "gpu" });
    expect(await outcome(call)).toBe("out-of-memory");
    expect(faults.living()).toEqual(before);
  });

  it("tells a refused submission to the call that made it, and to no other", async () => {
    const { net, faults } = await open();
    await ask(net, 2, 1);
    const first = ask(net, 2, 1);
    faults.refused = 1;
    const calls = [first, ask(net, 2, 2), ask(net, 2, 3), outcome(net.read("w"))];
    expect(await Promise.all(calls)).toEqual([[1, 1], "internal", [3, 3], "done"]);
  });

  it.each([1, 2])("leaves a step out that fails, accumulate %s", async (accumulate) => {
    const { net, faults } = await open(linePlan([{ accumulate }]));
    const { net: other } = await open(linePlan([{ accumulate }]));
    const batch = (step: number): AnyModel["data"] => ({ x: [[step, 1]], t: [2] });
    const step = (at: number): AnyModel["data"][] =>
      Array.from({ length: accumulate }, () => batch(at));
    for (const one of [net, other]) await one.step(step(1));
    const report = await net.report();
    faults.largest = 64;
    const large = { x: new Float32Array(2000), t: new Float32Array(1000) };
    const failing = [...step(1).slice(1), large];
    expect(await outcome(net.step(failing))).toBe("out-of-memory");
    faults.largest = undefined;
    faults.refused = 1;
    expect(await outcome(net.step(step(3).slice(0, 1)))).toBe("internal");
    expect(await net.report()).toEqual(report);
    for (const one of [net, other]) await one.step(step(2));
    expect(await net.save({ optimizer: true })).toEqual(await other.save({ optimizer: true }));
    expect(await net.report()).toEqual(await other.report());
  });

  it("ends a fit with the error, and the next one begins anew", async () => {
    const { net, faults } = await open();
    const big = lineData(1000);
    function* batches(): Generator<object> {
      yield lineData(4);
      yield big;
      yield lineData(4);
    }
    faults.largest = 4000;
    expect(await outcome(net.fit(() => batches() as never, { epochs: 2 }))).toBe("out-of-memory");
    faults.largest = undefined;
    const weights = await net.read("w");
    expect(weights.every(Number.isFinite)).toBe(true);
    const again = await net.evaluate(lineData(8));
    expect(Number.isFinite(again.loss)).toBe(true);
    expect(await outcome(net.fit(lineData(8), { epochs: 1 }))).toBe("done");
  });

  it("while loading refuses to load and leaves nothing", async () => {
    const device = await softwareDevice();
    const faults = injectFaults(device);
    faults.largest = 4;
    const call = load(linePlan(), { ...cpu, device, backend: "webgpu", seed: 1 });
    expect(await outcome(call)).toBe("out-of-memory");
    expect(faults.living()).toEqual([]);
    device.destroy();
  });

  it("refuses buffers that are destroyed, mapped, another device's or too short, each in its own call", async () => {
    const { net, device } = await open();
    const other = await softwareDevice();
    const make = (on: GPUDevice, size = 16, usage = 140): GPUBuffer => {
      const buffer = on.createBuffer({ size, usage });
      if (usage & 8) on.queue.writeBuffer(buffer, 0, new Float32Array(size / 4).fill(2));
      return buffer;
    };
    const good = make(device);
    const destroyed = make(device);
    destroyed.destroy();
    const mapped = device.createBuffer({ size: 16, usage: 6, mappedAtCreation: true });
    const given = (data: GPUBuffer, shape = [2, 2]): Promise<unknown> =>
      outcome(net.predict({ x: { data, shape } }));
    const calls = [
      given(good),
      given(destroyed),
      given(mapped),
      given(make(other)),
      given(make(device, 12)),
      given(make(device, 16, 8)),
      given(make(device, 32)),
      ask(net, 2, 9),
      outcome(net.predict({ x: good })),
      outcome(net.predict({ x: make(device, 20) })),
    ];
    expect(await Promise.all(calls)).toEqual([
      [2, 2],
      "option",
      "option",
      "option",
      "shape",
      "option",
      [2, 2],
      [9, 9],
      [2, 2],
      "shape",
    ]);
    expect(await outcome(net.fit({ x: destroyed, t: [1, 2] } as never))).toBe("option");
    expect(
      await outcome(net.fit({ x: { data: good, shape: [3, 2] }, t: [1, 2, 3] } as never)),
    ).toBe("shape");
    other.destroy();
  });

  it("destroyed beside a call ends it with its code", async () => {
    const { net } = await open();
    const calls = [ask(net, 2, 1), outcome(net.read("w"))];
    net.destroy();
    expect(await Promise.all(calls)).toEqual(["destroyed", "destroyed"]);
  });
});

describe("a net on the CPU", () => {
  it("refuses what no memory holds, and works afterwards", async () => {
    const net = await load(drawingPlan(), { ...cpu, backend: "cpu", seed: 1 });
    const before = await outcome(net.predict({ x: [1, 2] }));
    for (const batch of [2 ** 53, 1e15])
      expect(await outcome(net.predict({}, { outputs: ["noise"], batch }))).toBe("out-of-memory");
    expect(await outcome(net.predict({ x: [1, 2] }))).toEqual(before);
    net.destroy();
  });

  it("destroyed beside a call ends it with its code", async () => {
    const net = await load(linePlan(), { ...cpu, backend: "cpu", seed: 1 });
    const calls = [1, 2].map(() => outcome(net.predict({ x: new Float32Array(20_000_000) })));
    net.destroy();
    expect(await Promise.all(calls)).toEqual(["destroyed", "destroyed"]);
  });
});
