// A device and a plan in; storages, inputs, the buffers of slots and read-back out.

import { arrayOf, type Values } from "./backend.js";
import { countOf, evaluateDim, evaluateShape, type Dimensions } from "./dimensions.js";
import { at, fail } from "./errors.js";
import { layOut, type Layout } from "./layout.js";
import { GIVEN_WORDS, type Plan, type PlanBuffer, type PlanType } from "./plan.js";
import type { Faults } from "./webgpuFaults.js";
import { packGiven, type GivenWords } from "./webgpuGiven.js";
import { createTurns } from "./webgpuTurns.js";

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

/** A buffer, or a range of it. */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size?: number;
}

/** Buffers of one run beyond those that are kept: their allocation may yet turn out to have failed. */
export type Room = ReadonlyMap<string | number, GPUBuffer>;

export interface DeviceMemory {
  readonly storages: GPUBuffer[];
  /** Changes whenever a kept buffer was replaced, or temporaries are laid out otherwise: bind groups made before are void. */
  generation(): number;
  /** Room for programs that run in one submission: nothing where the kept buffers suffice; filled as far as it gets. */
  reserve(
    programs: readonly number[],
    dimensions: Dimensions,
    room: Map<string | number, GPUBuffer>,
  ): void;
  /** Once it is known whether the run went well: its buffers are kept in place of smaller ones, or go. */
  settle(room: Room, valid: boolean): void;
  /** Where a buffer of a program lies. */
  rangeOf(program: number, buffer: PlanBuffer, room: Room): BufferRange;
  uniformOf(program: number, room: Room): GPUBuffer;
  /** What holds the words that dispatches of a program are given: each binds its own by a dynamic offset. */
  givenTo(program: number, room: Room): GPUBufferBinding;
  /** Those offsets in bytes, in the order in which dispatches run; what they lead to is written before what is submitted next. */
  givenPlaces(program: number, room: Room): readonly number[];
  create(bytes: number, label: string, usage?: number): GPUBuffer;
  free(buffer: GPUBuffer | undefined): void;
  destroy(): void;
}

