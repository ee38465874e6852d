// In: a plan and its CPU kernels; out: a session on the backend asked for, with a meter of its runs and the ceilings of its device.
import type { CompiledModel } from "../../compiler/index.js";
import type { Plan } from "../../runtime/plan.js";
import { createPassTimer, timestamps, type PassTimer } from "../../runtime/passTimer.js";
import { openSession } from "../../runtime/train/open.js";
import { createTrainingGpuBackend } from "../../runtime/train/webgpu.js";
import type { TrainingSession } from "../../runtime/session.js";
import { provideWebGpu } from "../backend.js";
import type { Backend } from "../options.js";
import { importKernels } from "../session.js";
import type { Ceilings } from "./ceilings.js";
import { clockMeter, timestampMeter } from "./meter.js";
import type { Meter } from "./meter.js";

export interface ProfiledSession {
  readonly session: TrainingSession;
  /** Of a run from its submission to its end. */
  readonly clock: Meter;
  /** As exact as the device allows. */
  readonly meter: Meter;
  /** Where it runs, and why. */
  readonly place: string;
  measureCeilings(): Promise<Ceilings>;
}

/** Dawn rounds timestamps to a tenth of a millisecond unless told not to. */
const exactTimestamps = "disable-dawn-features=timestamp_quantization";

/** From now on devices of this process come with timestamps, where their adapter has them. */
function offerTimestamps(gpu: GPU): void {
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options);
    if (adapter?.features.has(timestamps) !== true) return adapter;
    const requestDevice = adapter.requestDevice.bind(adapter);
    adapter.requestDevice = (descriptor) =>
      requestDevice({
        ...descriptor,
        requiredFeatures: [...(descriptor?.requiredFeatures ?? []), timestamps],
      });
    return adapter;
  };
}

/** Throws the runtime's errors. */
export async function openProfiled(
  plan: Plan,
  model: CompiledModel,
  backend: Backend,
): Promise<ProfiledSession> {
  const unavailable = await provideWebGpu(backend, [exactTimestamps]);
  const { gpu } = (globalThis as { navigator?: { gpu?: GPU } }).navigator ?? {};
  if (gpu !== undefined && backend !== "cpu") offerTimestamps(gpu);
  let device: GPUDevice | undefined;
  let timer: PassTimer | undefined;
  const session = await openSession(plan, {
    backend,
    createGpu: (opened, taken, owned) => {
      device = taken;
      timer = taken.features.has(timestamps) ? createPassTimer(taken) : undefined;
      return createTrainingGpuBackend(opened, taken, owned);
    },
    openCpu: async (precision) => {
      const { createCpuBackend } = await import("../../runtime/cpu.js");
      return createCpuBackend(plan, await importKernels(model.cpu), precision);
    },
  });
  const onGpu = session.backend.kind === "webgpu";
  const used = onGpu ? device : undefined;
  const clock = clockMeter(session.backend, used);
  return {
    session,
    clock,
    place: onGpu ? session.reason : `the CPU (${unavailable ?? session.reason})`,
    meter: onGpu && timer !== undefined ? timestampMeter(session.backend, timer) : clock,
    measureCeilings: async () =>
      used === undefined
        ? (await import("./cpuCeilings.js")).measureCpuCeilings()
        : (await import("./gpuCeilings.js")).measureGpuCeilings(used),
  };
}
