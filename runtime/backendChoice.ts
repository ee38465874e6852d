// A plan and the caller's wishes in; an open backend and the reason for it out.

import type { GpuAdapter, GpuDevice } from "./api.js";
import type { Backend } from "./backend.js";
import { fail } from "./errors.js";
import type { Plan } from "./plan.js";

export interface BackendOptions<B extends Backend = Backend> {
  /** Opens the WebGPU backend; `owned`: the device was requested by us, and goes with it. */
  readonly createGpu: (plan: Plan, device: GPUDevice, owned: boolean) => B;
  readonly backend?: "auto" | "webgpu" | "cpu" | undefined;
  readonly device?: GpuDevice | undefined;
  readonly adapter?: GpuAdapter | undefined;
  /** 64: double precision, for checks of derivatives; the CPU alone can. */
  readonly precision?: 32 | 64 | undefined;
  /** Opens the CPU backend: its code comes with the CPU kernels, only where they are used. */
  readonly openCpu?: ((precision: 32 | 64) => Promise<B>) | undefined;
}

export interface OpenBackend<B extends Backend = Backend> {
  readonly backend: B;
  readonly reason: string;
}

/** `auto` takes WebGPU on a hardware adapter, else the CPU; software adapters run only when asked for. */
export async function openBackend<B extends Backend>(
  plan: Plan,
  options: BackendOptions<B>,
): Promise<OpenBackend<B>> {
  const { backend: wish = "auto", precision = 32, openCpu } = options;
  if (!["auto", "webgpu", "cpu"].includes(wish)) {
    fail("option", `backend is "auto", "webgpu" or "cpu", not "${wish}"`);
  }
  let reason = "the CPU was asked for";
  if (precision === 64) reason = "double precision was asked for";
  else if (wish !== "cpu") {
    const found = await findDevice(plan, options, wish === "webgpu");
    if (typeof found !== "string") return found;
    if (wish === "webgpu") fail("no-adapter", found);
    reason = found;
  }
  if (!openCpu) fail("option", `${reason}, but no CPU kernels were given to load`);
  return { backend: await openCpu(precision), reason };
}

/** An open backend, or why there is none. */
async function findDevice<B extends Backend>(
  plan: Plan,
  { device, adapter: given, createGpu }: BackendOptions<B>,
  asked: boolean,
): Promise<OpenBackend<B> | string> {
  if (device) {
    const missing = missingLimits(plan, device.limits);
    if (missing) fail("limits", `the given device ${missing}`);
    const backend = createGpu(plan, device as GPUDevice, false);
    return { backend, reason: "a device was given" };
  }
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  const adapter =
    (given as GPUAdapter | undefined) ??
    (await gpu?.requestAdapter({ powerPreference: "high-performance" }));
  if (!adapter) return gpu ? "WebGPU finds no adapter here" : "WebGPU is not available here";
  const { info, limits } = adapter;
  const name = [info.vendor, info.architecture, info.device, info.description]
    .filter(Boolean)
    .join(" ");
  const isSoftware =
    info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(name);
  if (isSoftware && !asked && !given) return `the only WebGPU adapter is in software (${name})`;
  const missing = missingLimits(plan, limits);
  if (missing) return `the WebGPU adapter (${name}) ${missing}`;
  const { requiredLimits } = plan;
  const opened = await adapter.requestDevice({ requiredLimits }).catch(String);
  if (typeof opened === "string") return `the WebGPU adapter (${name}) gives no device: ${opened}`;
  return { backend: createGpu(plan, opened, true), reason: `WebGPU on ${name}` };
}

function missingLimits(plan: Plan, limits: object): string | undefined {
  const [short] = Object.entries(plan.requiredLimits).filter(
    ([name, wanted]) => !(Number(Reflect.get(limits, name)) >= wanted),
  );
  return short && `does not reach the ${short.join(" of ")} that ${plan.model} needs`;
}
