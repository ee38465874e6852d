// Takes a planned program and its inputs, gives its results: on the CPU in either precision, and as WGSL over the software adapter.

import { givenIn, inTurns } from "../../runtime/loops.js";
import vm from "node:vm";
import type { Planned } from "../../compiler/emit/plan.js";
import { cpuModuleText, wasmText } from "../../compiler/emit/plan.js";
import type { Precision } from "../../compiler/emit/javascriptFunctions.js";
import type { CpuArray } from "../../runtime/cpuMachine.js";
import { openMachine } from "../../runtime/cpuMachine.js";
import type {
  ScalarKernels,
  PlanBuffer,
  PlanDim,
  PlanDispatch,
  PlanProgram,
  PlanType,
} from "../../runtime/plan.js";

export interface Given {
  /** By input name. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** In the order of the plan's storages; after a run, what was stored. */
  readonly storages?: readonly { readonly type: PlanType; readonly values: readonly number[] }[];
  readonly sizes?: Readonly<Record<string, number>>;
  readonly words?: { readonly seed: number; readonly counter: number };
}

export interface Outcome {
  readonly results: readonly number[][];
  readonly storages: readonly number[][];
}

type Words = Float32Array | Float64Array | Int32Array | Uint32Array;

export function sizeOf(dim: PlanDim, sizes: Readonly<Record<string, number>>): number {
  if (typeof dim === "number") return dim;
  if (typeof dim === "string") return sizes[dim] ?? NaN;
  const [op, ...parts] = dim;
  const values = parts.map((part) => sizeOf(part, sizes));
  if (op === "+") return values.reduce((sum, value) => sum + value, 0);
  if (op === "*") return values.reduce((product, value) => product * value, 1);
  return Math.floor((values[0] ?? 0) / (values[1] ?? 1));
}

function arrayOf(type: PlanType, values: readonly number[], precision: Precision): Words {
  if (type === "f32")
    return precision === "f64"
      ? Float64Array.from(values.map(Math.fround))
      : Float32Array.from(values);
  return type === "i32" ? Int32Array.from(values) : Uint32Array.from(values);
}

export function loadModule(text: string): { readonly kernels: ScalarKernels } {
  const body = text.replaceAll("export const", "const");
  const kernels = vm.runInThisContext(`(() => { ${body}\nreturn kernels; })()`) as ScalarKernels;
  return { kernels };
}

function uniformWords(program: PlanProgram, given: Given): Uint32Array {
  const buffer = new ArrayBuffer(Math.ceil(Math.max(1, program.uniforms.length) / 4) * 16);
  const words = new Uint32Array(buffer);
  const sizes = given.sizes ?? {};
  const fixed = given.words ?? { seed: 0, counter: 0 };
  program.uniforms.forEach((uniform, at) => {
    if (uniform.kind === "dim") words[at] = sizeOf(uniform.value, sizes);
    else if (uniform.kind !== "host") words[at] = fixed[uniform.kind];
    else if (typeof uniform.value === "number") new Float32Array(buffer)[at] = uniform.value;
    else throw new Error("these tests have host values that are numbers");
  });
  return words;
}

