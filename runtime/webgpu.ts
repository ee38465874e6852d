// A plan and a GPUDevice in; a backend that runs each program as one submission out.

import type { Backend, ProgramRun, Values } from "./backend.js";
import { countOf, evaluateDim, evaluateShape } from "./dimensions.js";
import { at, fail } from "./errors.js";
import type { Plan, PlanKernel, PlanProgram, PlanType } from "./plan.js";
import { watchDevice, type Faults } from "./webgpuFaults.js";
import {
  asValues,
  createDeviceMemory,
  usages,
  type DeviceMemory,
  type Range,
} from "./webgpuMemory.js";

/** Workgroups along one axis of a dispatch. */
const axisLimit = 65_535;
/** Submissions that the device may lie behind before a caller waits. */
const runsInFlight = 3;
const computeStage = 4;
const bufferTypes = { read: "read-only-storage", read_write: "storage" } as const;

interface CompiledKernel {
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline;
}

interface BoundProgram {
  readonly generation: number;
  readonly groups: readonly GPUBindGroup[];
}

interface Context {
  readonly device: GPUDevice;
  readonly plan: Plan;
  readonly faults: Faults;
  readonly memory: DeviceMemory;
  readonly kernels: Map<number, CompiledKernel>;
  readonly uniforms: Map<number, GPUBuffer>;
  readonly bound: Map<number, BoundProgram>;
  readonly inFlight: Set<Promise<unknown>>;
}

