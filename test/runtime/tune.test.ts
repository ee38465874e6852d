// Plans whose dispatches have variants, tuned on the software adapter, in; nets that compute the same whatever is taken, and what is kept of a measurement, out.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, it, vi } from "vitest";
import { emit } from "../../compiler/emit/bundle.js";
import { load, loadInference, type RuntimeOptions } from "../../runtime/index.js";
import type { Model, TrainingNet } from "../../runtime/api.js";
import type { Plan, PlanKernel } from "../../runtime/plan.js";
import { tunePlan } from "../../runtime/tune.js";
import { planFor } from "../../runtime/variants.js";
import { describeGpu, softwareDevice, softwareGpu } from "../support/adapter.js";
import { injectFaults } from "../support/faults.js";
import { compileOne } from "../support/compiled.js";
import { countBuffers } from "./support/buffers.js";

const model = compileOne(`
model M {
  input x: [batch, 37]
  target t: [batch, 5]
  y = softmax(x |> dense(67, activation: tanh) |> dense(5))
  output y
  loss mse(y, t)
}
train M { optimizer adam(0.01)  batch 19  seed 3 }`);
const { plan } = model.training;
const wave = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(index));
const data = { x: wave(19 * 37), t: wave(19 * 5) };

const dispatches = plan.programs.flatMap(({ dispatches: all, kind }) =>
  all.map((dispatch) => ({ dispatch, kind })),
);
const varies = ({ dispatch }: (typeof dispatches)[number]): boolean =>
  (dispatch.variants ?? plan.kernels[dispatch.kernel]?.variants)?.software !== undefined;

/** A kernel whose variant is another, so that each that is taken tells by its position which it is. */
function apart(kernel: PlanKernel): PlanKernel {
  const { wgsl, workgroupSize } = kernel;
  return {
    ...kernel,
    variants: { software: kernel.variants?.software ?? { wgsl, workgroupSize } },
  };
}

/** A cache that answers each question alike, and tells what it was given. */
function answering(answer: unknown): { get(): unknown; set(): void; readonly kept: unknown[] } {
  const kept: unknown[] = [];
  return { get: () => answer, set: (...given: unknown[]) => kept.push(given), kept };
}

