// A device and a plan in; storages, inputs, the arena of slots and read-back out.

import type { Values } from "./backend.js";
import { countOf, evaluateDim, evaluateShape, type Dimensions } from "./dimensions.js";
import { at, fail } from "./errors.js";
import type { Plan, PlanBuffer, PlanProgram, PlanType } from "./plan.js";
import type { Faults } from "./webgpuFaults.js";

// WebGPU's flags by number: the globals that name them are missing in Node.
export const usages = {
  mapRead: 1,
  copySource: 4,
  copyTarget: 8,
  uniform: 64,
  storage: 128,
} as const;
const mapRead = 1;
const dataUsage = usages.storage | usages.copySource | usages.copyTarget;

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
  /** Changes whenever a buffer was replaced: bind groups made before are void. */
  generation(): number;
  /** Makes room for a run; keeps buffers and offsets where there is enough. */
  reserve(program: PlanProgram, dimensions: Dimensions): void;
  range(program: PlanProgram, buffer: PlanBuffer): Range;
  readonly storages: GPUBuffer[];
  create(bytes: number, usage: number, label: string): GPUBuffer;
  createData(bytes: number, label: string): GPUBuffer;
  free(buffer: GPUBuffer | undefined): void;
  /** Puts copies of ranges behind the commands so far; what it returns reads them once they are submitted. */
  copyOut(ranges: readonly Range[], encoder: GPUCommandEncoder): () => Promise<ArrayBuffer[]>;
  destroy(): void;
}

interface Layout {
  readonly bytes: number[];
  places: { segment: number; offset: number }[];
  readonly seen: Set<string>;
}

export function createDeviceMemory(device: GPUDevice, plan: Plan, faults: Faults): DeviceMemory {
  const buffers = new Set<GPUBuffer>();
  const layouts = new Map<PlanProgram, Layout>();
  const inputs = new Map<string, GPUBuffer>();
  const segments: GPUBuffer[] = [];
  let generation = 0;

  const create = (bytes: number, usage: number, label: string): GPUBuffer => {
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    const limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
    if (usage & usages.storage && size > limit) tooLarge(label, size, limit);
    const buffer = faults.scoped(`${label} (${megabytes(size)})`, () =>
      device.createBuffer({ size, usage, label }),
    );
    buffers.add(buffer);
    return buffer;
  };
  const free = (buffer: GPUBuffer | undefined): void => {
    if (!buffer) return;
    buffers.delete(buffer);
    buffer.destroy();
  };
  const createData = (bytes: number, label: string): GPUBuffer => create(bytes, dataUsage, label);
  const storages = plan.storages.map(({ name, elements }) => createData(elements * 4, name));

  const growSegments = (layout: Layout): void => {
    const packed = packSlots(layout.bytes);
    layout.places = packed.places;
    packed.sizes.forEach((size, index) => {
      if (size <= (segments[index]?.size ?? -1)) return;
      const label = "temporary memory";
      const segment = createData(size, label);
      free(segments[index]);
      segments[index] = segment;
    });
    generation++;
  };

  const growInputs = (program: PlanProgram, dimensions: Dimensions): void => {
    for (const { name, shape } of plan.inputs) {
      if (!program.inputs.includes(name)) continue;
      const bytes = countOf(evaluateShape(shape, dimensions)) * 4;
      if (bytes <= (inputs.get(name)?.size ?? -1)) continue;
      const buffer = createData(bytes, name);
      free(inputs.get(name));
      inputs.set(name, buffer);
      generation++;
    }
  };

  const rangeOf = (program: PlanProgram, buffer: PlanBuffer): Range => {
    if (buffer.kind === "slot") {
      const layout = layouts.get(program);
      const { segment, offset } = layout?.places[buffer.slot] ?? { segment: 0, offset: 0 };
      return { buffer: at(segments, segment), offset, bytes: layout?.bytes[buffer.slot] ?? 4 };
    }
    const whole =
      buffer.kind === "storage"
        ? at(storages, buffer.storage)
        : (inputs.get(buffer.input) as GPUBuffer);
    return { buffer: whole, offset: 0, bytes: whole.size };
  };

  return {
    generation: () => generation,
    reserve: (program, dimensions) => {
      const layout = layouts.get(program) ?? { bytes: [], places: [], seen: new Set() };
      layouts.set(program, layout);
      const key = JSON.stringify(dimensions);
      if (layout.seen.has(key)) return;
      let grown = layout.seen.size === 0;
      program.slots.forEach((slot, index) => {
        const bytes = Math.max(16, ...slot.bytes.map((size) => evaluateDim(size, dimensions)));
        if (bytes <= (layout.bytes[index] ?? 0)) return;
        layout.bytes[index] = Math.ceil(bytes / 16) * 16;
        grown = true;
      });
      if (grown) growSegments(layout);
      growInputs(program, dimensions);
      if (layout.seen.size > 1000) layout.seen.clear();
      layout.seen.add(key);
    },
    range: rangeOf,
    storages,
    create,
    createData,
    free,
    copyOut: (ranges, encoder) => copyOut(device, faults, ranges, encoder),
    destroy: () => {
      for (const buffer of buffers) buffer.destroy();
      buffers.clear();
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

function megabytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

function tooLarge(label: string, bytes: number, limit: number): never {
  fail(
    "limits",
    `${label} would take ${megabytes(bytes)} in one buffer, and this device allows ${megabytes(limit)}; give fewer examples at once`,
    { bytes, limit },
  );
}

function copyOut(
  device: GPUDevice,
  faults: Faults,
  ranges: readonly Range[],
  encoder: GPUCommandEncoder,
): () => Promise<ArrayBuffer[]> {
  const sizes = ranges.map(({ bytes }) => Math.ceil(bytes / 4) * 4);
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  // A buffer of its own for each reading: readings that overlap never wait for one another.
  const staging = faults.scoped("memory for reading back", () =>
    device.createBuffer({
      size: Math.max(4, total),
      usage: usages.mapRead | usages.copyTarget,
      label: "read back",
    }),
  );
  let at = 0;
  ranges.forEach(({ buffer, offset }, index) => {
    const bytes = sizes[index] ?? 0;
    if (bytes > 0) encoder.copyBufferToBuffer(buffer, offset, staging, at, bytes);
    at += bytes;
  });
  return async () => {
    try {
      await faults.settle();
      await faults.guard(staging.mapAsync(mapRead));
      const mapped = staging.getMappedRange();
      let start = 0;
      return sizes.map((bytes) => mapped.slice(start, (start += bytes)));
    } finally {
      staging.destroy();
    }
  };
}

/** Words of a buffer as elements of a type. */
export function asValues(data: ArrayBuffer, type: PlanType): Values {
  if (type === "f32") return new Float32Array(data);
  return type === "i32" ? new Int32Array(data) : new Uint32Array(data);
}
