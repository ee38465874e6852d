// Takes no input, gives the interface that both backends fulfil: storages, and runs of programs.

import type { Dimensions } from "./dimensions.js";
import type { PlanType } from "./plan.js";

/** Elements as they lie in buffers: one 32-bit word each (a bool is 0 or 1), or doubles. */
export type Values = Float32Array | Float64Array | Int32Array | Uint32Array;

/** A set of data on the device; the words of a row lie side by side. */
export interface DeviceSet {
  readonly all: GPUBuffer;
  /** Room for the indices of the rows that one run takes. */
  readonly rows: GPUBuffer;
  /** Words of a row. */
  readonly width: number;
  readonly free: () => void;
}

/** Rows of a set, in the order that a run wants them in. */
export interface SetRows {
  readonly set: DeviceSet;
  readonly rows: Uint32Array;
}

/** What a run is given for an input: numbers, a buffer of the caller's, or rows of a set on the device. */
export type GivenInput = Values | GPUBuffer | SetRows;

/** A copy on the device of what a caller gave. */
export interface OwnCopy {
  readonly value: GPUBuffer;
  /** Rejects where the caller's buffer was destroyed, or is another device's. */
  readonly checked: Promise<void>;
  readonly free: () => void;
}

export function isSetRows(given: GivenInput): given is SetRows {
  return "rows" in given;
}

/** One run of one program. */
export interface ProgramRun {
  readonly program: number;
  readonly dimensions: Dimensions;
  /** The uniform words; `floats` has the host values at the same offsets. */
  readonly words: Uint32Array;
  readonly floats: Float32Array | Float64Array;
  readonly inputs: ReadonlyMap<string, GivenInput>;
  /** Inputs that programs of their own draw before, in the same submission. */
  readonly draws: readonly { readonly input: string; readonly run: ProgramRun }[];
  /** Results that are wanted: dispatches that serve none of them are left out. Absent: all. */
  readonly wanted?: readonly number[];
  /** Results to keep: they are copied, one behind the other, to a storage from element `at` on. */
  readonly journal?: {
    readonly storage: number;
    readonly at: number;
    readonly results: readonly number[];
  };
}

export interface LostInfo {
  readonly reason: string;
  readonly message: string;
}

export interface Backend {
  readonly kind: "webgpu" | "cpu";
  /** What computes, once it is prepared. */
  readonly machine: "webgpu" | "wasm" | "javascript";
  /** How many threads compute on the CPU. */
  readonly threads?: number;
  /** Words to put behind the reason of its choice: why its faster machine is not to be had. */
  readonly refused?: string | undefined;
  readonly precision: 32 | 64;
  /** Resolves when the device is lost (never after `destroy`). */
  readonly lost: Promise<LostInfo>;
  /** Compiles the kernels of these programs, side by side; called once, before any run. Only what trains runs others too. */
  prepare(
    programs: readonly number[],
    onProgress?: (done: number, total: number) => void,
  ): Promise<void>;
  /** Submits a run and reads the wanted results. */
  read(run: ProgramRun): Promise<Values[]>;
  /** Submits a run and leaves the wanted results in new buffers of the device, the caller's from then on. */
  readGpu(run: ProgramRun): Promise<GPUBuffer[]>;
  /** The values at the time of the call. */
  readRange(storage: number, offset: number, count: number): Promise<Values>;
  writeRange(storage: number, offset: number, values: ArrayLike<number>): void;
  destroy(): void;
}

/** Runs that nobody reads, of one call: what goes wrong in them is told to that call alone. */
export interface Submissions {
  /** Submits a run of a prepared program, and keeps its journal. */
  submit(run: ProgramRun): void;
  /**
   * Resolves when another run may be submitted; rejects with what went wrong in submitted ones (never in those that are read).
   * `watched`: someone looks at each run, so that only a few are ahead of what is known.
   */
  ready(watched?: boolean): Promise<void>;
  /** Rejects with what went wrong in submitted runs, the latest included. */
  settled(): Promise<void>;
  /** A storage beside the plan's, for copies and journals; its index. */
  addStorage(type: PlanType, elements: number): number;
}

/** What training needs beyond: the submissions of the one call that trains, and those of others beside it. */
export interface TrainingBackend extends Backend, Submissions {
  submissions(): Submissions;
  /**
   * Acts at once, unless what was asked for before has to wait, or it `needs` something itself: what is asked for behind it
   * waits with it. Rejects without acting where that does not come.
   */
  inOrder<T>(action: () => T, needs?: Promise<unknown>): T | Promise<Awaited<T>>;
  /** A copy of a caller's buffer, given for an input of a run of these dimensions. */
  copyGiven(input: string, buffer: GPUBuffer, dimensions: Dimensions): OwnCopy;
  freeStorage(storage: number): void;
  /** Copies a whole storage to another of its size. */
  copyStorage(from: number, to: number): void;
  /**
   * Takes a set to the device: `count` rows of `width` words, of which a run takes `most` at once; `read` gives those from
   * `first` to `end`. Undefined where there is no room for it; absent where there is nothing to gain.
   */
  placeSet?(
    width: number,
    count: number,
    most: number,
    read: (first: number, end: number) => Values,
  ): Promise<DeviceSet | undefined>;
  /** The content of a caller's buffer of this device, given for an input. */
  download(input: string, buffer: GPUBuffer, type: PlanType): Promise<Values>;
}

/** Whether a dispatch that serves these results (all, without a list) is needed for the wanted ones. */
export function isServed(
  serves: readonly number[] | undefined,
  wanted: readonly number[] | undefined,
): boolean {
  return !serves || !wanted || serves.some((result) => wanted.includes(result));
}

const words = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, bool: Uint32Array } as const;

/** The kind of array that holds elements of a type. */
export function arrayOf(type: PlanType, precision: 32 | 64 = 32): (typeof words)[PlanType] {
  // Doubles stand for floats in checks; they are made and filled in the same ways.
  return type === "f32" && precision === 64
    ? (Float64Array as unknown as typeof Float32Array)
    : words[type];
}

export function emptyValues(type: PlanType, precision: 32 | 64, count: number): Values {
  return new (arrayOf(type, precision))(count);
}

/** Puts an item into a freed slot of a list, else behind its end; tells where. */
export function putIntoSlot<T>(list: T[], free: Set<number>, item: T): number {
  const [slot = list.length] = free;
  free.delete(slot);
  list[slot] = item;
  return slot;
}
