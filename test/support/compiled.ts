// The text of a `.nn` file and a backend in; its model, compiled and opened, out.
import { check, compile } from "../../compiler/compile.js";
import type { CompiledModel, CompileOptions } from "../../compiler/compile.js";
import { cpuModuleText } from "../../compiler/emit/plan.js";
import { withoutVariants } from "../../compiler/emit/variants.js";
import { renderAll } from "../../grammar/render.js";
import { load } from "../../runtime/index.js";
import type { RuntimeOptions, TrainingNet } from "../../runtime/index.js";
import type { CpuModule, ScalarKernels } from "../../runtime/plan.js";
import { softwareDevice } from "./adapter.js";
import { keepShaders } from "./naga.js";

/** Throws with the rendered diagnostics where the source has mistakes. */
export function compileOne(
  source: string,
  file = "test.nn",
  options: CompileOptions = {},
): CompiledModel {
  const { models, diagnostics } = compile(source, { ...options, file });
  const [model] = models;
  // Many a test trains a model of which it predicts nothing.
  const told = diagnostics.filter(({ code }) => code !== "NN0418");
  if (told.length > 0 || model === undefined) throw new Error(renderAll(diagnostics));
  keepShaders(model.plan.kernels);
  return model;
}

export type TestBackend = "f64" | "f32" | "webgpu" | "any adapter";

/**
 * f64: the CPU kernels in double precision; f32: as users run them; webgpu: the software adapter with kernels of its own; any adapter:
 * the same with those that all others run too, whose pipelines take less time.
 */
export async function open(
  model: CompiledModel,
  backend: TestBackend,
  options: Partial<RuntimeOptions> = {},
): Promise<TrainingNet> {
  if (backend === "webgpu" || backend === "any adapter") {
    const plan = backend === "webgpu" ? model.plan : withoutVariants(model.plan);
    return load(plan, { ...options, backend: "webgpu", device: await softwareDevice() });
  }
  const text = cpuModuleText(model.training.planned.kernels, backend);
  return load(model.plan, {
    ...options,
    backend: "cpu",
    precision: backend === "f64" ? 64 : 32,
    cpu: () => importText(text),
  });
}

/** The module that a text is. Rejects where its WebAssembly is not valid: nets would run its JavaScript then, and nobody would know. */
export async function importText(text: string): Promise<CpuModule> {
  const url = `data:text/javascript;base64,${Buffer.from(text, "utf8").toString("base64")}`;
  const module = (await import(/* @vite-ignore */ url)) as CpuModule;
  if (module.wasm !== undefined) await WebAssembly.compile(Buffer.from(module.wasm, "hex"));
  return module;
}

/** A module's kernels in JavaScript, which stand in it. */
export function scalarKernels({ kernels }: CpuModule): ScalarKernels {
  if (typeof kernels === "function") throw new Error("its kernels are in a file of their own");
  return kernels;
}

export { check };
