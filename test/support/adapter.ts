// The npm package `webgpu` in; a GPU object over the software adapter out, for tests that run shaders for real.

import { describe } from "vitest";
import { create } from "webgpu";
import { softwareEnvironment, softwareExpected } from "../../scripts/software.mjs";

export { softwareEnvironment, softwareExpected };

/**
 * What Dawn adds to shaders for pages that it cannot trust: zeroes in workgroup memory, indices kept within bindings. No kernel may
 * count on either, and pipelines are there in half the time without. In Chromium they are compiled with both.
 */
const withoutSafeguards = "enable-dawn-features=disable_workgroup_init,disable_robustness";

// Collected while a device lives, what `create` returned takes the process down: it is held for good.
const held: { gpu?: GPU } = {};

/** The platform's own, whatever a test puts in its place. */
const wait = setTimeout;

/**
 * Dawn over SwiftShader, once a process. Throws where the adapter should be and is not, so that
 * the tests that need it fail.
 */
export async function softwareGpu(): Promise<GPU> {
  if (held.gpu) return held.gpu;
  const gpu = create([withoutSafeguards]);
  held.gpu = gpu;
  askLessOften();
  const adapter = await gpu.requestAdapter();
  if (!adapter) {
    throw new Error(
      "no WebGPU adapter: run npm ci, then start the tests with vitest, whose setup names the driver",
    );
  }
  return gpu;
}

/**
 * While a device has work, Dawn's module for Node asks for news in every turn of the event loop, which keeps a core busy that the
 * software adapter could use: here it asks once a millisecond. Hardly a dispatch is done sooner.
 */
function askLessOften(): void {
  const later = (...[call, ...values]: Parameters<typeof setImmediate>): NodeJS.Timeout =>
    wait(call, 1, ...values);
  Object.defineProperty(globalThis, "setImmediate", { value: later, configurable: true });
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
