// A plan and a GPUDevice in; a backend that runs each program as one submission out.

import { arrayOf, isServed, type Backend, type ProgramRun, type Values } from "./backend.js";
import { countOf, evaluateDim, evaluateShape } from "./dimensions.js";
import { at, fail } from "./errors.js";
import type { Plan, PlanKernel, PlanType } from "./plan.js";
import { watchDevice, type Faults } from "./webgpuFaults.js";
import {
  copyBytes,
  copyOut,
  createDeviceMemory,
  readStaging,
  usages,
  type DeviceMemory,
  type Range,
} from "./webgpuMemory.js";

/** Workgroups along one axis of a dispatch. */
const axisLimit = 65_535;
const computeStage = 4;
const bufferTypes = { read: "read-only-storage", read_write: "storage" } as const;

interface CompiledKernel {
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

interface BoundProgram {
  readonly generation: number;
  readonly uniform: GPUBuffer;
  readonly groups: readonly GPUBindGroup[];
}

/** Words of a buffer to be read, and what they are. */
interface TypedRange extends Range {
  readonly type: PlanType;
}

export interface GpuContext {
  readonly device: GPUDevice;
  readonly owned: boolean;
  readonly plan: Plan;
  readonly faults: Faults;
  readonly memory: DeviceMemory;
  /** Of the storages. */
  readonly types: PlanType[];
  readonly kernels: CompiledKernel[];
  readonly bound: Map<number, BoundProgram>;
  /** Runs since the last mark, a promise of their end. */
  runs: number;
  mark: Promise<unknown> | undefined;
}

/** `owned`: the device was requested by us, and goes with the backend. */
export function createWebGpuBackend(plan: Plan, device: GPUDevice, owned: boolean): Backend {
  return backendOn(openContext(plan, device, owned));
}

export function openContext(plan: Plan, device: GPUDevice, owned: boolean): GpuContext {
  const faults = watchDevice(device, owned);
  return {
    device,
    owned,
    plan,
    faults,
    memory: createDeviceMemory(device, plan, faults),
    types: plan.storages.map(({ type }) => type),
    kernels: [],
    bound: new Map(),
    runs: 0,
    mark: undefined,
  };
}

export function backendOn(context: GpuContext): Backend {
  const { device, owned, faults, memory, types } = context;
  return {
    kind: "webgpu",
    precision: 32,
    lost: faults.lost,
    prepare: (onProgress) => compileKernels(context, onProgress),
    submit: (run) => {
      submitRun(context, run, () => undefined);
    },
    read: (run) =>
      submitRun(context, run, (encoder) =>
        readRanges(context, wantedResults(context, run), encoder),
      ),
    readGpu: async (run) => {
      const outputs = submitRun(context, run, (encoder) =>
        copyOut(device, faults, wantedResults(context, run), encoder, usages.data),
      );
      await faults.settle();
      return outputs;
    },
    ready: async () => {
      faults.check();
      await faults.settle();
      // A mark every other run; waiting for the one before the last lets the device run ahead.
      if (context.runs < 2) return;
      context.runs = 0;
      const before = context.mark;
      context.mark = faults.guard(device.queue.onSubmittedWorkDone());
      await before;
    },
    readRange: async (index, offset, count) => {
      const buffer = at(memory.storages, index);
      const range = { buffer, offset: offset * 4, bytes: count * 4, type: at(types, index) };
      return at(await readRanges(context, [range]), 0);
    },
    writeRange: (index, offset, values) => {
      faults.check();
      const { buffer, byteOffset, byteLength } = arrayOf(at(types, index)).from(values);
      const target = at(memory.storages, index);
      device.queue.writeBuffer(target, offset * 4, buffer, byteOffset, byteLength);
    },
    destroy: () => {
      faults.close();
      memory.destroy();
      if (owned) device.destroy();
    },
  };
}

/** Reads parts of buffers, behind commands that are not submitted yet or in a submission of its own. */
export async function readRanges(
  { device, faults }: GpuContext,
  ranges: readonly TypedRange[],
  commands?: GPUCommandEncoder,
): Promise<Values[]> {
  faults.check();
  const encoder = commands ?? device.createCommandEncoder();
  const copies = copyOut(device, faults, ranges, encoder, usages.staging);
  if (!commands) device.queue.submit([encoder.finish()]);
  try {
    // The submission follows before this function goes on.
    await faults.settle();
    return await Promise.all(
      copies.map((copy, index) => {
        const { bytes, type } = at(ranges, index);
        return readStaging(faults, copy, bytes, type);
      }),
    );
  } finally {
    for (const copy of copies) copy.destroy();
    // What the checks of the submission caught comes first.
    await faults.settle();
  }
}

/** All kernels, side by side. */
async function compileKernels(
  context: GpuContext,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const { plan, kernels, faults } = context;
  let done = 0;
  await Promise.all(
    plan.kernels.map(async (kernel, index) => {
      kernels[index] = await compileKernel(context, kernel);
      onProgress?.(++done, plan.kernels.length);
    }),
  );
  await faults.settle();
}

async function compileKernel(
  { device, faults }: GpuContext,
  { name, wgsl, bindings }: PlanKernel,
): Promise<CompiledKernel> {
  const types = ["uniform", ...bindings.map(({ access }) => bufferTypes[access])] as const;
  const layout = device.createBindGroupLayout({
    entries: types.map((type, binding) => ({
      binding,
      visibility: computeStage,
      buffer: { type },
    })),
  });
  const descriptor = {
    label: name,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code: wgsl, label: name }) },
  };
  try {
    const pipeline = await faults.guard(device.createComputePipelineAsync(descriptor));
    return { layout, pipeline };
  } catch (error) {
    faults.check();
    return fail("internal", `the GPU's compiler refused the kernel ${name}: ${String(error)}`);
  }
}

