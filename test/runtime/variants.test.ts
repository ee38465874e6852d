// What adapters tell of themselves in; which kernels of a plan they get, and which a bundle holds, out.

import { expect, it, vi } from "vitest";
import { emit } from "../../compiler/emit/bundle.js";
import { withoutVariants } from "../../compiler/emit/variants.js";
import { load } from "../../runtime/index.js";
import { featuresFor as featuresForPlain } from "../../runtime/bundle/plainVariants.js";
import { inSubgroups } from "../../runtime/ways.js";
import { featuresFor, hasQuads, kernelFor, planFor } from "../../runtime/variants.js";
import {
  describeGpu,
  installNavigatorGpu,
  removeNavigatorGpu,
  softwareDevice,
} from "../support/adapter.js";
import { compileOne } from "../support/compiled.js";

const model = compileOne(
  "model M { input x: [batch, 64]  output y = softmax(dense(x, 64) |> dense(64)) }",
);
const { plan } = model.inference;
const trained = compileOne(
  "model M { input x: [batch, 64]  output y = softmax(dense(x, 64) |> dense(64))  loss mean(y ^ 2) }\n" +
    "train M { optimizer sgd(lr: 0.1) }",
);

/** The texts of shader modules that the device is given from now on. */
function shadersOf(device: GPUDevice): readonly string[] {
  const shaders: string[] = [];
  const make = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    shaders.push(descriptor.code);
    return make(descriptor);
  };
  return shaders;
}

const adaptersInSoftware = [
  { vendor: "google", architecture: "swiftshader" },
  { vendor: "mesa", description: "llvmpipe (LLVM 15.0.7, 256 bits)" },
  { vendor: "microsoft", description: "Microsoft Basic Render Driver" },
  { isFallbackAdapter: true },
];

it.each(adaptersInSoftware)("an adapter that says %o gets the kernels for software", (info) => {
  const own = planFor(plan, info);
  const differing = plan.kernels.flatMap(({ variants }, at) => (variants?.software ? at : []));
  expect(differing.length).toBeGreaterThan(0);
  for (const at of differing) {
    const { software } = plan.kernels[at]?.variants ?? {};
    expect(own.kernels[at]).toMatchObject({ ...software });
  }
  const counted = plan.programs.flatMap(({ dispatches }) => dispatches);
  const taken = own.programs.flatMap(({ dispatches }) => dispatches);
  expect(counted.some(({ variants }) => variants?.software !== undefined)).toBe(true);
  counted.forEach(({ workgroups, variants }, at) => {
    expect(taken[at]?.workgroups).toEqual(variants?.software ?? workgroups);
  });
});

it.each([
  undefined,
  {},
  { vendor: "nvidia", architecture: "hopper", isFallbackAdapter: false },
  { vendor: "apple" },
])("an adapter that says %o gets the plan as it is", (info) => {
  expect(planFor(plan, info)).toBe(plan);
});

it("bundles hold variants where asked alone", async () => {
  for (const minify of [false, true]) {
    const sizes = await Promise.all(
      [false, true].map(async (software) => {
        const files = await emit(model, { entry: "inference", minify, software });
        expect(files["test.js"]?.includes("software:")).toBe(software);
        expect(files["test.plan.json"]?.includes('"software"')).toBe(software);
        return files["test.js"]?.length ?? 0;
      }),
    );
    expect(sizes[1]).toBeGreaterThan(sizes[0] ?? 0);
  }
});

const subgroups: ReadonlySet<string> = new Set(["subgroups"]);

