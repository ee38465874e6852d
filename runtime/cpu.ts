// A plan and its CPU kernels in; a backend over arrays of the machine that runs them, in single or double precision, out.

import {
  isServed,
  putIntoSlot,
  type Backend,
  type ProgramRun,
  type TrainingBackend,
  type Values,
} from "./backend.js";
import { openMachine, type CpuArray, type CpuCall, type CpuMachine } from "./cpuMachine.js";
import { countOf, evaluateShape, type Dimensions } from "./dimensions.js";
import { at, fail } from "./errors.js";
import { bytesOf, layOut, type Layout } from "./layout.js";
import { givenIn, inTurns } from "./loops.js";
import type {
  CpuModule,
  Plan,
  PlanBuffer,
  PlanDispatch,
  PlanGiven,
  PlanProgram,
  PlanType,
} from "./plan.js";
import { runInSlices, type Pace } from "./slices.js";
import { createTaskQueue, valuesOf, type Task, type TaskQueue } from "./tasks.js";

/** Kernels with their buffers; made once per capacity, and anew for other sizes, at which they take other times. */
interface BoundProgram {
  readonly generation: number;
  readonly sizes: string;
  /** For each dispatch of the plan the kernels that run in its place. */
  readonly dispatches: readonly (readonly BoundKernel[])[];
}

interface BoundKernel {
  readonly call: CpuCall;
  readonly serves: readonly number[] | undefined;
  readonly pace: Pace;
  /** What it is given, and the words as its call reads them. */
  readonly given: readonly PlanGiven[];
  readonly words: number[];
}

