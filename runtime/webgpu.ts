// A plan and a GPUDevice in; a backend that runs each program as one submission out.

import { isServed, type Backend, type ProgramRun, type Values } from "./backend.js";
import { countOf, evaluateDim, evaluateShape } from "./dimensions.js";
import { at, fail } from "./errors.js";
import type { Plan, PlanKernel, PlanType } from "./plan.js";
import { watchDevice, type Faults } from "./webgpuFaults.js";
import {
  copyOut,
  copyRange,
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

interface Context {
  readonly device: GPUDevice;
  readonly plan: Plan;
  readonly faults: Faults;
  readonly memory: DeviceMemory;
  readonly kernels: CompiledKernel[];
  readonly bound: Map<number, BoundProgram>;
  /** Runs since the last mark, a promise of their end. */
  runs: number;
  mark: Promise<unknown> | undefined;
}

/** `owned`: the device was requested by us, and goes with the backend. */
export function createWebGpuBackend(plan: Plan, device: GPUDevice, owned: boolean): Backend {
  const faults = watchDevice(device, owned);
  const context: Context = {
    device,
    plan,
    faults,
    memory: createDeviceMemory(device, plan, faults),
    kernels: [],
    bound: new Map(),
    runs: 0,
    mark: undefined,
  };
  const { memory } = context;
  const types = plan.storages.map(({ type }) => type);
  const readRanges = async (
    results: readonly { readonly range: Range; readonly type: PlanType }[],
    commands?: GPUCommandEncoder,
  ): Promise<Values[]> => {
    faults.check();
    const encoder = commands ?? device.createCommandEncoder();
    const ranges = results.map(({ range }) => range);
    const copies = copyOut(device, faults, ranges, encoder, usages.staging);
    if (!commands) device.queue.submit([encoder.finish()]);
    // The submission follows before this function goes on.
    await faults.settle();
    try {
      return await Promise.all(
        copies.map((copy, index) => {
          const { range, type } = at(results, index);
          return readStaging(faults, copy, range.bytes, type);
        }),
      );
    } finally {
      // What the checks of the submission caught comes first.
      await faults.settle();
    }
  };
  return {
    kind: "webgpu",
    precision: 32,
    lost: faults.lost,
    prepare: (onProgress) => compileKernels(context, onProgress),
    submit: (run) => {
      submitRun(context, run, () => undefined);
    },
    read: (run) =>
      submitRun(context, run, (encoder) => readRanges(wantedResults(context, run), encoder)),
    readGpu: async (run) => {
      const outputs = submitRun(context, run, (encoder) => {
        const ranges = wantedResults(context, run).map(({ range }) => range);
        return copyOut(device, faults, ranges, encoder, usages.data);
      });
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
      const range = { buffer, offset: offset * 4, bytes: count * 4 };
      return at(await readRanges([{ range, type: at(types, index) }]), 0);
    },
    writeRange: (index, offset, values) => {
      faults.check();
      const { buffer, byteOffset, byteLength } = toWords(values, at(types, index));
      const target = at(memory.storages, index);
      device.queue.writeBuffer(target, offset * 4, buffer, byteOffset, byteLength);
    },
    addStorage: (type, elements) => {
      types.push(type);
      return memory.storages.push(memory.create(elements * 4, "a copy")) - 1;
    },
    freeStorage: (index) => {
      memory.free(memory.storages[index]);
    },
    copyStorage: (from, to) => {
      faults.check();
      const source = at(memory.storages, from);
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 0, at(memory.storages, to), 0, source.size);
      device.queue.submit([encoder.finish()]);
    },
    download: async (buffer, type) =>
      at(await readRanges([{ range: { buffer, offset: 0, bytes: buffer.size }, type }]), 0),
    destroy: () => {
      faults.close();
      memory.destroy();
      if (owned) device.destroy();
    },
  };
}