it.each([
  ["of whole quads", subgroups, 4, 64, "subgroup_id", true],
  ["that are not asked for", new Set<string>(), 4, 64, "subgroup_id", false],
  ["of pairs", subgroups, 2, 4, "subgroup_id", false],
  ["larger than workgroups", subgroups, 4, 128, "subgroup_id", false],
  ["without numbers", subgroups, 4, 4, "linear_indexing", false],
] as const)("subgroups %s", (_, features, subgroupMinSize, subgroupMaxSize, language, together) => {
  vi.stubGlobal("navigator", { gpu: { wgslLanguageFeatures: new Set([language]) } });
  const info = { isFallbackAdapter: true, subgroupMinSize, subgroupMaxSize };
  expect(hasQuads(features, info)).toBe(together);
  const own = planFor(plan, info, features).kernels.map(({ wgsl }) => wgsl);
  expect(own).toEqual(plan.kernels.map((kernel) => kernelFor(kernel, "software", together).wgsl));
  expect(own.some((wgsl) => wgsl.includes("enable subgroups;"))).toBe(together);
  vi.unstubAllGlobals();
  expect(hasQuads(features, info)).toBe(false);
});

it.each([
  ["to run on", false, ["subgroups"]],
  ["to measure on", true, ["subgroups", "timestamp-query"]],
] as const)("the features that a device %s is asked for", (_, measured, wanted) => {
  const features = new Set(["subgroups", "timestamp-query", "shader-f16"]);
  expect(featuresFor(features, measured)).toEqual(wanted);
  expect(featuresFor(new Set(), measured)).toEqual([]);
  expect(featuresFor(undefined, measured)).toEqual([]);
  expect(featuresForPlain(features)).toEqual(["subgroups"]);
  expect(featuresForPlain(undefined)).toEqual([]);
});

describeGpu("a device in software", () => {
  it("is asked for subgroups, and computes the same with them", async () => {
    const adapter = await (await installNavigatorGpu()).requestAdapter();
    if (!adapter) throw new Error("no adapter");
    const rows = Float32Array.from({ length: 9 * 64 }, (_, at) => Math.sin(at));
    const outputOf = async (options: object): Promise<Float32Array> => {
      const net = await load(trained.training.plan, { backend: "webgpu", seed: 1, ...options });
      const { y } = await net.predict({ x: rows });
      net.destroy();
      return y as Float32Array;
    };
    let shaders: readonly string[] = [];
    const request = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = async (descriptor) => {
      const device = await request(descriptor);
      shaders = shadersOf(device);
      return device;
    };
    const together = await outputOf({ adapter });
    removeNavigatorGpu();
    expect(shaders.some((wgsl) => wgsl.includes("quadBroadcast("))).toBe(true);
    const device = await softwareDevice();
    const alone = await outputOf({ device });
    device.destroy();
    expect(alone.length).toBe(9 * 64);
    // Each adds the same terms in the same order.
    expect([...together]).toEqual([...alone]);
  });

  it("is given its own shaders, and no others", async () => {
    const device = await softwareDevice();
    const shaders = shadersOf(device);
    const net = await load(plan, { backend: "webgpu", device, seed: 1 });
    const wanted = planFor(plan, { isFallbackAdapter: true }).kernels.map(({ wgsl }) => wgsl);
    const own = wanted.filter((wgsl) => wgsl !== "").map(inSubgroups);
    expect([...shaders].sort()).toEqual(own.sort());
    net.destroy();
    device.destroy();
  });

  it("computes without barriers what others share, where it has no kernels of its own", async () => {
    const source =
      "model M { input x: [batch, 40]  output y = x |> dense(64)  loss mean(y ^ 2) }\n" +
      "train M { optimizer sgd(lr: 0.1)  batch 64 }";
    const plain = withoutVariants(compileOne(source).training.plan);
    const rows = Float32Array.from({ length: 33 * 40 }, (_, at) => Math.sin(at));
    const outcomeOn = async (info?: object) => {
      const device = await softwareDevice();
      if (info) Object.defineProperty(device, "adapterInfo", { value: info });
      const shaders = shadersOf(device);
      const net = await load(plain, { backend: "webgpu", device, seed: 1 });
      const { y } = await net.predict({ x: rows });
      net.destroy();
      device.destroy();
      return { y, waits: shaders.some((code) => code.includes("\n    workgroupBarrier")) };
    };
    const [inSoftware, elsewhere] = [await outcomeOn(), await outcomeOn({ vendor: "apple" })];
    expect([inSoftware.waits, elsewhere.waits]).toEqual([false, true]);
    expect(inSoftware.y).toEqual(elsewhere.y);
  });
});
