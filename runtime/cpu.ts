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
import { countOf, evaluateDim, evaluateShape, type Dimensions } from "./dimensions.js";
import { at, fail, noMemory } from "./errors.js";
import { takeTurns } from "./events.js";
import type { CpuKernel, CpuModule, Plan, PlanBuffer, PlanProgram, PlanType } from "./plan.js";
import { patience, runInSlices, type Pace } from "./slices.js";

/** Kernels with their buffers; made once per capacity, and anew for other sizes, at which they take other times. */
interface BoundProgram {
  readonly generation: number;
  readonly sizes: string;
  readonly dispatches: readonly {
    readonly kernel: CpuKernel;
    readonly buffers: readonly Values[];
    readonly serves: readonly number[] | undefined;
    readonly pace: Pace;
  }[];
  readonly results: readonly Values[];
}

/** A run that may pause between its kernels and in them, and what came of it. */
interface Task {
  readonly steps: Iterator<unknown, Values[]>;
  outcome?: Outcome;
}

type Outcome = { readonly values: Values[] } | { readonly error: unknown };

function valuesOf(outcome: Outcome): Values[] {
  if ("error" in outcome) throw outcome.error;
  return outcome.values;
}

export function createCpuBackend(
  plan: Plan,
  module: CpuModule,
  precision: 32 | 64,
): TrainingBackend {
  const memory = createMemory(plan, precision);
  const { storages } = memory;
  const executor = createExecutor(plan, module, memory);
  /** Runs are computed in the order of their calls. */
  const queue: Task[] = [];
  const free = new Set<number>();
  let open = true;
  const checkOpen = (): void => {
    if (!open) fail("destroyed", "this net was destroyed");
  };
  const advance = (until: number): void => {
    for (let task = queue[0]; task; task = queue[0]) {
      try {
        let step = task.steps.next();
        while (!step.done && performance.now() < until) step = task.steps.next();
        if (!step.done) return;
        task.outcome = { values: step.value };
      } catch (error) {
        // Copies of results take memory too.
        task.outcome = { error: error instanceof RangeError ? noMemory("the results") : error };
      }
      queue.shift();
    }
  };
  /** What reads or changes memory waits for the runs before it, and none of them sees it. */
  const finish = (): void => {
    checkOpen();
    advance(Infinity);
  };
  const complete = async (task: Task): Promise<Values[]> => {
    for (;;) {
      checkOpen();
      advance(performance.now() + patience);
      if (task.outcome) break;
      await takeTurns();
    }
    return valuesOf(task.outcome);
  };
  /** The latest run that nobody reads, until somebody was told what came of it. */
  let submitted: Task | undefined;
  const settle = async (): Promise<void> => {
    const task = submitted;
    try {
      if (task) await complete(task);
    } finally {
      if (submitted === task) submitted = undefined;
    }
  };
  /** Computes the first step of a run, which takes over the inputs, the caller's; `ready` goes on. */
  const submit = (run: ProgramRun): void => {
    finish();
    const before = submitted?.outcome;
    submitted = undefined;
    if (before) valuesOf(before);
    const task: Task = { steps: executor(run) };
    queue.push(task);
    advance(0);
    if (task.outcome) valuesOf(task.outcome);
    else submitted = task;
  };

  return {
    kind: "cpu",
    precision,
    lost: new Promise(() => undefined),
    prepare: (onProgress) => {
      onProgress?.(plan.kernels.length, plan.kernels.length);
      return Promise.resolve();
    },
    submit,
    read: async (run) => {
      checkOpen();
      const task: Task = { steps: executor(run) };
      queue.push(task);
      return complete(task);
    },
    readGpu: onlyGpu,
    ready: settle,
    settled: settle,
    readRange: (storage, offset, count) => {
      finish();
      return Promise.resolve(at(storages, storage).slice(offset, offset + count));
    },
    writeRange: (storage, offset, values) => {
      finish();
      at(storages, storage).set(values, offset);
    },
    addStorage: (type, elements) =>
      putIntoSlot(storages, free, emptyValues(type, precision, elements)),
    freeStorage: (storage) => {
      advance(Infinity);
      storages[storage] = new Float32Array(0);
      free.add(storage);
    },
    copyStorage: (from, to) => {
      finish();
      at(storages, to).set(at(storages, from));
    },
    download: onlyGpu,
    destroy: () => {
      open = false;
      queue.length = 0;
      storages.length = 0;
      memory.inputs.clear();
    },
  };
}

