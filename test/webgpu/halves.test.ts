// Nets of half precision in; shaders that a compiler of WGSL accepts with `enable f16`, and steps whose bindings a device of that kind takes, out.
import { create } from "webgpu";
import { describe, expect, it } from "vitest";
import { evaluateDim } from "../../runtime/dimensions.js";
import { inHalf, inHalves } from "../../runtime/halves.js";
import { load } from "../../runtime/index.js";
import type { Plan } from "../../runtime/plan.js";
import { shaderList } from "../../compiler/emit/planLiteral.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { compileOne } from "../support/compiled.js";
import { drawnData } from "../support/drawnData.js";

const body = `
  input image: [batch, 10, 10, 1]
  target y: category(4)[batch]
  h = f16(image) |> conv2d(8, 3) |> batch_norm |> relu |> max_pool2d(2) |> flatten
  logits = h |> dropout(0.2) |> dense(24, tanh) |> layer_norm |> dense(4)
  output p = softmax(f32(logits))
  loss cross_entropy(f32(logits), y)`;
/** Few kernels, wide and single ones, with rows and a product large enough to be stored in tiles. */
const small = `model M {
  input x: [batch, 40]
  target y: category(4)[batch]
  logits = f16(x) |> dense(48, tanh) |> layer_norm |> dense(4)
  loss cross_entropy(f32(logits), y)
  output p = softmax(f32(logits))
}
train M { minimize cross_entropy with adam(1e-3); batch 8; epochs 1 }`;
const nets: Readonly<Record<string, string>> = {
  images: `model M {${body}\n}\ntrain M { minimize cross_entropy with adam(1e-3); batch 8; epochs 1 }`,
  recurrences: `model M {
    input x: [batch, 5, 6]
    target y: [batch, 4]
    h = f16(x) |> gru(4)
    output z = f32(h[:, -1])
    loss mse(z, y)
  }
  train M { minimize mse with sgd(0.1); batch 8; epochs 1 }`,
};

/** Dawn's backend without a device: it computes nothing, but has shader-f16, compiles shaders and checks what is bound. */
const held: { gpu?: GPU } = {};
async function deviceWithHalves(): Promise<GPUDevice> {
  held.gpu ??= create(["backend=null"]);
  const adapter = await held.gpu.requestAdapter();
  if (!adapter?.features.has("shader-f16")) throw new Error("Dawn has no backend without a device");
  return adapter.requestDevice({ requiredFeatures: ["shader-f16"] });
}

/** What the device says of a step and a prediction. */
async function complaints(plan: Plan, device: GPUDevice): Promise<readonly string[]> {
  const told: string[] = [];
  device.addEventListener("uncapturederror", (event) => told.push(event.error.message));
  const net = await load(plan, { backend: "webgpu", device });
  const sizes = Object.fromEntries(plan.dimensions.map(({ name, trained }) => [name, trained]));
  await net.step(drawnData(plan, sizes));
  await net.predict(drawnData(plan, { ...sizes, batch: 3 }, ["input"]));
  net.destroy();
  return told;
}

/** What a compiler of WGSL says of shaders. */
async function mistakes(device: GPUDevice, texts: readonly string[]): Promise<readonly string[]> {
  const infos = texts.map((code) => device.createShaderModule({ code }).getCompilationInfo());
  return (await Promise.all(infos)).flatMap(({ messages }) => messages.map((one) => one.message));
}

describe("on a device with shader-f16", () => {
  it("stores and computes in f16 what is bound as the device wants it", async () => {
    const { plan } = compileOne(small);
    expect(plan.programs.flatMap(({ halves = [] }) => halves).length).toBeGreaterThan(0);
    const device = await deviceWithHalves();
    const texts: string[] = [];
    const createShaderModule = device.createShaderModule.bind(device);
    device.createShaderModule = (one) => {
      texts.push(one.code);
      return createShaderModule(one);
    };
    expect(await complaints(plan, device)).toEqual([]);
    expect(texts.filter((text) => text.startsWith("enable f16;")).length).toBeGreaterThan(3);
    expect(texts.filter((text) => /alias half ?= ?f32/.test(text))).toEqual([]);
  });

  it("has half as much memory for what is stored so", () => {
    const { plan } = compileOne(small);
    const own = inHalves(plan, new Set(["shader-f16"]));
    plan.programs.forEach(({ slots, halves = [] }, at) => {
      slots.forEach(([bytes], slot) => {
        const [now = 0] = own.programs[at]?.slots[slot] ?? [];
        for (const batch of [1, 3, 8]) {
          const [before, after] = [bytes, now].map((one) => evaluateDim(one, { batch })) as [
            number,
            number,
          ];
          const words = Math.ceil(before / 8) * 4;
          expect(after).toBe(halves.includes(slot) ? words : before);
        }
      });
    });
  });

  it.each(Object.entries(nets))("compiles the shaders of %s", async (_, source) => {
    const { plan } = compileOne(source);
    const own = inHalves(plan, new Set(["shader-f16"]));
    const texts = own.kernels.map(({ wgsl }) => wgsl).filter(Boolean);
    expect(texts.some((text) => text.startsWith("enable f16;"))).toBe(true);
    expect(await mistakes(await deviceWithHalves(), texts)).toEqual([]);
  });

  it("compiles the shaders of small bundles", async () => {
    const { plan } = compileOne(small);
    const every = plan.kernels.map((_, index) => index);
    const texts = (0, eval)(shaderList(plan, every)) as string[];
    const whole = plan.kernels.map(({ bindings }, at) => {
      const text = texts[at] ?? "";
      if (text.includes("<storage")) return text;
      const declared = bindings.map(
        ({ access, type }, position) =>
          `@group(0)@binding(${position + 1})var<storage,${access}>_${position + 1}:array<${type}>;`,
      );
      return declared.join("") + text;
    });
    const halves = whole.filter((text) => text.includes("alias"));
    expect(halves.length).toBeGreaterThan(3);
    expect(await mistakes(await deviceWithHalves(), halves.map(inHalf))).toEqual([]);
  });
});

describeGpu("on a device without it", () => {
  it("tells that f16 is f32", async () => {
    const { plan } = compileOne("model M { input x: f16[batch]\n output y = x * 2 }");
    const net = await load(plan, { backend: "webgpu", device: await softwareDevice() });
    expect(net.backendReason).toContain("shader-f16");
    net.destroy();
  });
});