function toWords(
  values: ArrayLike<number>,
  type: PlanType,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> {
  if (type === "f32") return Float32Array.from(values);
  return type === "i32" ? Int32Array.from(values) : Uint32Array.from(values);
}

/** All kernels, side by side. */
async function compileKernels(
  context: Context,
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
  { device, faults }: Context,
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
function bindProgram(context: Context, index: number): BoundProgram {
  const { device, plan, memory, bound, faults } = context;
  const generation = memory.generation();
  const known = bound.get(index);
  if (known?.generation === generation) return known;
  const program = at(plan.programs, index);
  const bytes = Math.max(16, Math.ceil(program.uniforms.length / 4) * 16);
  const uniform = known?.uniform ?? memory.create(bytes, "uniforms", usages.uniform);
  const groups = faults.scoped(`the buffers of ${program.name}`, () =>
    program.dispatches.map(({ kernel, buffers }) => {
      const ranges = buffers.map((buffer) => memory.range(program, buffer));
      const entries = [{ buffer: uniform, offset: 0, bytes }, ...ranges].map(
        ({ buffer, offset, bytes: size }, binding) => ({
          binding,
          resource: { buffer, offset, size },
        }),
      );
      return device.createBindGroup({ layout: at(context.kernels, kernel).layout, entries });
    }),
  );
  const made = { generation, uniform, groups };
  bound.set(index, made);
  return made;
}

/** One submission: uploads, draws, the dispatches, what `after` adds. The first on new buffers is checked. */
function submitRun<T>(
  context: Context,
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
      if (drawn) copyRange(encoder, drawn.range, inputRange(context, run, input));
    }
    encodeDispatches(context, run, encoder);
    if (run.journal) copyToJournal(context, run, run.journal, encoder);
    const added = after(encoder);
    device.queue.submit([encoder.finish()]);
    return added;
  };
  const name = at(plan.programs, run.program).name;
  const added = fresh ? faults.scoped(`the commands of ${name}`, submit) : submit();
  context.runs++;
  return added;
}

function inputRange({ plan, memory }: Context, run: ProgramRun, input: string): Range {
  return memory.range(at(plan.programs, run.program), { kind: "input", input, elements: 0 });
}

function uploadInputs(context: Context, run: ProgramRun, encoder: GPUCommandEncoder): void {
  const { inputs } = at(context.plan.programs, run.program);
  for (const [name, values] of run.inputs) {
    if (!inputs.includes(name)) continue;
    const target = inputRange(context, run, name);
    if ("mapState" in values) {
      copyRange(encoder, { buffer: values, offset: 0, bytes: values.size }, target);
    } else {
      const { buffer, byteOffset, byteLength } = values;
      context.device.queue.writeBuffer(target.buffer, 0, buffer, byteOffset, byteLength);
    }
  }
}

function encodeDispatches(context: Context, run: ProgramRun, encoder: GPUCommandEncoder): void {
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

function copyToJournal(
  context: Context,
  run: ProgramRun,
  { storage, at: start, results }: NonNullable<ProgramRun["journal"]>,
  encoder: GPUCommandEncoder,
): void {
  const strip = at(context.memory.storages, storage);
  const program = at(context.plan.programs, run.program);
  results.forEach((result, place) => {
    const { buffer, offset } = context.memory.range(program, at(program.results, result).buffer);
    encoder.copyBufferToBuffer(buffer, offset, strip, (start + place) * 4, 4);
  });
}

function wantedResults(
  { plan, memory }: Context,
  run: ProgramRun,
): { readonly range: Range; readonly type: PlanType }[] {
  const program = at(plan.programs, run.program);
  const wanted = run.wanted ?? program.results.map((_, index) => index);
  return wanted.map((index) => {
    const result = at(program.results, index);
    const bytes = countOf(evaluateShape(result.shape, run.dimensions)) * 4;
    return { range: { ...memory.range(program, result.buffer), bytes }, type: result.type };
  });
}
