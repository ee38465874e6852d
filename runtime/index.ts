// A compiled model in; a net that trains and predicts, without a bundle, out.

import { evaluateHost } from "./host.js";
import type {
  AnyModel,
  InferenceNet,
  LoadOptions,
  ModelTypes,
  TrainingLoadOptions,
  TrainingNet,
} from "./api.js";
import type { TrainingBackend } from "./backend.js";
import { at, checkChoice, checkObject, fail } from "./errors.js";
import { createNet } from "./net.js";
import { PLAN_FORMAT, type CpuModule, type Plan } from "./plan.js";
import { loadNet, threadsOpener, type Tuner } from "./load.js";
import { trainingParts } from "./train/open.js";
import { createTrainingNet } from "./train/net.js";
import { createWebGpuBackend } from "./webgpu.js";

export type * from "./api.js";
export type * from "./plan.js";
export type * from "./streamApi.js";
export { PLAN_FORMAT } from "./plan.js";
export { NnError, type ErrorCode } from "./errors.js";
export { readSafetensors, writeSafetensors } from "./safetensors.js";

interface CpuOptions {
  /** The printed CPU kernels, imported as a module; called only where the CPU is used. */
  readonly cpu?: () => Promise<CpuModule> | CpuModule;
}

export interface RuntimeOptions extends Omit<TrainingLoadOptions, "cpu">, CpuOptions {
  /** 64: double precision on the CPU, for checks of derivatives; `cpu` gives the kernels for it then (`cpuDouble` of a compiled model). */
  readonly precision?: 32 | 64;
}

/** The CPU's backend is fetched with its kernels, where the CPU is used. */
function cpuOpener(
  plan: Plan,
  cpu: CpuOptions["cpu"],
  threads: LoadOptions["threads"],
): ((precision: 32 | 64) => Promise<TrainingBackend>) | undefined {
  return (
    cpu &&
    (async (precision) => {
      const [{ createCpuBackend }, module] = await Promise.all([import("./cpu.js"), cpu()]);
      // Those of single precision, which alone are WebAssembly too, round written numbers and what decides.
      if (precision === 64 && module.wasm !== undefined)
        fail(
          "option",
          "precision: these kernels round to single precision; for 64, give load({ cpu }) those of `cpuDouble` of the compiled model",
        );
      const openThreads = threadsOpener(threads, () => import("./libraryThreads.js"));
      return createCpuBackend(plan, module, precision, openThreads);
    })
  );
}

/** Plans outlive the compiler that made them; those of bundles do not. */
function planOf(model: Plan | { readonly plan: Plan }): Plan {
  checkObject("compiled models", model);
  const plan = "plan" in model ? model.plan : model;
  if (plan.format === PLAN_FORMAT) return plan;
  return fail("option", `this plan has format ${plan.format}, this runtime reads ${PLAN_FORMAT}`);
}

const tuner = (): Promise<Tuner> => import("./tune.js");

/** All that a net without training runs. */
function predictPrograms({ programs }: Plan): number[] {
  return [...programs.keys()].filter((index) =>
    ["predict", "draw"].includes(at(programs, index).kind),
  );
}

/** Opens a plan for inference alone: bundlers leave out what trains. Throws NnError. */
export async function loadInference<M extends ModelTypes = AnyModel>(
  model: Plan | { readonly plan: Plan },
  given: Omit<LoadOptions, "cpu"> & CpuOptions = {},
): Promise<InferenceNet<M>> {
  const plan = planOf(model);
  checkObject("options", given);
  const { cpu, ...options } = given;
  const parts = {
    createGpu: createWebGpuBackend,
    evaluateHost,
    openCpu: cpuOpener(plan, cpu, given.threads),
    firstOf: predictPrograms,
    tuner,
  };
  const net = await loadNet(plan, options, { ...options, ...parts }, createNet);
  return net as unknown as InferenceNet<M>;
}

/** Opens a plan, or a compiled model that holds one. Throws NnError. */
export async function load<M extends ModelTypes = AnyModel>(
  model: Plan | { readonly plan: Plan },
  given: RuntimeOptions = {},
): Promise<TrainingNet<M>> {
  const plan = planOf(model);
  checkObject("options", given);
  const { cpu, precision, ...options } = given;
  checkChoice("precision", precision, 32, 64, undefined);
  const asked = precision === 64 ? ({ backend: "cpu" } as const) : {};
  const parts = {
    ...trainingParts,
    ...asked,
    tuner,
    precision,
    openCpu: cpuOpener(plan, cpu, given.threads),
  };
  const net = await loadNet(plan, options, { ...options, ...parts }, createTrainingNet);
  return net as unknown as TrainingNet<M>;
}
