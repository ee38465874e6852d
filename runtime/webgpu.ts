// A plan and a GPUDevice in; a backend that runs each program as one submission out.

import {
  arrayOf,
  isServed,
  isSetRows,
  type GivenInput,
  type Backend,
  type OwnCopy,
  type ProgramRun,
  type SetRows,
  type Values,
} from "./backend.js";
import { countOf, evaluateDim, evaluateShape, type Dimensions } from "./dimensions.js";
import { at, type ErrorCode } from "./errors.js";
import type { Plan, PlanType } from "./plan.js";
import { inTurns } from "./loops.js";
import { inputOf, isGpuBuffer } from "./tensors.js";
import { watchDevice, type Checked, type Faults } from "./webgpuFaults.js";
import { createDeviceKernels, type DeviceKernels } from "./webgpuKernels.js";
import { axisLimit } from "./layout.js";
import {
  copyBytes,
  copyOut,
  createDeviceMemory,
  readStaging,
  usages,
  type DeviceMemory,
  type Range,
  type Room,
} from "./webgpuMemory.js";

/** Bind groups over kept buffers. */
interface BoundProgram {
  readonly generation: number;
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
  readonly kernels: DeviceKernels;
  readonly bound: Map<number, BoundProgram>;
  /** Copies rows of sets on the device, where there may be any. */
  gather?: (encoder: GPUCommandEncoder, to: GPUBuffer, rows: SetRows, write: WriteWords) => void;
  /** Resolves where the first buffers are valid. */
  readonly begun: Promise<void>;
}

/** Puts words at the beginning of a buffer, before what is encoded next runs. */
export type WriteWords = (
  target: GPUBuffer,
  words: Pick<Uint32Array, "buffer" | "byteOffset" | "byteLength">,
) => void;

/** `owned`: the device was requested by us, and goes with the backend. */
export function createWebGpuBackend(plan: Plan, device: GPUDevice, owned: boolean): Backend {
  return backendOn(openContext(plan, device, owned));
}

export function openContext(plan: Plan, device: GPUDevice, owned: boolean): GpuContext {
  const faults = watchDevice(device);
  const { value, checked } = faults.scoped("the parameters", () =>
    createDeviceMemory(device, plan),
  );
  return {
    device,
    owned,
    plan,
    faults,
    memory: value,
    types: plan.storages.map(({ type }) => type),
    kernels: createDeviceKernels(device, plan, faults),
    bound: new Map(),
    begun: checked,
  };
}

/** When things happen on the device: in the order of the calls. */
export interface CallOrder {
  /** Acts at once, unless what was asked for before has to wait, or it `needs` something itself. */
  inOrder<T>(action: () => T, needs?: Promise<unknown>): T | Promise<Awaited<T>>;
  /** The same for a run, which may have to wait for its kernels, as what it is then given may not. */
  prepared<T>(run: ProgramRun, action: (run: ProgramRun) => T): T | Promise<Awaited<T>>;
}

/** Of a backend that is asked only for programs that it was prepared for. */
const atOnce: CallOrder = { inOrder: (action) => action(), prepared: (run, action) => action(run) };

export function backendOn(context: GpuContext, order = atOnce): Backend {
  const { device, owned, faults, memory, types } = context;
  return {
    kind: "webgpu",
    machine: "webgpu",
    precision: 32,
    lost: faults.lost,
    prepare: async (programs, onProgress) => {
      await context.kernels.prepare(programs, onProgress);
      await context.begun;
    },
    read: async (given) =>
      order.prepared(given, (run) => {
        const ranges: TypedRange[] = [];
        const copies = submitRun(context, run, (encoder, room) => {
          ranges.push(...wantedResults(context, run, room));
          return copyOut(device, ranges, encoder, usages.staging);
        });
        return readCopies(context, copies, ranges);
      }),
    readGpu: async (given) =>
      order.prepared(given, (run) => {
        const { value, checked } = submitRun(context, run, (encoder, room) =>
          copyOut(device, wantedResults(context, run, room), encoder, usages.data),
        );
        return orDestroy(value, checked);
      }),
    readRange: (index, offset, count) =>
      order.inOrder(async () => {
        const buffer = at(memory.storages, index);
        const range = { buffer, offset: offset * 4, bytes: count * 4, type: at(types, index) };
        return at(await readRanges(context, [range]), 0);
      }),
    writeRange: (index, offset, values) => {
      faults.check();
      const { buffer, byteOffset, byteLength } = arrayOf(at(types, index)).from(values);
      const target = at(memory.storages, index);
      void order.inOrder(() => {
        device.queue.writeBuffer(target, offset * 4, buffer, byteOffset, byteLength);
      });
    },
    destroy: () => {
      faults.close();
      memory.destroy();
      if (owned) device.destroy();
    },
  };
}