describeGpu("a plan that is tuned", () => {
  const opened: { destroy(): unknown }[] = [];
  afterEach(() => {
    for (const one of opened.splice(0)) one.destroy();
  });
  async function open(options: RuntimeOptions): Promise<TrainingNet> {
    const device = await softwareDevice();
    const net = await load(plan, { device, seed: 1, ...options });
    opened.push(net, device);
    return net;
  }
  async function use(options: RuntimeOptions): Promise<number[]> {
    const net = await open(options);
    await net.step(data);
    await net.step(data);
    const { loss } = await net.report();
    const { y } = (await net.predict({ x: data.x })) as { y: Float32Array };
    return [loss, ...y];
  }

  it("comes to the same numbers with any choice, and with what was measured", async () => {
    const own = await use({});
    const any = answering("0".repeat(dispatches.length));
    const software = answering("1".repeat(dispatches.length));
    const tuned = new Map<string, string>();
    for (const tune of [any, software, tuned, true]) {
      const found = await use({ tune });
      expect(found).toHaveLength(own.length);
      for (const [index, value] of found.entries())
        expect(Math.abs(value - (own[index] ?? NaN))).toBeLessThan(1e-5);
    }
    expect([...any.kept, ...software.kept]).toEqual([]);
    const [[key, choices] = ["", ""]] = [...tuned];
    expect(key).toMatch(/^nnc google.*swiftshader/i);
    expect(tuned.size).toBe(1);
    dispatches.forEach((one, index) => {
      const isMeasured = one.kind === "step" && varies(one);
      expect(choices[index]).toMatch(isMeasured ? /[01]/ : /\./);
    });
    expect(choices).toMatch(/[01]/);
  });

  it("has the kernels that a cache says, and is not measured again", async () => {
    const device = await softwareDevice();
    opened.push(device);
    const submit = device.queue.submit.bind(device.queue);
    let submitted = 0;
    device.queue.submit = (commands) => {
      submitted++;
      submit(commands);
      return undefined;
    };
    const programs = [...plan.programs.keys()];
    const chosen = (answer: unknown): Promise<Plan> =>
      tunePlan(plan, device, { programs, cache: answering(answer) });
    const any = await chosen("0".repeat(dispatches.length));
    expect(any.programs).toEqual(plan.programs);
    const software = await chosen("1".repeat(dispatches.length));
    const wanted = planFor(plan, device.adapterInfo, device.features);
    const textsOf = ({ kernels, programs: all }: Plan): unknown =>
      all.map((program) =>
        program.dispatches.map(({ kernel, workgroups }) => [kernels[kernel]?.wgsl, workgroups]),
      );
    expect(textsOf(software)).toEqual(textsOf(wanted));
    expect(textsOf(any)).not.toEqual(textsOf(wanted));
    expect(textsOf(await chosen(".".repeat(dispatches.length)))).toEqual(textsOf(wanted));
    expect(submitted).toBe(0);
    // What is no answer to this plan.
    await chosen("01");
    expect(submitted).toBeGreaterThan(0);
  });

  it.each(["0", "1"])("has what is fastest: %s", async (faster) => {
    const device = await softwareDevice();
    opened.push(device);
    const step = plan.programs.findIndex(({ kind }) => kind === "step");
    let runs = 0;
    const cache = new Map<string, string>();
    await tunePlan({ ...plan, kernels: plan.kernels.map(apart) }, device, {
      programs: [step],
      cache,
      timed: async (run, { dispatches: [dispatch] }) => {
        runs++;
        await run();
        const isSoftware = dispatch && dispatch.kernel >= plan.kernels.length;
        return isSoftware === (faster === "1") ? 3 : 4;
      },
    });
    expect(runs).toBeGreaterThan(0);
    const [choices = ""] = cache.values();
    expect(new Set(choices)).toEqual(new Set([".", faster]));
  });

  it("is measured by the device's own clock where it has one, and leaves the device as it was", async () => {
    const adapter = await (await softwareGpu()).requestAdapter();
    if (!adapter) throw new Error("no adapter");
    const request = adapter.requestDevice.bind(adapter);
    const left: (() => readonly string[])[] = [];
    const devices: GPUDevice[] = [];
    adapter.requestDevice = async (descriptor) => {
      const device = await request(descriptor);
      devices.push(device);
      left.push(countBuffers(device));
      return device;
    };
    // By the host's clock all take the same.
    const clock = vi.spyOn(performance, "now").mockReturnValue(0);
    const cache = new Map<string, string>();
    try {
      const net = await load(plan, { backend: "webgpu", adapter, seed: 1, tune: cache });
      net.destroy();
    } finally {
      clock.mockRestore();
    }
    const [choices = ""] = cache.values();
    expect(choices).toMatch(/[01]/);
    expect(devices.map((device) => Object.hasOwn(device, "createCommandEncoder"))).toEqual([false]);
    expect(left.flatMap((names) => names())).toEqual([]);
  });

  it("is as the adapter's kind says where no clock tells variants apart", async () => {
    const device = await softwareDevice();
    opened.push(device);
    const cache = new Map<string, string>();
    const timed = async (run: () => Promise<unknown>): Promise<number> => {
      await run();
      return 1;
    };
    await tunePlan(plan, device, { programs: [...plan.programs.keys()], cache, timed });
    expect([...cache.values()]).toEqual([".".repeat(dispatches.length)]);
  });

  it.each([false, true])("is so in bundles that hold variants, minified %s", async (minify) => {
    const folder = mkdtempSync(join(tmpdir(), "nnc-tune-"));
    const files = await emit(model, { entry: "training", software: true, minify, file: "m" });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { M } = (await import(pathToFileURL(join(folder, "m.train.js")).href)) as {
      readonly M: Model<TrainingNet>;
    };
    const results: number[][] = [];
    const cache = new Map<string, string>();
    for (const tune of [false, cache, cache]) {
      const device = await softwareDevice();
      const net = await M.load({ device, seed: 1, tune });
      opened.push(net, device);
      const { y } = (await net.predict({ x: data.x })) as { y: Float32Array };
      results.push([...y]);
    }
    expect(cache.size).toBe(1);
    expect(results[2]).toEqual(results[1]);
    for (const [index, value] of (results[1] ?? []).entries())
      expect(Math.abs(value - (results[0]?.[index] ?? NaN))).toBeLessThan(1e-5);
    const plain = await emit(model, { entry: "training", minify, file: "m" });
    expect(Object.keys(plain)).not.toContain("m.train.tune.js");
    rmSync(folder, { recursive: true });
  });

  it("leaves no memory behind, and is as it would be where there is none to measure in", async () => {
    const device = await softwareDevice();
    opened.push(device);
    const left = countBuffers(device);
    const faults = injectFaults(device);
    const programs = [...plan.programs.keys()];
    const cache = new Map<string, string>();
    await tunePlan(plan, device, { programs, cache });
    expect(cache.size).toBe(1);
    expect(left()).toEqual([]);
    faults.largest = 64;
    const failing = answering(undefined);
    const without = await tunePlan(plan, device, { programs, cache: failing });
    expect(without.programs.map((program) => program.dispatches.length)).toEqual(
      plan.programs.map((program) => program.dispatches.length),
    );
    expect(failing.kept).toEqual([]);
    expect(left()).toEqual([]);
  });

  it("is loaded where a cache fails", async () => {
    const broken = {
      get: () => Promise.reject(new Error("blocked")),
      set: () => undefined,
    };
    const device = await softwareDevice();
    const net = await loadInference(model.inference.plan, { device, seed: 1, tune: broken });
    opened.push(net, device);
    expect(net.backend).toBe("webgpu");
  });

  it("refuses what is no cache", async () => {
    for (const tune of [1, "yes", {}, { get: () => "" }])
      await expect(open({ tune: tune as never })).rejects.toThrow(
        "tune is true, false or a cache with get and set",
      );
  });
});
