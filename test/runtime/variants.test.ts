// What adapters tell of themselves in; which kernels of a plan they get, and which a bundle holds, out.

import { expect, it } from "vitest";
import { emit } from "../../compiler/emit/bundle.js";
import { load } from "../../runtime/index.js";
import { planFor } from "../../runtime/variants.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { compileOne } from "../support/compiled.js";

const model = compileOne(
  "model M { input x: [batch, 64]  output y = softmax(dense(x, 64) |> dense(64)) }",
);
const { plan } = model.inference;

const inSoftware = [
  { vendor: "google", architecture: "swiftshader" },
  { vendor: "mesa", description: "llvmpipe (LLVM 15.0.7, 256 bits)" },
  { vendor: "microsoft", description: "Microsoft Basic Render Driver" },
  { isFallbackAdapter: true },
];

it.each(inSoftware)("an adapter that says %o gets the kernels for software", (info) => {
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

describeGpu("a device in software", () => {
  it("is given its own shaders, and no others", async () => {
    const device = await softwareDevice();
    const shaders: string[] = [];
    const make = device.createShaderModule.bind(device);
    device.createShaderModule = (descriptor) => {
      shaders.push(descriptor.code);
      return make(descriptor);
    };
    const net = await load(plan, { backend: "webgpu", device, seed: 1 });
    const wanted = planFor(plan, { isFallbackAdapter: true }).kernels.map(({ wgsl }) => wgsl);
    expect(shaders.sort()).toEqual(wanted.filter((wgsl) => wgsl !== "").sort());
    net.destroy();
    device.destroy();
  });
});