/** The bind groups of a program, made once per capacity. */
function bindProgram(context: GpuContext, index: number, room: Room): readonly GPUBindGroup[] {
  const { device, plan, memory, bound, kernels } = context;
  const generation = memory.generation();
  const known = bound.get(index);
  if (room.size === 0 && known?.generation === generation) return known.groups;
  const uniform = { buffer: memory.uniformOf(index, room) };
  const groups = at(plan.programs, index).dispatches.map(({ kernel, buffers }) => {
    const ranges = buffers.map((buffer) => memory.rangeOf(index, buffer, room));
    const bindings = [uniform, ...ranges, memory.givenTo(index, room)];
    const entries = bindings.map((resource, binding) => ({ binding, resource }));
    return device.createBindGroup({ layout: kernels.of(kernel).layout, entries });
  });
  if (room.size === 0) bound.set(index, { generation, groups });
  return groups;
}

/**
 * One submission: uploads, draws, the dispatches, what `after` adds. What goes wrong in it is its own:
 * new buffers are kept only once all of it is known to be valid.
 */
export function submitRun<T>(
  context: GpuContext,
  run: ProgramRun,
  after: (encoder: GPUCommandEncoder, room: Room) => T,
): Checked<T> & { readonly fresh: boolean } {
  const { device, plan, memory, faults } = context;
  faults.check();
  const programs = [...run.draws.map((draw) => draw.run.program), run.program];
  const room = new Map<string | number, GPUBuffer>();
  let uploads: readonly Promise<void>[] = [];
  const submit = (): T => {
    memory.reserve(programs, run.dimensions, room);
    uploads = uploadInputs(context, run, room);
    return encode(device, (encoder) => {
      // Words are written before anything of the submission runs.
      encodeRun(context, run, encoder, room, writeTo(device));
      return after(encoder, room);
    });
  };
  const settle = (valid: boolean) => (): void => {
    memory.settle(room, valid);
  };
  try {
    const what = `the commands of ${at(plan.programs, run.program).name}`;
    const submitted = faults.scoped(what, submit);
    const checked = faults.guard(
      what,
      Promise.all([...uploads, submitted.checked]).then(() => undefined),
    );
    checked.then(settle(true), settle(false));
    return { value: submitted.value, checked, fresh: room.size > 0 };
  } catch (error) {
    settle(false)();
    throw error;
  }
}

/** Before anything that is submitted from now on runs. */
function writeTo({ queue }: GPUDevice): WriteWords {
  return (target, { buffer, byteOffset, byteLength }) => {
    queue.writeBuffer(target, 0, buffer, byteOffset, byteLength);
  };
}

/** Rows of sets, draws, the dispatches; other inputs are there already. */
export function encodeRun(
  context: GpuContext,
  run: ProgramRun,
  encoder: GPUCommandEncoder,
  room: Room,
  write: WriteWords,
): void {
  for (const [name, given] of givenInputs(context, run))
    if (isSetRows(given)) context.gather?.(encoder, inputBuffer(context, name, room), given, write);
  for (const { input, run: draw } of run.draws) {
    encodeDispatches(context, draw, encoder, room, write);
    const [drawn] = wantedResults(context, draw, room);
    const target = inputBuffer(context, input, room);
    if (drawn) copyBytes(encoder, drawn.buffer, drawn.offset, target, drawn.bytes);
  }
  encodeDispatches(context, run, encoder, room, write);
}

/** Submits what is encoded. */
export function encode<T>(device: GPUDevice, write: (encoder: GPUCommandEncoder) => T): T {
  const encoder = device.createCommandEncoder();
  const value = write(encoder);
  device.queue.submit([encoder.finish()]);
  return value;
}

export function inputBuffer({ memory }: GpuContext, input: string, room: Room): GPUBuffer {
  return memory.rangeOf(0, { kind: "input", input, elements: 0 }, room).buffer;
}

/** What is given of the inputs that the program reads. */
export function givenInputs({ plan }: GpuContext, run: ProgramRun): [string, GivenInput][] {
  const { inputs } = at(plan.programs, run.program);
  return [...run.inputs].filter(([name]) => inputs.includes(name));
}