/** `owned`: the device was requested by us, and goes with the backend. */
export function createWebGpuBackend(plan: Plan, device: GPUDevice, owned: boolean): Backend {
  const faults = watchDevice(device, owned);
  const context: Context = {
    device,
    plan,
    faults,
    memory: createDeviceMemory(device, plan, faults),
    kernels: new Map(),
    uniforms: new Map(),
    bound: new Map(),
    inFlight: new Set(),
  };
  const { memory } = context;
  const types = plan.storages.map(({ type }) => type);
  const readOne = async (range: Range, type: PlanType): Promise<Values> => {
    faults.check();
    const encoder = device.createCommandEncoder();
    const read = memory.copyOut([range], encoder);
    device.queue.submit([encoder.finish()]);
    return asValues(at(await read(), 0), type);
  };
  return {
    kind: "webgpu",
    precision: 32,
    lost: faults.lost,
    prepare: (programs, onProgress) => compileKernels(context, programs, onProgress),
    submit: (run) => {
      submitRun(context, run, () => undefined);
    },
    read: async (run) => {
      const { read, types: resultTypes } = submitRun(context, run, (encoder) => {
        const results = wantedResults(context, run);
        const ranges = results.map(({ range }) => range);
        return {
          read: memory.copyOut(ranges, encoder),
          types: results.map(({ type }) => type),
        };
      });
      return (await read()).map((data, index) => asValues(data, at(resultTypes, index)));
    },
    readGpu: (run) => copyResults(context, run),
    ready: async () => {
      faults.check();
      await faults.settle();
      while (context.inFlight.size >= runsInFlight) {
        await faults.guard(Promise.race(context.inFlight));
      }
    },
    readRange: (index, offset, count) => {
      const buffer = at(memory.storages, index);
      return readOne({ buffer, offset: offset * 4, bytes: count * 4 }, at(types, index));
    },
    writeRange: (index, offset, values) => {
      faults.check();
      const { buffer, byteOffset, byteLength } = toWords(values, at(types, index));
      const target = at(memory.storages, index);
      device.queue.writeBuffer(target, offset * 4, buffer, byteOffset, byteLength);
    },
    addStorage: (type, elements) => {
      types.push(type);
      return memory.storages.push(memory.createData(elements * 4, "a copy")) - 1;
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
    download: (buffer, type) => readOne({ buffer, offset: 0, bytes: buffer.size }, type),
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

/** Kernels of the programs that are not compiled yet, side by side. */
async function compileKernels(
  context: Context,
  programs: readonly number[],
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const { plan, kernels, faults } = context;
  const wanted = new Set(
    programs.flatMap((index) => at(plan.programs, index).dispatches.map(({ kernel }) => kernel)),
  );
  const missing = [...wanted].filter((index) => !kernels.has(index));
  let done = 0;
  await Promise.all(
    missing.map(async (index) => {
      kernels.set(index, await compileKernel(context, at(plan.kernels, index)));
      onProgress?.(++done, missing.length);
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
  const known = bound.get(index);
  if (known?.generation === memory.generation()) return known;
  const program = at(plan.programs, index);
  const uniform =
    context.uniforms.get(index) ??
    memory.create(uniformBytes(program), usages.uniform | usages.copyTarget, "uniforms");
  context.uniforms.set(index, uniform);
  const groups = faults.scoped(`the buffers of ${program.name}`, () =>
    program.dispatches.map(({ kernel, buffers }) => {
      const bindings = buffers.map((buffer, place) => {
        const { buffer: target, offset, bytes } = memory.range(program, buffer);
        return { binding: place + 1, resource: { buffer: target, offset, size: bytes } };
      });
      const { layout } = compiled(context, kernel);
      const entries = [{ binding: 0, resource: { buffer: uniform } }, ...bindings];
      return device.createBindGroup({ layout, entries });
    }),
  );
  const made = { generation: memory.generation(), groups };
  bound.set(index, made);
  return made;
}

function compiled({ kernels }: Context, index: number): CompiledKernel {
  return kernels.get(index) ?? fail("internal", "a program runs before it was prepared");
}

function uniformBytes(program: PlanProgram): number {
  return Math.max(16, Math.ceil(program.uniforms.length / 4) * 16);
}

/** One submission: uploads, the dispatches, what `after` adds. The first run on new buffers is checked. */
function submitRun<T>(
  context: Context,
  run: ProgramRun,
  after: (encoder: GPUCommandEncoder) => T,
): T {
  const { device, plan, memory, faults } = context;
  faults.check();
  const program = at(plan.programs, run.program);
  memory.reserve(program, run.dimensions);
  const fresh = context.bound.get(run.program)?.generation !== memory.generation();
  const { groups } = bindProgram(context, run.program);
  const uniform = context.uniforms.get(run.program);
  if (uniform && run.words.length > 0) {
    device.queue.writeBuffer(uniform, 0, run.words.buffer as ArrayBuffer, 0, run.words.byteLength);
  }
  const submit = (): T => {
    const encoder = device.createCommandEncoder();
    uploadInputs(context, run, encoder);
    encodeDispatches(context, run, groups, encoder);
    if (run.journal) copyToJournal(context, run, run.journal, encoder);
    const added = after(encoder);
    device.queue.submit([encoder.finish()]);
    return added;
  };
  const added = fresh ? faults.scoped(`the commands of ${program.name}`, submit) : submit();
  trackRun(context);
  return added;
}

function uploadInputs(context: Context, run: ProgramRun, encoder: GPUCommandEncoder): void {
  const { device, plan, memory } = context;
  const program = at(plan.programs, run.program);
  for (const [name, values] of run.inputs) {
    if (!program.inputs.includes(name)) continue;
    const { buffer } = memory.range(program, { kind: "input", input: name, elements: 0 });
    if ("mapState" in values) {
      const bytes = Math.min(buffer.size, values.size);
      encoder.copyBufferToBuffer(values, 0, buffer, 0, bytes - (bytes % 4));
    } else {
      const { buffer: data, byteOffset, byteLength } = values;
      device.queue.writeBuffer(buffer, 0, data as ArrayBuffer, byteOffset, byteLength);
    }
  }
}

function encodeDispatches(
  context: Context,
  run: ProgramRun,
  groups: readonly GPUBindGroup[],
  encoder: GPUCommandEncoder,
): void {
  const pass = encoder.beginComputePass();
  let current: GPUComputePipeline | undefined;
  at(context.plan.programs, run.program).dispatches.forEach((dispatch, index) => {
    if (dispatch.serves && run.wanted && !dispatch.serves.some((r) => run.wanted?.includes(r)))
      return;
    const count = evaluateDim(dispatch.workgroups, run.dimensions);
    if (!(count > 0)) return;
    const { pipeline } = compiled(context, dispatch.kernel);
    if (pipeline !== current) pass.setPipeline(pipeline);
    current = pipeline;
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

function trackRun({ device, inFlight }: Context): void {
  const done = device.queue.onSubmittedWorkDone();
  const forget = (): void => void inFlight.delete(done);
  inFlight.add(done);
  done.then(forget, forget);
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

async function copyResults(context: Context, run: ProgramRun): Promise<GPUBuffer[]> {
  const { device, faults } = context;
  const usage = usages.storage | usages.copySource | usages.copyTarget;
  const copies = submitRun(context, run, (encoder) =>
    wantedResults(context, run).map(({ range: { buffer, offset, bytes } }) => {
      const copy = faults.scoped("an output", () =>
        device.createBuffer({ size: Math.max(4, bytes), usage, label: "output" }),
      );
      if (bytes > 0) encoder.copyBufferToBuffer(buffer, offset, copy, 0, bytes);
      return copy;
    }),
  );
  await faults.settle();
  return copies;
}
