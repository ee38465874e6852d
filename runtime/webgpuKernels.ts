// Programs of a plan in; the pipelines of their kernels on a device, each compiled once, out.

import { isSoftware } from "./adapters.js";
import { at, fail } from "./errors.js";
import type { Plan, PlanKernel } from "./plan.js";
import { alone, inSubgroups } from "./ways.js";
import type { Faults } from "./webgpuFaults.js";

const computeStage = 4;
const bufferTypes = { read: "read-only-storage", read_write: "storage" } as const;

export interface CompiledKernel {
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

export interface DeviceKernels {
  /** Of a program that was prepared. */
  of(kernel: number): CompiledKernel;
  /** Whether a program was. */
  has(program: number): boolean;
  /** Compiles the kernels of programs that no other had need of, side by side. */
  prepare(
    programs: readonly number[],
    onProgress?: (done: number, total: number) => void,
  ): Promise<void>;
}

export function createDeviceKernels(device: GPUDevice, plan: Plan, faults: Faults): DeviceKernels {
  const compiled: CompiledKernel[] = [];
  const compiling = new Map<number, Promise<void>>();
  const prepared = new Set<number>();
  const compile = async (index: number): Promise<void> => {
    try {
      compiled[index] = await compileKernel(device, faults, at(plan.kernels, index));
    } catch (error) {
      // Who needs it again tries again.
      compiling.delete(index);
      throw error;
    }
  };
  return {
    of: (kernel) => at(compiled, kernel),
    has: (program) => prepared.has(program),
    prepare: async (programs, onProgress) => {
      const dispatches = programs.flatMap((program) => at(plan.programs, program).dispatches);
      // Of what the CPU alone runs by itself there is no shader.
      const needed = new Set(
        dispatches
          .map(({ kernel }) => kernel)
          .filter((kernel) => at(plan.kernels, kernel).wgsl || at(plan.kernels, kernel).later),
      );
      let done = 0;
      await Promise.all(
        [...needed].map(async (index) => {
          const known = compiling.get(index) ?? compile(index);
          compiling.set(index, known);
          await known;
          onProgress?.(++done, needed.size);
        }),
      );
      for (const program of programs) prepared.add(program);
    },
  };
}

async function compileKernel(
  device: GPUDevice,
  faults: Faults,
  { name, wgsl, later, bindings }: PlanKernel,
): Promise<CompiledKernel> {
  const types = [
    "uniform",
    ...bindings.map(({ access }) => bufferTypes[access]),
    "uniform",
  ] as const;
  const layout = device.createBindGroupLayout({
    entries: types.map((type, binding) => ({
      binding,
      visibility: computeStage,
      // What dispatches are given lies at a place of each one's own.
      buffer: { type, hasDynamicOffset: binding === types.length - 1 },
    })),
  });
  const what = `the kernel ${name}`;
  const whole = withStorages(bindings, later ? await faults.guard(what, later()) : wgsl);
  const own = isSoftware(device.adapterInfo) ? alone(whole) : whole;
  const code = device.features.has("subgroups") ? inSubgroups(own) : own;
  const { value, checked } = faults.scoped(what, () =>
    device.createComputePipelineAsync({
      label: name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ code, label: name }) },
    }),
  );
  try {
    const pipeline = await faults.guard(what, value);
    await checked;
    return { layout, pipeline };
  } catch (error) {
    faults.check();
    return fail("internal", `the GPU refused ${what}: ${String(error)}`);
  }
}

/** Texts of small bundles leave out what their bindings tell. */
function withStorages(bindings: PlanKernel["bindings"], code: string): string {
  if (code.includes("<storage")) return code;
  const declared = bindings.map(
    ({ access, type }, index) =>
      `@group(0)@binding(${index + 1})var<storage,${access}>_${index + 1}:array<${type}>;`,
  );
  return declared.join("") + code;
}
