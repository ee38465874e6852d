// A device and a plan in; storages, inputs, the arena of slots and read-back out.

import type { Values } from "./backend.js";
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

/** Offsets of bindings are multiples of this. */
const alignment = 256;
/** A segment holds slots up to this many bytes; a larger slot has one of its own. */
const segmentBytes = 128 * 2 ** 20;

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
  /** Makes room for a run; keeps buffers and offsets where there is enough. */
  reserve(program: PlanProgram, dimensions: Dimensions): void;
  range(program: PlanProgram, buffer: PlanBuffer): Range;
  create(bytes: number, label: string, usage?: number): GPUBuffer;
  free(buffer: GPUBuffer | undefined): void;
  destroy(): void;
}

interface Layout {
  readonly bytes: number[];
  places: { segment: number; offset: number }[];
}

export function createDeviceMemory(device: GPUDevice, plan: Plan, faults: Faults): DeviceMemory {
  const buffers = new Set<GPUBuffer>();
  const layouts = new Map<PlanProgram, Layout>();
  const inputs = new Map<string, GPUBuffer>();
  const segments = new Map<number, GPUBuffer>();
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
  const grow = <K>(known: Map<K, GPUBuffer>, key: K, bytes: number, label: string): void => {
    const old = known.get(key);
    if (old && bytes <= old.size) return;
    known.set(key, create(bytes, label));
    free(old);
    generation++;
  };
  const storages = plan.storages.map(({ name, elements }) => create(elements * 4, name));

  return {
    storages,
    generation: () => generation,
    reserve: (program, dimensions) => {
      const known = layouts.get(program);
      const layout: Layout = known ?? { bytes: [], places: [] };
      let grown = !known;
      program.slots.forEach((slot, index) => {
        const bytes = Math.max(16, ...slot.bytes.map((size) => evaluateDim(size, dimensions)));
        if (bytes <= (layout.bytes[index] ?? 0)) return;
        layout.bytes[index] = Math.ceil(bytes / 16) * 16;
        grown = true;
      });
      for (const { name, shape } of plan.inputs) {
        if (!program.inputs.includes(name)) continue;
        grow(inputs, name, countOf(evaluateShape(shape, dimensions)) * 4, name);
      }
      if (!grown) return;
      const { places, sizes } = packSlots(layout.bytes);
      layouts.set(program, { ...layout, places });
      sizes.forEach((size, index) => {
        grow(segments, index, size, "temporary memory");
      });
      generation++;
    },
    range: (program, buffer) => {
      if (buffer.kind === "slot") {
        const { places, bytes } = layouts.get(program) as Layout;
        const { segment, offset } = at(places, buffer.slot);
        const target = segments.get(segment) as GPUBuffer;
        return { buffer: target, offset, bytes: at(bytes, buffer.slot) };
      }
      const whole =
        buffer.kind === "storage"
          ? at(storages, buffer.storage)
          : (inputs.get(buffer.input) as GPUBuffer);
      return { buffer: whole, offset: 0, bytes: whole.size };
    },
    create,
    free,
    destroy: () => {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}

/** Slots one after the other at aligned offsets; a new segment where one is full. */
export function packSlots(bytes: readonly number[]): {
  readonly places: { segment: number; offset: number }[];
  readonly sizes: number[];
} {
  const sizes: number[] = [];
  const places = bytes.map((size) => {
    const last = sizes.length - 1;
    const offset = Math.ceil((sizes[last] ?? 0) / alignment) * alignment;
    const fits = last >= 0 && offset + size <= segmentBytes;
    if (!fits) sizes.push(0);
    const segment = sizes.length - 1;
    const place = { segment, offset: fits ? offset : 0 };
    sizes[segment] = place.offset + size;
    return place;
  });
  return { places, sizes };
}

/** Copies ranges behind the commands so far, each to a buffer of its own. */
export function copyOut(
  device: GPUDevice,
  faults: Faults,
  ranges: readonly Range[],
  encoder: GPUCommandEncoder,
  usage: number,
): GPUBuffer[] {
  return ranges.map((range) => {
    const size = Math.max(4, range.bytes);
    const copy = faults.scoped("a copy of a result", () => device.createBuffer({ size, usage }));
    copyRange(encoder, range, { buffer: copy, offset: 0, bytes: size });
    return copy;
  });
}

export function copyRange(encoder: GPUCommandEncoder, from: Range, to: Range): void {
  const bytes = Math.min(from.bytes, to.bytes);
  if (bytes > 3) {
    encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, bytes - (bytes % 4));
  }
}

/** The words of a buffer made for reading, which is given up. */
export async function readStaging(
  faults: Faults,
  staging: GPUBuffer,
  bytes: number,
  type: PlanType,
): Promise<Values> {
  try {
    await faults.guard(staging.mapAsync(usages.mapRead));
    return asValues(staging.getMappedRange().slice(0, bytes), type);
  } finally {
    staging.destroy();
  }
}

/** Words of a buffer as elements of a type. */
function asValues(data: ArrayBuffer, type: PlanType): Values {
  if (type === "f32") return new Float32Array(data);
  return type === "i32" ? new Int32Array(data) : new Uint32Array(data);
}
