// The npm package `webgpu` in; a GPU object over the software adapter out, for tests that run shaders for real.

import { describe } from "vitest";
import { create } from "webgpu";
import { softwareEnvironment, softwareExpected } from "../../scripts/software.mjs";

export { softwareEnvironment, softwareExpected };

// Collected while a device lives, what `create` returned takes the process down: it is held for good.
const held: { gpu?: GPU } = {};

/**
 * Dawn over SwiftShader, once a process. Throws where the adapter should be and is not, so that
 * the tests that need it fail.
 */
export async function softwareGpu(): Promise<GPU> {
  if (held.gpu) return held.gpu;
  const gpu = create([]);
  held.gpu = gpu;
  const adapter = await gpu.requestAdapter();
  if (!adapter) {
    throw new Error(
      "no WebGPU adapter: run npm ci, then start the tests with vitest, whose setup names the driver",
    );
  }
  return gpu;
}

/** Puts the software adapter where the runtime looks for it in Node: `globalThis.navigator.gpu`. */
export async function installNavigatorGpu(): Promise<GPU> {
  const gpu = await softwareGpu();
  const before: unknown = Reflect.get(globalThis, "navigator");
  const navigator: object = typeof before === "object" && before !== null ? before : {};
  Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  return gpu;
}

/** Takes away what `installNavigatorGpu` put there. */
export function removeNavigatorGpu(): void {
  const navigator: unknown = Reflect.get(globalThis, "navigator");
  if (typeof navigator === "object" && navigator !== null) Reflect.deleteProperty(navigator, "gpu");
}

/** A fresh device; the caller destroys it. */
export async function softwareDevice(
  requiredFeatures: readonly GPUFeatureName[] = ["subgroups"],
): Promise<GPUDevice> {
  const adapter = await (await softwareGpu()).requestAdapter();
  if (!adapter) throw new Error("the software adapter is gone");
  return adapter.requestDevice({ requiredFeatures: [...requiredFeatures] });
}

/** One of WebGPU's compatibility mode, which has less of much. */
export async function compatibilityDevice(): Promise<GPUDevice> {
  const gpu = await softwareGpu();
  const adapter = await gpu.requestAdapter({ featureLevel: "compatibility" });
  if (!adapter) throw new Error("the software adapter has no compatibility mode");
  return adapter.requestDevice();
}

/** A suite that needs the adapter: it runs where the adapter must be, and is reported as skipped elsewhere. */
export function describeGpu(name: string, body: () => void): void {
  describe.skipIf(!softwareExpected)(name, body);
}