export function runOnCpu(planned: Planned, given: Given, precision: Precision): Outcome {
  const [program] = planned.programs;
  if (!program) throw new Error("no program");
  const { kernels } = loadModule(cpuModuleText(planned.kernels, precision));
  const sizes = given.sizes ?? {};
  const storages = (given.storages ?? []).map(({ type, values }) =>
    arrayOf(type, values, precision),
  );
  const slots = new Map<string, Words>();
  const bufferOf = (buffer: PlanBuffer, type: PlanType): Words => {
    if (buffer.kind === "storage") return storages[buffer.storage] ?? new Float32Array(0);
    if (buffer.kind === "input") return arrayOf(type, given.inputs[buffer.input] ?? [], precision);
    const length = sizeOf(buffer.elements, sizes);
    const key = `${buffer.slot}`;
    const known =
      slots.get(key) ??
      arrayOf(
        type,
        Array.from({ length }, () => 0),
        precision,
      );
    slots.set(key, known);
    return known;
  };
  const words = uniformWords(program, given);
  const floats = new Float32Array(words.buffer);
  for (const { dispatch: position, turns } of inTurns(program, given.sizes ?? {}, false)) {
    const dispatch = program.dispatches[position];
    const kernel = dispatch && planned.kernels[dispatch.kernel]?.plan;
    if (!kernel) throw new Error("no kernel");
    const buffers = dispatch.buffers.map((buffer, at) =>
      bufferOf(buffer, kernel.bindings[at]?.type ?? "f32"),
    );
    kernels[kernel.name]?.(buffers, words, floats, givenIn(dispatch.given ?? [], turns));
  }
  return {
    results: program.results.map((result) => [...bufferOf(result.buffer, result.type)]),
    storages: storages.map((storage) => [...storage]),
  };
}

function lost(): never {
  throw new Error("no such dispatch");
}

/** Storages, slots and inputs lie in the machine's memory. */
export async function runOnWasm(planned: Planned, given: Given): Promise<Outcome> {
  const [program] = planned.programs;
  const module = { kernels: {}, wasm: wasmText(planned.kernels) };
  const { machine } = await openMachine(module, 32);
  if (!program || machine.kind !== "wasm") throw new Error("no program, or no WebAssembly");
  const sizes = given.sizes ?? {};
  const holding = (type: PlanType, values: readonly number[]): CpuArray => {
    const array = machine.allocate(type, values.length);
    array.view(type).set(arrayOf(type, values, "f32"));
    return array;
  };
  const storages = (given.storages ?? []).map(({ type, values }) => holding(type, values));
  const slots = program.slots.map(([bytes]) => machine.allocate("u32", sizeOf(bytes, sizes) / 4));
  const arrayFor = (buffer: PlanBuffer, type: PlanType): CpuArray => {
    if (buffer.kind === "input") return holding(type, given.inputs[buffer.input] ?? []);
    const known = buffer.kind === "storage" ? storages[buffer.storage] : slots[buffer.slot];
    if (!known) throw new Error("a buffer that is nowhere");
    return known;
  };
  const words = uniformWords(program, given);
  machine.start(words, new Float32Array(words.buffer));
  for (const { dispatch: position, turns } of inTurns(program, sizes, false)) {
    const { kernel, buffers, given: own = [] } = program.dispatches[position] ?? lost();
    const words = givenIn(own, turns);
    const { name, bindings } = planned.kernels[kernel]?.plan ?? { name: "", bindings: [] };
    const types = bindings.map(({ type }) => type);
    const arrays = buffers.map((buffer, at) => arrayFor(buffer, types[at] ?? "f32"));
    const call = machine.bind(name, arrays, types, words);
    call(call.whole?.());
  }
  return {
    results: program.results.map(({ buffer, type }) => {
      const count = buffer.kind === "storage" ? undefined : sizeOf(buffer.elements, sizes);
      return [...arrayFor(buffer, type).view(type).subarray(0, count)];
    }),
    storages: storages.map((array, at) => [...array.view(given.storages?.[at]?.type ?? "f32")]),
  };
}

const usage = { mapRead: 1, copySource: 4, copyDestination: 8, uniform: 64, storage: 128 };
const computeStage = 4;

