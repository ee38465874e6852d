// A plan and the caller's wishes in; an open backend and the reason for it out.

import type { GpuAdapter, GpuDevice } from "./api.js";
import type { Backend } from "./backend.js";
import { isSoftware, nameOfAdapter } from "./adapters.js";
import { aloud, asNnError, checkChoice, fail, failAloud, said } from "./errors.js";
import type { Plan } from "./plan.js";
import { featuresFor, planFor } from "./variants.js";

export interface BackendOptions<B extends Backend = Backend> {
  /** Opens the WebGPU backend; `owned`: the device was requested by us, and goes with it. */
  readonly createGpu: (plan: Plan, device: GPUDevice, owned: boolean) => B;
  readonly backend?: "auto" | "webgpu" | "cpu" | undefined;
  /** Chooses among the variants of a plan by more than the adapter's kind. */
  readonly choose?: ((plan: Plan, device: GPUDevice) => Promise<Plan>) | undefined;
  readonly device?: GpuDevice | undefined;
  readonly adapter?: GpuAdapter | undefined;
  /** 64: double precision, for checks of derivatives; the CPU alone can, and is to be asked for. */
  readonly precision?: 32 | 64 | undefined;
  /** Opens the CPU backend: its code comes with the CPU kernels, only where they are used. */
  readonly openCpu?: ((precision: 32 | 64) => Promise<B>) | undefined;
}

export interface OpenBackend<B extends Backend = Backend> {
  readonly backend: B;
  readonly reason: string;
}

/**
 * `auto` takes WebGPU on a hardware adapter, else the CPU; software adapters run only when asked for. A backend counts
 * once `start` is done with it: whatever WebGPU does before, `auto` comes to the CPU.
 */
export async function openBackend<B extends Backend>(
  plan: Plan,
  options: BackendOptions<B>,
  start: (backend: B) => Promise<void>,
): Promise<OpenBackend<B>> {
  const { backend: wish = "auto", precision = 32, openCpu } = options;
  checkChoice("backend", wish, "auto", "webgpu", "cpu");
  checkMethod("device", options.device, "createBuffer");
  checkMethod("adapter", options.adapter, "requestDevice");
  let reason = "the CPU was asked for";
  if (wish !== "cpu") {
    try {
      return await openGpu(plan, options, wish === "webgpu", start);
    } catch (error) {
      const known = asNnError(error, "its start", "no-adapter");
      const isLost = known.code === "device-lost";
      if (wish === "webgpu" && !isLost) throw known;
      // Nothing is there to restore.
      [reason = ""] = (await said(known)).split("; net.");
      if (wish === "webgpu")
        failAloud(known.code, `${reason} before anything ran on it; take a new one`);
    }
  }
  if (!openCpu) fail("option", `${reason}, but no CPU kernels were given to load`);
  const backend = await openCpu(precision);
  await start(backend);
  return { backend, reason: reason + (backend.refused ?? "") };
}

function checkMethod(name: string, given: object | undefined, method: string): void {
  if (given && typeof Reflect.get(given, method) !== "function")
    fail("option", `${name} is to be a GPU ${name}`);
}

/** Rejects with the reason where WebGPU does not serve. */
async function openGpu<B extends Backend>(
  plan: Plan,
  { device: given, adapter, choose, createGpu }: BackendOptions<B>,
  asked: boolean,
  start: (backend: B) => Promise<void>,
): Promise<OpenBackend<B>> {
  if (given) {
    const missing = missingLimits(plan, given.limits);
    if (missing) fail("limits", `the given device ${missing}`);
  }
  const { device, reason } = given
    ? { device: given as GPUDevice, reason: "a device was given" }
    : await requestDevice(plan, adapter as GPUAdapter | undefined, asked, !!choose);
  let backend: B | undefined;
  try {
    const chosen =
      (await choose?.(plan, device)) ?? planFor(plan, device.adapterInfo, device.features);
    backend = createGpu(chosen, device, !given);
    await start(backend);
    return { backend, reason: reason + (chosen.told ?? "") };
  } catch (error) {
    backend?.destroy();
    if (!given) device.destroy();
    throw error;
  }
}

async function requestDevice(
  plan: Plan,
  given: GPUAdapter | undefined,
  asked: boolean,
  measured: boolean,
): Promise<{ readonly device: GPUDevice; readonly reason: string }> {
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  // Who asks for WebGPU may wait: drivers that start take their time.
  const seconds = asked ? 60 : 5;
  const adapter = given ?? (await inTime(seconds, "adapter", gpu && findAdapter(gpu)));
  if (!adapter) {
    return failAloud("no-adapter", `WebGPU ${gpu ? "finds no adapter" : "is not available"} here`);
  }
  // Some browsers tell nothing of their adapters.
  const { info, limits, features } = adapter as Partial<GPUAdapter>;
  const name = nameOfAdapter(info) || "an unnamed adapter";
  const refuse = (why: string): never =>
    failAloud("no-adapter", `the WebGPU adapter (${name}) ${why}`);
  if (isSoftware(info) && !asked && !given) refuse("is in software");
  const missing = missingLimits(plan, limits ?? {});
  if (missing) refuse(missing);
  // Temporaries lie in as few buffers as may be.
  const { maxBufferSize, maxStorageBufferBindingSize } = limits ?? {};
  const sizes = maxBufferSize ? { maxBufferSize, maxStorageBufferBindingSize } : {};
  const requiredFeatures = featuresFor(features, measured, plan);
  const requiredLimits = { ...plan.requiredLimits, ...sizes };
  try {
    const request = adapter.requestDevice({ requiredLimits, requiredFeatures });
    const device = await inTime(2 * seconds, "device", request);
    return { device, reason: `WebGPU on ${name}` };
  } catch (error) {
    return refuse(`gives no device: ${await said(asNnError(error, "its request"))}`);
  }
}

/** Where all of WebGPU is not to be had, its compatibility mode does: no kernel asks for more. */
async function findAdapter(gpu: GPU): Promise<GPUAdapter | null> {
  const wishes = { powerPreference: "high-performance" } as const;
  return (
    (await gpu.requestAdapter(wishes)) ??
    gpu.requestAdapter({ ...wishes, featureLevel: "compatibility" })
  );
}

/** Some drivers never answer. */
function inTime<T>(seconds: number, what: string, answer: T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    const late = aloud("no-adapter", `WebGPU gave no ${what} within ${seconds} seconds`);
    timer = setTimeout(reject, seconds * 1000, late);
  });
  return Promise.race([answer, limit]).finally(() => {
    clearTimeout(timer);
  });
}

function missingLimits(plan: Plan, limits: object): string | undefined {
  const [short] = Object.entries(plan.requiredLimits).filter(
    ([name, wanted]) => !(Number(Reflect.get(limits, name)) >= wanted),
  );
  return short && `does not reach the ${short.join(" of ")} that ${plan.model} needs`;
}