/** The bind groups of a program, made once per capacity. */
function bindProgram(context: GpuContext, index: number): BoundProgram {
  const { device, plan, memory, bound, faults } = context;
  const generation = memory.generation();
  const known = bound.get(index);
  if (known?.generation === generation) return known;
  const program = at(plan.programs, index);
  const bytes = Math.max(16, Math.ceil(program.uniforms.length / 4) * 16);
  const uniform = known?.uniform ?? memory.create(bytes, "uniforms", usages.uniform);
  const groups = faults.scoped(`the buffers of ${program.name}`, () =>
    program.dispatches.map(({ kernel, buffers }) => {
      const bindings = [uniform, ...buffers.map((buffer) => memory.bufferOf(buffer))];
      const entries = bindings.map((buffer, binding) => ({ binding, resource: { buffer } }));
      return device.createBindGroup({ layout: at(context.kernels, kernel).layout, entries });
    }),
  );
  const made = { generation, uniform, groups };
  bound.set(index, made);
  return made;
}

/** One submission: uploads, draws, the dispatches, what `after` adds. The first on new buffers is checked. */
export function submitRun<T>(
  context: GpuContext,
  run: ProgramRun,
  after: (encoder: GPUCommandEncoder) => T,
): T {
  const { device, plan, memory, faults, bound } = context;
  faults.check();
  const runs = [...run.draws.map((draw) => draw.run), run];
  for (const { program, dimensions } of runs) {
    memory.reserve(at(plan.programs, program), dimensions);
  }
  const fresh = runs.some(({ program }) => bound.get(program)?.generation !== memory.generation());
  const submit = (): T => {
    const encoder = device.createCommandEncoder();
    uploadInputs(context, run, encoder);
    for (const { input, run: draw } of run.draws) {
      encodeDispatches(context, draw, encoder);
      const [drawn] = wantedResults(context, draw);
      if (drawn) copyBytes(encoder, drawn.buffer, 0, inputBuffer(context, input), drawn.bytes);
    }
    encodeDispatches(context, run, encoder);
    const added = after(encoder);
    device.queue.submit([encoder.finish()]);
    return added;
  };
  const name = at(plan.programs, run.program).name;
  const added = fresh ? faults.scoped(`the commands of ${name}`, submit) : submit();
  context.runs++;
  return added;
}

function inputBuffer({ memory }: GpuContext, input: string): GPUBuffer {
  return memory.bufferOf({ kind: "input", input, elements: 0 });
}

function uploadInputs(context: GpuContext, run: ProgramRun, encoder: GPUCommandEncoder): void {
  const { inputs } = at(context.plan.programs, run.program);
  for (const [name, values] of run.inputs) {
    if (!inputs.includes(name)) continue;
    const target = inputBuffer(context, name);
    if ("mapState" in values) copyBytes(encoder, values, 0, target, values.size);
    else {
      const { buffer, byteOffset, byteLength } = values;
      context.device.queue.writeBuffer(target, 0, buffer, byteOffset, byteLength);
    }
  }
}

function encodeDispatches(context: GpuContext, run: ProgramRun, encoder: GPUCommandEncoder): void {
  const { device, plan } = context;
  const { groups, uniform } = bindProgram(context, run.program);
  const { buffer, byteLength } = run.words;
  if (byteLength > 0) device.queue.writeBuffer(uniform, 0, buffer, 0, byteLength);
  const pass = encoder.beginComputePass();
  at(plan.programs, run.program).dispatches.forEach(({ kernel, workgroups, serves }, index) => {
    const count = evaluateDim(workgroups, run.dimensions);
    if (!isServed(serves, run.wanted) || !(count > 0)) return;
    pass.setPipeline(at(context.kernels, kernel).pipeline);
    pass.setBindGroup(0, groups[index]);
    pass.dispatchWorkgroups(...foldWorkgroups(count));
  });
  pass.end();
}

/** Folds a count of workgroups into a grid: x first, then y, then z; the grid may be larger than the count. */
export function foldWorkgroups(count: number): [number, number, number] {
  const x = Math.min(count, axisLimit);
  const rows = Math.ceil(count / x);
  const y = Math.min(rows, axisLimit);
  return [x, y, Math.ceil(rows / y)];
}

function wantedResults({ plan, memory }: GpuContext, run: ProgramRun): TypedRange[] {
  const { results } = at(plan.programs, run.program);
  const wanted = run.wanted ?? [...results.keys()];
  return wanted.map((index) => {
    const { shape, buffer, type } = at(results, index);
    const bytes = countOf(evaluateShape(shape, run.dimensions)) * 4;
    return { buffer: memory.bufferOf(buffer), offset: 0, bytes, type };
  });
}
