// A module of CPU kernels in; what runs them and where their arrays lie, WebAssembly where it is to be had, else JavaScript, out.

import { arrayOf, type Values } from "./backend.js";
import { at, fail, noMemory } from "./errors.js";
import { createLinearMemory, type LinearMemory } from "./linearMemory.js";
import type { CpuModule, PlanType, ScalarKernels } from "./plan.js";
import type { OpenThreads, Threads } from "./threads.js";

/** An array that kernels see; its content is 0 at first. */
export interface CpuArray {
  /** Stands until another array is made. */
  view(type: PlanType): Values;
  /** Of its bytes in WebAssembly's memory. */
  readonly address: number;
  /** A part of it, in bytes where a number takes four; doubles take twice as many. */
  part(offset: number, bytes: number): CpuArray;
  free(): void;
}

/** A kernel with its arrays. */
export interface CpuCall {
  (range?: Int32Array): void;
  /** First and end of each sliced loop's turns; absent where it runs in one go. */
  readonly whole?: () => Int32Array;
}

export interface CpuMachine {
  readonly kind: "wasm" | "javascript";
  readonly precision: 32 | 64;
  /** How many compute. */
  readonly threads: number;
  /** Ends what computes beside the caller's thread. */
  close(): void;
  /** Throws NnError "out-of-memory". */
  allocate(type: PlanType, elements: number): CpuArray;
  /** Takes over the uniform words that calls read from now on. */
  start(words: Uint32Array, floats: Float32Array | Float64Array): void;
  /** Arrays and their types in the order of the kernel's bindings, and the words that the dispatch gives. */
  bind(
    kernel: string,
    arrays: readonly CpuArray[],
    types: readonly PlanType[],
    given: readonly number[],
  ): CpuCall;
}

function missing(kernel: string): never {
  return fail("option", `the CPU module given has no kernel "${kernel}": it is another model's`);
}

/** Bundles fetch them where they are needed. Throws NnError "option". */
async function scalarKernels({ kernels: given }: CpuModule): Promise<ScalarKernels> {
  if (typeof given !== "function") return given;
  try {
    return (await given()).kernels;
  } catch (error) {
    return fail(
      "option",
      `without WebAssembly the CPU takes *.scalar.js, which is to be served beside *.cpu.js: ${String(error)}`,
    );
  }
}

async function javascriptMachine(module: CpuModule, precision: 32 | 64): Promise<CpuMachine> {
  const kernels = await scalarKernels(module);
  let words = new Uint32Array(0);
  let floats: Float32Array | Float64Array = new Float32Array(0);
  return {
    kind: "javascript",
    precision,
    threads: 1,
    close: () => undefined,
    allocate: (type, elements) => {
      const { buffer, byteLength } = reserved(
        elements,
        () => new (arrayOf(type, precision))(elements),
      );
      return arrayIn(buffer, 0, byteLength, precision);
    },
    start: (given, reals) => {
      words = given as typeof words;
      floats = reals;
    },
    bind: (name, arrays, types, given) => {
      const kernel = kernels[name] ?? missing(name);
      const { whole } = kernel;
      const views = arrays.map((array, position) => array.view(at(types, position)));
      const call = (range?: Int32Array): void => {
        kernel(views, words, floats, given, range);
      };
      return whole ? Object.assign(call, { whole: () => whole(words) }) : call;
    },
  };
}

function arrayIn(
  buffer: ArrayBufferLike,
  start: number,
  bytes: number,
  precision: 32 | 64,
): CpuArray {
  const words = precision / 32;
  return {
    address: 0,
    view: (type) => {
      const kind = arrayOf(type, precision);
      return new kind(buffer as ArrayBuffer, start, bytes / kind.BYTES_PER_ELEMENT);
    },
    part: (offset, size) => arrayIn(buffer, start + offset * words, size * words, precision),
    free: () => undefined,
  };
}

function reserved<T>(elements: number, take: () => T): T {
  try {
    return take();
  } catch {
    throw noMemory(`${elements} numbers`);
  }
}

/** A module with one function, which makes a vector: `i32.const 0, i32x4.splat, drop`. */
// prettier-ignore
const vectorModule = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 17, 26, 11,
];

