// A plan and the caller's wishes in; an open backend and the reason for it out.

import type { GpuAdapter, GpuDevice } from "./api.js";
import type { Backend } from "./backend.js";
import { fail } from "./errors.js";
import type { Plan } from "./plan.js";
import { createWebGpuBackend } from "./webgpu.js";

export interface BackendOptions {
  readonly backend?: "auto" | "webgpu" | "cpu" | undefined;
  readonly device?: GpuDevice | undefined;
  readonly adapter?: GpuAdapter | undefined;
  /** 64: double precision, for checks of derivatives; the CPU alone can. */
  readonly precision?: 32 | 64 | undefined;
  /** Opens the CPU backend: its code comes with the CPU kernels, only where they are used. */
  readonly openCpu?: ((precision: 32 | 64) => Promise<Backend>) | undefined;
}

export interface OpenBackend {
  readonly backend: Backend;
  readonly reason: string;
}

/** `auto` takes WebGPU on a hardware adapter, else the CPU; software adapters run only when asked for. */
export async function openBackend(plan: Plan, options: BackendOptions): Promise<OpenBackend> {
  const wish = options.backend ?? "auto";
  if (!["auto", "webgpu", "cpu"].includes(wish)) {
    fail("option", `backend is "auto", "webgpu" or "cpu", not "${wish}"`);
  }
  if (options.precision === 64) {
    if (wish === "webgpu") fail("option", "double precision is computed on the CPU alone");
    return openOnCpu(options, "double precision was asked for");
  }
  if (wish === "cpu") return openOnCpu(options, "the CPU was asked for");
  const found = await findDevice(plan, options, wish === "webgpu");
  if (typeof found !== "string") return found;
  if (wish === "webgpu") fail("no-adapter", found);
  return openOnCpu(options, found);
}

async function openOnCpu(options: BackendOptions, reason: string): Promise<OpenBackend> {
  if (!options.openCpu) fail("option", `${reason}, but no CPU kernels were given to load`);
  return { backend: await options.openCpu(options.precision ?? 32), reason };
}

/** An open backend, or why there is none. */
async function findDevice(
  plan: Plan,
  options: BackendOptions,
  asked: boolean,
): Promise<OpenBackend | string> {
  if (options.device) {
    const device = options.device as GPUDevice;
    const missing = missingLimits(plan, device.limits);
    if (missing) fail("limits", `the given device ${missing}`);
    return { backend: createWebGpuBackend(plan, device, false), reason: "a device was given" };
  }
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  const adapter = options.adapter
    ? (options.adapter as GPUAdapter)
    : await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    return gpu ? "WebGPU finds no adapter here" : "WebGPU is not available here";
  }
  const name = describeAdapter(adapter);
  if (!asked && !options.adapter && isSoftware(adapter)) {
    return `the only WebGPU adapter computes in software (${name})`;
  }
  const missing = missingLimits(plan, adapter.limits);
  if (missing) return `the WebGPU adapter ${name} ${missing}`;
  const device = await adapter.requestDevice({ requiredLimits: { ...plan.requiredLimits } });
  return { backend: createWebGpuBackend(plan, device, true), reason: `WebGPU on ${name}` };
}

function missingLimits(plan: Plan, limits: GPUSupportedLimits): string | undefined {
  const granted = limits as unknown as Readonly<Record<string, number | undefined>>;
  for (const [name, wanted] of Object.entries(plan.requiredLimits)) {
    const found = granted[name] ?? 0;
    if (found < wanted) return `has ${name} ${found}, and ${plan.model} needs ${wanted}`;
  }
  return undefined;
}

function describeAdapter({ info }: GPUAdapter): string {
  const { vendor, architecture, description } = info;
  return description || [vendor, architecture].filter(Boolean).join("/") || "an unnamed adapter";
}

function isSoftware(adapter: GPUAdapter): boolean {
  const { info } = adapter;
  const older = (adapter as { isFallbackAdapter?: boolean }).isFallbackAdapter;
  const text = [info.vendor, info.architecture, info.device, info.description].join(" ");
  return (
    info.isFallbackAdapter ||
    older === true ||
    /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(text)
  );
}
