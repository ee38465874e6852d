// A device and a plan in; storages, inputs, the buffers of slots and read-back out.

import { arrayOf, type Values } from "./backend.js";
import { countOf, evaluateDim, evaluateShape, type Dimensions } from "./dimensions.js";
import { at, fail } from "./errors.js";
import type { Plan, PlanBuffer, PlanProgram, PlanType } from "./plan.js";
import type { Faults } from "./webgpuFaults.js";

// WebGPU's flags by number: the globals that name them are missing in Node.
export const usages = {
  /** MAP_READ; also the mode of mapping. */
  mapRead: 1,
  /** MAP_READ | COPY_DST */
  staging: 9,
  /** UNIFORM | COPY_DST */
  uniform: 72,
  /** STORAGE | COPY_SRC | COPY_DST */
  data: 140,
} as const;

/** A part of a buffer of the device. */
export interface Range {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

export interface DeviceMemory {
  readonly storages: GPUBuffer[];
  /** Changes whenever a buffer was replaced: bind groups made before are void. */
  generation(): number;
  /** Makes room for a run; keeps buffers where there is enough. */
  reserve(program: PlanProgram, dimensions: Dimensions): void;
  bufferOf(buffer: PlanBuffer): GPUBuffer;
  create(bytes: number, label: string, usage?: number): GPUBuffer;
  free(buffer: GPUBuffer | undefined): void;
  destroy(): void;
}

export function createDeviceMemory(device: GPUDevice, plan: Plan, faults: Faults): DeviceMemory {
  const buffers = new Set<GPUBuffer>();
  /** Inputs by name and slots by index; all programs share them, and they only grow. */
  const shared = new Map<string | number, GPUBuffer>();
  let generation = 0;

  const create = (bytes: number, label: string, usage: number = usages.data): GPUBuffer => {
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (size > limit) {
      fail(
        "limits",
        `${label} takes ${size} bytes in one buffer, this device allows ${limit}: give fewer examples at once`,
      );
    }
    const buffer = faults.scoped(`${label} (${size} bytes)`, () =>
      device.createBuffer({ size, usage, label }),
    );
    buffers.add(buffer);
    return buffer;
  };
  const free = (buffer: GPUBuffer | undefined): void => {
    if (buffer && buffers.delete(buffer)) buffer.destroy();
  };
  /** Replaces what is too small. */
  const grow = (key: string | number, bytes: number, label: string): void => {
    const old = shared.get(key);
    if (old && bytes <= old.size) return;
    shared.set(key, create(bytes, label));
    free(old);
    generation++;
  };
  const storages = plan.storages.map(({ name, elements }) => create(elements * 4, name));

  return {
    storages,
    generation: () => generation,
    reserve: (program, dimensions) => {
      program.slots.forEach(({ bytes }, index) => {
        const size = Math.max(...bytes.map((dim) => evaluateDim(dim, dimensions)));
        grow(index, size, "temporary memory");
      });
      for (const { name, shape } of [...plan.inputs, ...(plan.held ?? [])]) {
        if (!program.inputs.includes(name)) continue;
        grow(name, countOf(evaluateShape(shape, dimensions)) * 4, name);
      }
    },
    bufferOf: (buffer) =>
      buffer.kind === "storage"
        ? at(storages, buffer.storage)
        : (shared.get(buffer.kind === "slot" ? buffer.slot : buffer.input) as GPUBuffer),
    create,
    free,
    destroy: () => {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}

/** Copies ranges behind the commands so far, each to a buffer of its own. */
export function copyOut(
  device: GPUDevice,
  faults: Faults,
  ranges: readonly Range[],
  encoder: GPUCommandEncoder,
  usage: number,
): GPUBuffer[] {
  return ranges.map(({ buffer, offset, bytes }) => {
    const size = Math.max(4, bytes);
    const copy = faults.scoped("a copy of a result", () => device.createBuffer({ size, usage }));
    copyBytes(encoder, buffer, offset, copy, bytes);
    return copy;
  });
}

/** Copies whole words to the beginning of a buffer, as many as it takes. */
export function copyBytes(
  encoder: GPUCommandEncoder,
  from: GPUBuffer,
  offset: number,
  to: GPUBuffer,
  bytes: number,
): void {
  const words = Math.floor(Math.min(bytes, to.size) / 4);
  if (words > 0) encoder.copyBufferToBuffer(from, offset, to, 0, words * 4);
}

/** The words of a buffer made for reading. */
export async function readStaging(
  faults: Faults,
  staging: GPUBuffer,
  bytes: number,
  type: PlanType,
): Promise<Values> {
  await faults.guard(staging.mapAsync(usages.mapRead));
  return new (arrayOf(type))(staging.getMappedRange().slice(0, bytes));
}
