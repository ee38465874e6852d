// A plan and its CPU kernels in; a backend over typed arrays, in single or double precision, out.

import {
  arrayOf,
  emptyValues,
  isServed,
  putIntoSlot,
  type ProgramRun,
  type TrainingBackend,
  type Values,
} from "./backend.js";
import { countOf, evaluateShape, type Dimensions } from "./dimensions.js";
import { at, fail, noMemory } from "./errors.js";
import { bytesOf, layOut, type Layout } from "./layout.js";
import type { CpuKernel, CpuModule, Plan, PlanBuffer, PlanProgram, PlanType } from "./plan.js";
import { runInSlices, type Pace } from "./slices.js";
import { createTaskQueue, valuesOf, type Task, type TaskQueue } from "./tasks.js";

/** Kernels with their buffers; made once per capacity, and anew for other sizes, at which they take other times. */
interface BoundProgram {
  readonly generation: number;
  readonly sizes: string;
  readonly dispatches: readonly {
    readonly kernel: CpuKernel;
    readonly buffers: readonly Values[];
    readonly given: readonly number[];
    readonly serves: readonly number[] | undefined;
    readonly pace: Pace;
  }[];
  readonly results: readonly Values[];
}

export function createCpuBackend(
  plan: Plan,
  module: CpuModule,
  precision: 32 | 64,
): TrainingBackend {
  const memory = createMemory(plan, precision);
  const executor = createExecutor(plan, module, memory);
  const queue = createTaskQueue();
  const storages = storageCalls(queue, memory, precision);
  return {
    kind: "cpu",
    precision,
    lost: new Promise(() => undefined),
    prepare: (onProgress) => {
      onProgress?.(plan.kernels.length, plan.kernels.length);
      return Promise.resolve();
    },
    read: async (run) => queue.complete(queue.add(executor(run))),
    readGpu: onlyGpu,
    ...submissions(queue, executor),
    ...storages,
    submissions: () => ({
      ...submissions(queue, executor),
      addStorage: storages.addStorage,
    }),
    download: onlyGpu,
    destroy: () => {
      queue.close();
      memory.storages.length = 0;
      memory.inputs.clear();
    },
  };
}

/** Runs that nobody reads: what went wrong in one is told by the next call that could know of it. */
function submissions(
  queue: TaskQueue,
  executor: Executor,
): Pick<TrainingBackend, "submit" | "ready" | "settled"> {
  /** The latest, until somebody was told what came of it. */
  let submitted: Task | undefined;
  const settle = async (): Promise<void> => {
    const task = submitted;
    try {
      if (task) await queue.complete(task);
    } finally {
      if (submitted === task) submitted = undefined;
    }
  };
  /** Computes the first step of a run, which takes over the inputs, the caller's; `ready` goes on. */
  const submit = (run: ProgramRun): void => {
    queue.finish();
    const before = submitted?.outcome;
    submitted = undefined;
    if (before) valuesOf(before);
    const task = queue.add(executor(run));
    queue.advance(0);
    if (task.outcome) valuesOf(task.outcome);
    else submitted = task;
  };
  return { submit, ready: settle, settled: settle };
}

function storageCalls(
  queue: TaskQueue,
  { storages }: Memory,
  precision: 32 | 64,
): Pick<
  TrainingBackend,
  "readRange" | "writeRange" | "addStorage" | "freeStorage" | "copyStorage"
> {
  const free = new Set<number>();
  return {
    readRange: (storage, offset, count) => {
      queue.finish();
      return Promise.resolve(at(storages, storage).slice(offset, offset + count));
    },
    writeRange: (storage, offset, values) => {
      queue.finish();
      at(storages, storage).set(values, offset);
    },
    addStorage: (type, elements) =>
      putIntoSlot(storages, free, allocate(type, precision, elements)),
    freeStorage: (storage) => {
      queue.advance(Infinity);
      storages[storage] = new Float32Array(0);
      free.add(storage);
    },
    copyStorage: (from, to) => {
      queue.finish();
      at(storages, to).set(at(storages, from));
    },
  };
}

type Executor = (run: ProgramRun) => Generator<undefined, Values[]>;
function allocate(type: PlanType, precision: 32 | 64, count: number): Values {
  try {
    return emptyValues(type, precision, count);
  } catch {
    throw noMemory(`${count} numbers`);
  }
}