export function createCpuBackend(
  plan: Plan,
  module: CpuModule,
  precision: 32 | 64,
): TrainingBackend {
  let opened: Memory | undefined;
  let machine: Backend["machine"] = "javascript";
  let refused: string | undefined;
  const memory = (): Memory => opened ?? fail("destroyed", "this net was destroyed");
  const executor = createExecutor(plan, memory);
  const queue = createTaskQueue();
  const storages = storageCalls(queue, memory, () => opened);
  return {
    kind: "cpu",
    get machine() {
      return machine;
    },
    get refused() {
      return refused;
    },
    precision,
    lost: new Promise(() => undefined),
    prepare: async (_programs, onProgress) => {
      const found = await openMachine(module, precision);
      opened = createMemory(plan, found.machine);
      machine = found.machine.kind;
      ({ refused } = found);
      onProgress?.(plan.kernels.length, plan.kernels.length);
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
      opened = undefined;
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
  memory: () => Memory,
  known: () => Memory | undefined,
): Pick<
  TrainingBackend,
  "readRange" | "writeRange" | "addStorage" | "freeStorage" | "copyStorage"
> {
  const free = new Set<number>();
  const viewOf = (storage: number): Values => at(memory().storages, storage).view();
  return {
    readRange: (storage, offset, count) => {
      queue.finish();
      return Promise.resolve(viewOf(storage).slice(offset, offset + count));
    },
    writeRange: (storage, offset, values) => {
      queue.finish();
      viewOf(storage).set(values, offset);
    },
    addStorage: (type, elements) => {
      const { storages, ...into } = memory();
      return putIntoSlot(storages, free, into.allocate(type, elements));
    },
    freeStorage: (storage) => {
      queue.advance(Infinity);
      // Calls that a net's end cuts off still give back what they took.
      known()?.storages[storage]?.free();
      free.add(storage);
    },
    copyStorage: (from, to) => {
      queue.finish();
      viewOf(to).set(viewOf(from));
    },
  };
}

type Executor = (run: ProgramRun) => Generator<undefined, Values[]>;
/** Runs programs over memory, kernel by kernel, and long kernels part by part; gives copies of the wanted results. */
function createExecutor(plan: Plan, memoryOf: () => Memory): Executor {
  const bind = (program: PlanProgram, dimensions: Dimensions, memory: Memory): BoundProgram => {
    const known = memory.bound.get(program);
    const sizes = String(Object.values(dimensions));
    if (known?.generation === memory.generation() && known.sizes === sizes) return known;
    const bound = { ...bindProgram(plan, program, memory), sizes };
    memory.bound.set(program, bound);
    return bound;
  };
  return function* execute(run): Generator<undefined, Values[]> {
    const program = at(plan.programs, run.program);
    const memory = memoryOf();
    memory.reserve(program, run);
    for (const [name, values] of run.inputs) {
      if (!ArrayBuffer.isView(values)) onlyGpu();
      if (program.inputs.includes(name)) memory.inputs.get(name)?.view().set(values);
    }
    for (const { input, run: draw } of run.draws) {
      const [drawn] = yield* execute(draw);
      if (drawn) memory.inputs.get(input)?.view().set(drawn);
    }
    const bound = bind(program, run.dimensions, memory);
    memory.machine.start(run.words, run.floats);
    yield* callKernels(program, bound, run);
    const resultOf = (result: number): Values => {
      const { shape, buffer, type } = at(program.results, result);
      const values = memory.arrayOf(program, buffer).view(type);
      return values.subarray(0, countOf(evaluateShape(shape, run.dimensions)));
    };
    if (run.journal) keep(run.journal.results.map(resultOf), run.journal, memory);
    const wanted = run.wanted ?? [...program.results.keys()];
    return wanted.map((result) => resultOf(result).slice());
  };
}

function* callKernels(
  program: PlanProgram,
  { dispatches }: BoundProgram,
  run: ProgramRun,
): Generator<undefined, void> {
  for (const { dispatch, turns } of inTurns(program, run.dimensions)) {
    for (const { call, serves, pace, given, words } of at(dispatches, dispatch)) {
      if (!isServed(serves, run.wanted)) continue;
      if (turns.length > 0) words.splice(0, words.length, ...givenIn(given, turns));
      if (call.whole) {
        yield* runInSlices(call, call.whole(), pace);
        continue;
      }
      call();
      yield;
    }
  }
}

/** Copies results to a journal's place, one behind the other. */
function keep(
  results: readonly Values[],
  { storage, at: start }: NonNullable<ProgramRun["journal"]>,
  memory: Memory,
): void {
  const into = at(memory.storages, storage).view();
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

/** An array of one type, unless another is asked for. */
interface TypedArray extends Omit<CpuArray, "view"> {
  view(type?: PlanType): Values;
}

interface Memory {
  readonly machine: CpuMachine;
  readonly storages: TypedArray[];
  readonly inputs: Map<string, TypedArray>;
  /** They hold its arrays, and so are to go with it. */
  readonly bound: Map<PlanProgram, BoundProgram>;
  /** Changes whenever an array was replaced. */
  generation(): number;
  allocate(type: PlanType, elements: number): TypedArray;
  reserve(program: PlanProgram, run: ProgramRun): void;
  arrayOf(program: PlanProgram, buffer: PlanBuffer): CpuArray;
}

/** Storages, inputs and temporaries, whose memory is shared by all programs; all only grow. */
function createMemory(plan: Plan, machine: CpuMachine): Memory {
  const allocate = (type: PlanType, elements: number): TypedArray => {
    const array = machine.allocate(type, elements);
    return { ...array, view: (as = type) => array.view(as) };
  };
  const storages = plan.storages.map(({ type, elements }) => allocate(type, elements));
  const inputs = new Map<string, TypedArray>();
  const layouts = new Map<PlanProgram, Layout>();
  let arena: CpuArray | undefined;
  let arenaBytes = 0;
  let generation = 0;
  const layOutTemporaries = (program: PlanProgram, dimensions: Dimensions): void => {
    const known = layouts.get(program);
    const layout = layOut(program.slots, dimensions, Infinity, known);
    const needed = bytesOf(layout);
    if (needed > arenaBytes) {
      arena?.free();
      arenaBytes = 0;
      arena = machine.allocate("f32", needed / 4);
      arenaBytes = needed;
      generation++;
    } else if (layout !== known) generation++;
    layouts.set(program, layout);
  };
  const fitInput = (name: string, type: PlanType, elements: number): void => {
    const known = inputs.get(name);
    if (known && elements <= known.view().length) return;
    known?.free();
    inputs.delete(name);
    generation++;
    inputs.set(name, allocate(type, elements));
  };
  return {
    machine,
    storages,
    inputs,
    bound: new Map(),
    allocate,
    generation: () => generation,
    arrayOf: (program, buffer) => {
      if (buffer.kind === "storage") return at(storages, buffer.storage);
      const layout = layouts.get(program);
      const array =
        buffer.kind === "input"
          ? inputs.get(buffer.input)
          : layout && arena?.part(at(layout.offsets, buffer.slot), at(layout.sizes, buffer.slot));
      return array ?? fail("internal", `no array was reserved for a ${buffer.kind}`);
    },
    reserve: (program, { dimensions }) => {
      layOutTemporaries(program, dimensions);
      for (const { name, type, shape } of [...plan.inputs, ...(plan.held ?? [])]) {
        if (!program.inputs.includes(name)) continue;
        fitInput(name, type, countOf(evaluateShape(shape, dimensions)));
      }
    },
  };
}

function bindProgram(
  plan: Plan,
  program: PlanProgram,
  memory: Memory,
): Omit<BoundProgram, "sizes"> {
  const bound = ({ kernel: index, buffers, given = [], serves }: PlanDispatch): BoundKernel => {
    const { name, bindings } = at(plan.kernels, index);
    const arrays = buffers.map((buffer) => memory.arrayOf(program, buffer));
    const types = bindings.map(({ type }) => type);
    const words = givenIn(given, []);
    const call = memory.machine.bind(name, arrays, types, words);
    return { call, serves, pace: { turns: 1 }, given, words };
  };
  const dispatches = program.dispatches.map((one) => (one.members ?? [one]).map(bound));
  return { generation: memory.generation(), dispatches };
}