export function createDeviceMemory(device: GPUDevice, plan: Plan): DeviceMemory {
  const buffers = new Set<GPUBuffer>();
  /** Inputs by name, segments of temporaries by index, uniforms by −1 − program, words of turns behind those; all programs share them, and they only grow. */
  const kept = new Map<string | number, GPUBuffer>();
  const layouts: Layout[] = []; // by program
  /** By program, where what lies beside others in a slot begins elsewhere for other sizes: the last ones. */
  const sizesOf: Dimensions[] = [];
  const moves = plan.programs.map(({ dispatches }) =>
    dispatches.some(({ buffers: bound }) => bound.some((one) => "start" in one)),
  );
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  /** Of any binding, and so of each buffer. */
  const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  let generation = 0;
  const turns = createTurns(plan);
  const keyOfTurns = (program: number): number => -1 - plan.programs.length - program;
  const take = (key: string | number, room: Room): GPUBuffer =>
    (room.get(key) ?? kept.get(key)) as GPUBuffer;
  /** What a buffer is created with: whole words, enough for any binding. */
  const sizeOf = (bytes: number, label: string): number => {
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    if (size <= limit) return size;
    return fail(
      "limits",
      `${label} takes ${size} bytes, this device allows ${limit}: give fewer examples at once`,
    );
  };
  const create = (bytes: number, label: string, usage: number = usages.data): GPUBuffer => {
    const buffer = device.createBuffer({ size: sizeOf(bytes, label), usage, label });
    buffers.add(buffer);
    return buffer;
  };
  const free = (buffer: GPUBuffer | undefined): void => {
    if (buffer && buffers.delete(buffer)) buffer.destroy();
  };
  const storages = plan.storages.map(({ name, elements }) => create(elements * 4, name));

  const placeOf = ({ sizes, offsets }: Layout, slot: number) => {
    const start = at(offsets, slot);
    const offset = start % limit;
    return { key: (start - offset) / limit, offset, size: at(sizes, slot) };
  };

  /** The most bytes that programs of one submission want of each buffer they share. */
  const needsOf = (
    programs: readonly number[],
    dimensions: Dimensions,
  ): Map<string | number, number> => {
    const needs = new Map<string | number, number>();
    const need = (key: string | number, bytes: number): void => {
      needs.set(key, Math.max(bytes, needs.get(key) ?? 0));
    };
    for (const index of programs) {
      const { slots, inputs, uniforms } = at(plan.programs, index);
      need(-1 - index, Math.ceil(uniforms.length / 4) * 16);
      const turned = turns?.at(index, dimensions);
      if (turned) need(keyOfTurns(index), turned.words.byteLength);
      const known = layouts[index];
      // One that was refused, or is not granted yet, is no reason to ask for as much again.
      const granted = known?.sizes.every((_, slot) => {
        const { key, offset, size } = placeOf(known, slot);
        return offset + size <= (kept.get(key)?.size ?? 0);
      });
      const layout = layOut(slots, dimensions, limit, granted ? known : undefined);
      const before = String(Object.values(sizesOf[index] ?? {}));
      const moved = moves[index] && before !== String(Object.values(dimensions));
      if (known !== layout || moved) generation++;
      layouts[index] = layout;
      sizesOf[index] = dimensions;
      slots.forEach((_, slot) => {
        const { key, offset, size } = placeOf(layout, slot);
        need(key, offset + size);
      });
      for (const { name, shape } of [...plan.inputs, ...(plan.held ?? [])]) {
        if (inputs.includes(name)) need(name, countOf(evaluateShape(shape, dimensions)) * 4);
      }
    }
    return needs;
  };

  const { words, places } = packGiven(plan);
  /** The words that a buffer holds. */
  const written = new WeakMap<GPUBuffer, GivenWords>();
  const given = create(words.byteLength, "offsets", usages.uniform);
  device.queue.writeBuffer(given, 0, words);
  return {
    storages,
    generation: () => generation,
    reserve: (programs, dimensions, room) => {
      const needs = [...needsOf(programs, dimensions)].filter(
        ([key, bytes]) => !(bytes <= (kept.get(key)?.size ?? -1)),
      );
      // Refused before any is made.
      for (const [key, bytes] of needs) sizeOf(bytes, labelOf(key));
      for (const [key, bytes] of needs)
        room.set(key, create(bytes, labelOf(key), Number(key) < 0 ? usages.uniform : usages.data));
    },
    settle: (room, valid) => {
      for (const [key, buffer] of room) {
        const old = kept.get(key);
        if (valid && !(old && old.size >= buffer.size)) {
          kept.set(key, buffer);
          free(old);
          generation++;
        } else free(buffer);
      }
    },
    rangeOf: (program, buffer, room) => {
      if (buffer.kind === "storage") return { buffer: at(storages, buffer.storage), offset: 0 };
      if (buffer.kind === "input") return { buffer: take(buffer.input, room), offset: 0 };
      const { key, offset, size } = placeOf(layouts[program] as Layout, buffer.slot);
      const { start, elements } = buffer;
      const dimensions = at(sizesOf, program);
      const part = start !== undefined && {
        offset: offset + 4 * evaluateDim(start, dimensions),
        size: Math.max(4, 4 * evaluateDim(elements, dimensions)),
      };
      return { ...{ buffer: take(key, room), offset, size }, ...part };
    },
    uniformOf: (program, room) => take(-1 - program, room),
    givenTo: (program, room) => ({
      buffer: turns?.latest(program) ? take(keyOfTurns(program), room) : given,
      size: GIVEN_WORDS * 4,
    }),
    givenPlaces: (program, room) => {
      const packed = turns?.latest(program);
      if (!packed) return at(places, program);
      const buffer = take(keyOfTurns(program), room);
      if (written.get(buffer) !== packed) device.queue.writeBuffer(buffer, 0, packed.words);
      written.set(buffer, packed);
      return packed.places;
    },
    create,
    free,
    destroy: () => {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}

function labelOf(key: string | number): string {
  return typeof key === "string" ? key : "temporary memory";
}

/** Copies ranges behind the commands so far, each to a buffer of its own. */
export function copyOut(
  device: GPUDevice,
  ranges: readonly Range[],
  encoder: GPUCommandEncoder,
  usage: number,
): GPUBuffer[] {
  return ranges.map(({ buffer, offset, bytes }) => {
    const copy = device.createBuffer({ size: bytes, usage });
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
  { bytes, type }: { readonly bytes: number; readonly type: PlanType },
): Promise<Values> {
  const mapped = staging
    .mapAsync(usages.mapRead)
    .then(() => new (arrayOf(type))(staging.getMappedRange().slice(0, bytes)));
  return faults.guard("a read", mapped);
}