/** Numbers are copied at once, and a caller's buffers; what is wrong with those is told by these promises. */
function uploadInputs(context: GpuContext, run: ProgramRun, room: Room): Promise<void>[] {
  const copies: Promise<void>[] = [];
  for (const [name, values] of givenInputs(context, run)) {
    const target = inputBuffer(context, name, room);
    if (isGpuBuffer(values)) {
      const { checked } = withGiven(context, name, (encoder) => {
        copyBytes(encoder, values, 0, target, values.size);
      });
      copies.push(checked);
    } else if (!isSetRows(values)) writeTo(context.device)(target, values);
  }
  return copies;
}

/** Commands that read a caller's buffer: a submission of their own, whose faults are those of what was given by this name. */
function withGiven<T>(
  { device, faults }: GpuContext,
  name: string,
  write: (encoder: GPUCommandEncoder) => T,
): Checked<T> {
  return faults.scoped(nameOfGiven(name), () => encode(device, write), "option");
}

export function nameOfGiven(name: string): string {
  return `the GPUBuffer of ${name}`;
}

/** A copy of what a run of these dimensions reads of a caller's buffer as it is now. */
export function copyGiven(
  context: GpuContext,
  name: string,
  buffer: GPUBuffer,
  dimensions: Dimensions,
): OwnCopy {
  const { plan, memory } = context;
  const bytes = 4 * countOf(evaluateShape(inputOf(plan, name).shape, dimensions));
  const { value, checked } = withGiven(context, name, (encoder) => {
    const copy = memory.create(bytes, name);
    copyBytes(encoder, buffer, 0, copy, bytes);
    return copy;
  });
  return {
    value,
    checked,
    free: () => {
      memory.free(value);
    },
  };
}

function encodeDispatches(
  context: GpuContext,
  run: ProgramRun,
  encoder: GPUCommandEncoder,
  room: Room,
  write: WriteWords,
): void {
  const { plan, memory, kernels } = context;
  const groups = bindProgram(context, run.program, room);
  if (run.words.length > 0) write(memory.uniformOf(run.program, room), run.words);
  const places = memory.givenPlaces(run.program, room);
  const program = at(plan.programs, run.program);
  const pass = encoder.beginComputePass();
  let running = 0;
  for (const { dispatch } of inTurns(program, run.dimensions, true)) {
    const { kernel, workgroups, serves } = at(program.dispatches, dispatch);
    const place = places[running++] ?? 0;
    const count = evaluateDim(workgroups, run.dimensions);
    if (!isServed(serves, run.wanted) || !(count > 0)) continue;
    pass.setPipeline(kernels.of(kernel).pipeline);
    pass.setBindGroup(0, groups[dispatch], [place]);
    pass.dispatchWorkgroups(...foldWorkgroups(count));
  }
  pass.end();
}

/** Folds a count of workgroups into a grid: x first, then y, then z; the grid may be larger than the count. */
export function foldWorkgroups(count: number): [number, number, number] {
  const x = Math.min(count, axisLimit);
  const rows = Math.ceil(count / x);
  const y = Math.min(rows, axisLimit);
  return [x, y, Math.ceil(rows / y)];
}

function wantedResults({ plan, memory }: GpuContext, run: ProgramRun, room: Room): TypedRange[] {
  const { results } = at(plan.programs, run.program);
  const wanted = run.wanted ?? [...results.keys()];
  return wanted.map((index) => {
    const { shape, buffer, type } = at(results, index);
    const bytes = countOf(evaluateShape(shape, run.dimensions)) * 4;
    return { ...memory.rangeOf(run.program, buffer, room), bytes, type };
  });
}

/** Reads parts of buffers in a submission of its own. */
export async function readRanges(
  context: GpuContext,
  ranges: readonly TypedRange[],
  what = "a read",
  code?: ErrorCode,
): Promise<Values[]> {
  const { device, faults } = context;
  faults.check();
  const copy = (): GPUBuffer[] =>
    encode(device, (encoder) => copyOut(device, ranges, encoder, usages.staging));
  return readCopies(context, faults.scoped(what, copy, code), ranges);
}

/** The content of buffers made for reading, once it is known that nothing failed. */
async function readCopies(
  { faults }: GpuContext,
  { value: copies, checked }: Checked<GPUBuffer[]>,
  ranges: readonly TypedRange[],
): Promise<Values[]> {
  try {
    await checked;
    return await Promise.all(
      copies.map((copy, index) => readStaging(faults, copy, at(ranges, index))),
    );
  } finally {
    for (const copy of copies) copy.destroy();
    faults.check();
  }
}

/** Buffers that are the caller's from now on, unless they did not come about. */
async function orDestroy(buffers: GPUBuffer[], checked: Promise<void>): Promise<GPUBuffer[]> {
  try {
    await checked;
    return buffers;
  } catch (error) {
    for (const buffer of buffers) buffer.destroy();
    throw error;
  }
}