/** The fastest machine for these kernels here, and in words what of it is not to be had. */
export async function openMachine(
  module: CpuModule,
  precision: 32 | 64,
  openThreads?: OpenThreads,
): Promise<{ readonly machine: CpuMachine; readonly refused?: string }> {
  const { wasm } = module;
  // Double precision is JavaScript's.
  if (precision === 64 || wasm === undefined)
    return { machine: await javascriptMachine(module, precision) };
  let vectors = false;
  let threads: Threads | undefined;
  try {
    await WebAssembly.compile(Uint8Array.from(vectorModule));
    vectors = true;
    const bytes = Uint8Array.from(wasm.match(/../g) ?? [], (digits) => parseInt(digits, 16));
    const opened = (await openThreads?.(bytes)) ?? "";
    if (typeof opened === "object") threads = opened;
    const linear = createLinearMemory(threads?.memory);
    const compiled = threads?.module ?? (await WebAssembly.compile(bytes));
    const host = { memory: linear.memory };
    const { exports } = await WebAssembly.instantiate(compiled, { host });
    const take = placesFor(exports, linear);
    const refused = typeof opened === "string" ? opened : await opened.begin(exports, take);
    return { machine: machineOver(linear, exports, threads), refused };
  } catch (error) {
    threads?.close();
    // Old engines and policies of a page refuse any module; too many memories at once are a RangeError.
    if (!vectors || error instanceof RangeError) {
      const refused = `; WebAssembly with SIMD is not to be had: ${String(error)}`;
      return { machine: await javascriptMachine(module, precision), refused };
    }
    // JavaScript in its place would hide that it is not valid.
    return fail("internal", `the WebAssembly of these kernels is not valid: ${String(error)}`);
  }
}

/** The module's variable says how many bytes its kernels want for themselves, and takes their address; other threads get others. */
function placesFor({ scratch }: WebAssembly.Exports, linear: LinearMemory): () => number {
  if (!(scratch instanceof WebAssembly.Global)) return () => 0;
  const bytes = Number(scratch.value);
  const take = (): number => linear.take(bytes);
  scratch.value = take();
  return take;
}

function machineOver(
  linear: LinearMemory,
  exported: WebAssembly.Exports,
  threads: Threads | undefined,
): CpuMachine {
  const { memory } = linear;
  let capacity = 256;
  let words = linear.take(capacity);
  let latest: Uint32Array | undefined;
  return {
    kind: "wasm",
    precision: 32,
    threads: threads?.count ?? 1,
    close: () => threads?.close(),
    allocate: (_type, elements) => {
      const bytes = elements * 4;
      const address = reserved(elements, () => linear.take(bytes));
      return {
        ...partOf(memory, address, bytes),
        free: () => {
          linear.give(address, bytes);
        },
      };
    },
    start: (given) => {
      // Words that a caller keeps stay as they are.
      if (given === latest) return;
      latest = given;
      if (given.byteLength > capacity) {
        linear.give(words, capacity);
        capacity = given.byteLength;
        words = reserved(given.length, () => linear.take(capacity));
      }
      new Uint32Array(memory.buffer, words, given.length).set(given);
    },
    bind: (name, arrays, _types, given) => {
      const kernel = functionOf(exported, name) ?? missing(name);
      const operands = arrays.map(({ address }) => address);
      const places = { words: operands.length, given: operands.length + 1 };
      const cost = { milliseconds: 0, known: 0 };
      // The same list each time: calls of small kernels are short.
      const call = (range?: Int32Array): void => {
        operands[places.words] = words;
        let place = places.given;
        for (const word of given) operands[place++] = word;
        const ranges = place;
        if (range) for (const bound of range) operands[place++] = bound;
        if (range && threads) threads.run(name, operands, ranges, cost);
        else kernel(...operands);
      };
      const ends: ((...operands: number[]) => number)[] = [];
      for (let end; (end = functionOf(exported, `${name}.${ends.length}`));) ends.push(end);
      if (ends.length === 0) return call;
      const whole = (): Int32Array =>
        Int32Array.from(ends.flatMap((end) => [0, end(words, ...given)]));
      return Object.assign(call, { whole });
    },
  };
}

function partOf(memory: WebAssembly.Memory, address: number, bytes: number): CpuArray {
  return {
    address,
    view: (type) => new (arrayOf(type))(memory.buffer, address, bytes / 4),
    part: (offset, size) => partOf(memory, address + offset, size),
    free: () => undefined,
  };
}

function functionOf(
  exported: WebAssembly.Exports,
  name: string,
): ((...operands: number[]) => number) | undefined {
  return exported[name] as ((...operands: number[]) => number) | undefined;
}