/** Runs programs over memory, kernel by kernel, and long kernels part by part; gives copies of the wanted results. */
function createExecutor(plan: Plan, module: CpuModule, memory: Memory): Executor {
  const programs = new Map<PlanProgram, BoundProgram>();
  const bind = (program: PlanProgram, dimensions: Dimensions): BoundProgram => {
    const known = programs.get(program);
    const sizes = String(Object.values(dimensions));
    if (known?.generation === memory.generation() && known.sizes === sizes) return known;
    const bound = { ...bindProgram(plan, program, module, memory), sizes };
    programs.set(program, bound);
    return bound;
  };
  return function* execute(run): Generator<undefined, Values[]> {
    const program = at(plan.programs, run.program);
    memory.reserve(program, run);
    for (const [name, values] of run.inputs) {
      if ("mapState" in values) onlyGpu();
      if (program.inputs.includes(name)) memory.inputs.get(name)?.set(values);
    }
    for (const { input, run: draw } of run.draws) {
      const [drawn] = yield* execute(draw);
      if (drawn) memory.inputs.get(input)?.set(drawn);
    }
    const bound = bind(program, run.dimensions);
    yield* callKernels(bound, run);
    const resultOf = (result: number): Values => {
      const { shape } = at(program.results, result);
      return at(bound.results, result).subarray(0, countOf(evaluateShape(shape, run.dimensions)));
    };
    if (run.journal) keep(run.journal.results.map(resultOf), run.journal, memory);
    const wanted = run.wanted ?? [...bound.results.keys()];
    return wanted.map((result) => resultOf(result).slice());
  };
}

function* callKernels({ dispatches }: BoundProgram, run: ProgramRun): Generator<undefined, void> {
  const { words, floats } = run;
  for (const { kernel, buffers, given, serves, pace } of dispatches) {
    if (!isServed(serves, run.wanted)) continue;
    const call = (range?: Int32Array): void => {
      kernel(buffers, words, floats, given, range);
    };
    if (kernel.whole) {
      yield* runInSlices(call, kernel.whole(words), pace);
      continue;
    }
    call();
    yield;
  }
}

/** Copies results to a journal's place, one behind the other. */
function keep(
  results: readonly Values[],
  { storage, at: start }: NonNullable<ProgramRun["journal"]>,
  memory: Memory,
): void {
  const into = at(memory.storages, storage);
  let offset = start;
  for (const values of results) {
    // Words as they are, as on the GPU: a float of 32 bits would round an integer. Doubles hold all of them.
    if (into instanceof Float64Array) into.set(values, offset);
    else wordsOf(into).set(wordsOf(values), offset);
    offset += values.length;
  }
}

function wordsOf({ buffer, byteOffset, length }: Values): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}

function onlyGpu(): never {
  fail("option", "GPUBuffers need the WebGPU backend, and this net runs on the CPU");
}

interface Memory {
  readonly storages: Values[];
  readonly inputs: Map<string, Values>;
  /** Changes whenever a buffer was replaced. */
  generation(): number;
  reserve(program: PlanProgram, run: ProgramRun): void;
  view(program: PlanProgram, buffer: PlanBuffer, type: PlanType): Values;
}

/** Storages, inputs and temporaries, whose memory is shared by all programs; all only grow. */
function createMemory(plan: Plan, precision: 32 | 64): Memory {
  /** Doubles take two words where offsets count one. */
  const words = precision / 32;
  const storages = plan.storages.map(({ type, elements }) => allocate(type, precision, elements));
  const inputs = new Map<string, Values>();
  const layouts = new Map<PlanProgram, Layout>();
  let arena = new ArrayBuffer(0);
  let generation = 0;
  return {
    storages,
    inputs,
    generation: () => generation,
    view: (program, buffer, type) => {
      if (buffer.kind === "storage") return at(storages, buffer.storage);
      if (buffer.kind === "input") return inputs.get(buffer.input) ?? new Float32Array(0);
      const { sizes, offsets } = layouts.get(program) as Layout;
      const kind = arrayOf(type, precision);
      const start = at(offsets, buffer.slot) * words;
      return new kind(arena, start, (at(sizes, buffer.slot) * words) / kind.BYTES_PER_ELEMENT);
    },
    reserve: (program, { dimensions }) => {
      const known = layouts.get(program);
      const layout = layOut(program.slots, dimensions, Infinity, known);
      const needed = bytesOf(layout) * words;
      if (needed > arena.byteLength) {
        arena = allocate("u32", 32, needed / 4).buffer as ArrayBuffer;
        generation++;
      } else if (layout !== known) generation++;
      layouts.set(program, layout);
      for (const { name, type, shape } of [...plan.inputs, ...(plan.held ?? [])]) {
        if (!program.inputs.includes(name)) continue;
        const elements = countOf(evaluateShape(shape, dimensions));
        if (elements <= (inputs.get(name)?.length ?? -1)) continue;
        inputs.set(name, allocate(type, precision, elements));
        generation++;
      }
    },
  };
}

function bindProgram(
  plan: Plan,
  program: PlanProgram,
  module: CpuModule,
  memory: Memory,
): Omit<BoundProgram, "sizes"> {
  const dispatches = program.dispatches.map(({ kernel: index, buffers, given = [], serves }) => {
    const { name, bindings } = at(plan.kernels, index);
    const kernel =
      module.kernels[name] ??
      fail("option", `the CPU module given has no kernel "${name}": it is another model's`);
    const views = buffers.map((buffer, position) =>
      memory.view(program, buffer, at(bindings, position).type),
    );
    return { kernel, buffers: views, given, serves, pace: { turns: 1 } };
  });
  const results = program.results.map(({ buffer, type }) => memory.view(program, buffer, type));
  return { generation: memory.generation(), dispatches, results };
}