/** Runs programs over memory, kernel by kernel, and long kernels part by part; gives copies of the wanted results. */
function createExecutor(
  plan: Plan,
  module: CpuModule,
  memory: Memory,
): (run: ProgramRun) => Generator<undefined, Values[]> {
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
    const { words, floats } = run;
    for (const { kernel, buffers, serves, pace } of bound.dispatches) {
      if (!isServed(serves, run.wanted)) continue;
      const call = (range?: Int32Array): void => {
        kernel(buffers, words, floats, range);
      };
      if (kernel.whole) {
        yield* runInSlices(call, kernel.whole(words), pace);
        continue;
      }
      call();
      yield;
    }
    const valuesOf = (result: number): Values => {
      const { shape } = at(program.results, result);
      return at(bound.results, result).subarray(0, countOf(evaluateShape(shape, run.dimensions)));
    };
    const { storage = 0, at: start = 0, results = [] } = run.journal ?? {};
    let offset = start;
    for (const result of results) {
      const values = valuesOf(result);
      const into = at(memory.storages, storage);
      // Words as they are, as on the GPU: a float of 32 bits would round an integer. Doubles hold all of them.
      if (into instanceof Float64Array) into.set(values, offset);
      else wordsOf(into).set(wordsOf(values), offset);
      offset += values.length;
    }
    const wanted = run.wanted ?? [...bound.results.keys()];
    return wanted.map((result) => valuesOf(result).slice());
  };
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
  view(buffer: PlanBuffer, type: PlanType): Values;
}

/** Storages, inputs and slots; slots are shared by all programs, and only grow. */
function createMemory(plan: Plan, precision: 32 | 64): Memory {
  const storages = plan.storages.map(({ type, elements }) =>
    emptyValues(type, precision, elements),
  );
  const inputs = new Map<string, Values>();
  const slots: ArrayBuffer[] = [];
  let generation = 0;
  return {
    storages,
    inputs,
    generation: () => generation,
    view: (buffer, type) => {
      if (buffer.kind === "storage") return at(storages, buffer.storage);
      if (buffer.kind === "input") return inputs.get(buffer.input) ?? new Float32Array(0);
      const slot = at(slots, buffer.slot);
      return new (arrayOf(type, precision))(slot);
    },
    reserve: (program, { dimensions }) => {
      program.slots.forEach(({ bytes }, index) => {
        const size = Math.max(...bytes.map((dim) => evaluateDim(dim, dimensions)));
        const needed = (Math.ceil(size / 4) * precision) / 8;
        if (needed <= (slots[index]?.byteLength ?? -1)) return;
        slots[index] = emptyValues("u32", 32, needed / 4).buffer as ArrayBuffer;
        generation++;
      });
      for (const { name, type, shape } of [...plan.inputs, ...(plan.held ?? [])]) {
        if (!program.inputs.includes(name)) continue;
        const elements = countOf(evaluateShape(shape, dimensions));
        if (elements <= (inputs.get(name)?.length ?? -1)) continue;
        inputs.set(name, emptyValues(type, precision, elements));
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
  const dispatches = program.dispatches.map(({ kernel: index, buffers, serves }) => {
    const { name, bindings } = at(plan.kernels, index);
    const kernel =
      module.kernels[name] ??
      fail("option", `the CPU module given has no kernel "${name}": it is another model's`);
    const views = buffers.map((buffer, position) =>
      memory.view(buffer, at(bindings, position).type),
    );
    return { kernel, buffers: views, serves, pace: { turns: 1 } };
  });
  const results = program.results.map(({ buffer, type }) => memory.view(buffer, type));
  return { generation: memory.generation(), dispatches, results };
}