export async function runOnGpu(
  device: GPUDevice,
  planned: Planned,
  given: Given,
): Promise<Outcome> {
  const [program] = planned.programs;
  if (!program) throw new Error("no program");
  const sizes = given.sizes ?? {};
  const upload = (data: Words): GPUBuffer => {
    const buffer = device.createBuffer({
      size: Math.max(16, Math.ceil(data.byteLength / 4) * 4),
      usage: usage.storage | usage.copyDestination | usage.copySource,
    });
    device.queue.writeBuffer(buffer, 0, data as Uint32Array<ArrayBuffer>);
    return buffer;
  };
  const slots = program.slots.map(([bytes]) =>
    upload(new Uint32Array(Math.max(4, sizeOf(bytes, sizes) / 4))),
  );
  const storages = (given.storages ?? []).map(({ type, values }) =>
    upload(arrayOf(type, values, "f32")),
  );
  const words = uniformWords(program, given);
  const uniforms = device.createBuffer({
    size: words.byteLength,
    usage: usage.uniform | usage.copyDestination,
  });
  device.queue.writeBuffer(uniforms, 0, words as Uint32Array<ArrayBuffer>);
  const rangeOf = (buffer: PlanBuffer, type: PlanType): GPUBufferBinding => {
    if (buffer.kind === "storage") return { buffer: storages[buffer.storage] as GPUBuffer };
    if (buffer.kind === "input") {
      return { buffer: upload(arrayOf(type, given.inputs[buffer.input] ?? [], "f32")) };
    }
    const size = Math.max(4, sizeOf(buffer.elements, sizes) * 4);
    return { buffer: slots[buffer.slot] as GPUBuffer, size };
  };
  const givenTo = ({ given = [] }: PlanDispatch): GPUBuffer => {
    const size = Math.max(16, Math.ceil(given.length / 4) * 16);
    const buffer = device.createBuffer({ size, usage: usage.uniform | usage.copyDestination });
    device.queue.writeBuffer(buffer, 0, Uint32Array.from(given));
    return buffer;
  };
  const encoder = device.createCommandEncoder();
  for (const dispatch of program.dispatches) {
    const kernel = planned.kernels[dispatch.kernel]?.plan;
    if (!kernel) throw new Error("no kernel");
    const layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: computeStage, buffer: { type: "uniform" } },
        ...kernel.bindings.map(({ access }, at) => ({
          binding: at + 1,
          visibility: computeStage,
          buffer: { type: access === "read" ? "read-only-storage" : "storage" } as const,
        })),
        {
          binding: kernel.bindings.length + 1,
          visibility: computeStage,
          buffer: { type: "uniform" },
        },
      ],
    });
    const module = device.createShaderModule({ code: kernel.wgsl });
    const info = await module.getCompilationInfo();
    for (const message of info.messages) {
      if (message.type === "error") throw new Error(`${message.message}\n${kernel.wgsl}`);
    }
    const pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    const group = device.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: uniforms } },
        ...dispatch.buffers.map((buffer, at) => ({
          binding: at + 1,
          resource: rangeOf(buffer, kernel.bindings[at]?.type ?? "f32"),
        })),
        { binding: dispatch.buffers.length + 1, resource: { buffer: givenTo(dispatch) } },
      ],
    });
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    const groups = sizeOf(dispatch.workgroups, sizes);
    const across = Math.min(groups, 65535);
    pass.dispatchWorkgroups(across, Math.ceil(groups / across));
    pass.end();
  }
  device.queue.submit([encoder.finish()]);
  const read = async (range: GPUBufferBinding, type: PlanType): Promise<number[]> => {
    const size = range.size ?? range.buffer.size;
    const target = device.createBuffer({ size, usage: usage.mapRead | usage.copyDestination });
    const copy = device.createCommandEncoder();
    copy.copyBufferToBuffer(range.buffer, range.offset ?? 0, target, 0, size);
    device.queue.submit([copy.finish()]);
    await target.mapAsync(usage.mapRead);
    const bytes = target.getMappedRange().slice(0);
    target.unmap();
    if (type === "f32") return [...new Float32Array(bytes)];
    return [...(type === "i32" ? new Int32Array(bytes) : new Uint32Array(bytes))];
  };
  const results: number[][] = [];
  for (const result of program.results) {
    results.push(await read(rangeOf(result.buffer, result.type), result.type));
  }
  const kept: number[][] = [];
  for (const [at, storage] of storages.entries()) {
    const type = given.storages?.[at]?.type ?? "f32";
    kept.push(
      (await read({ buffer: storage }, type)).slice(0, given.storages?.[at]?.values.length),
    );
  }
  return { results, storages: kept };
}
