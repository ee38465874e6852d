// Runs of a plan's programs and the CPU's memory in; their kernels called one by one, and copies of results, out.

import { isServed, type ProgramRun, type Values } from "./backend.js";
import type { CpuArray, CpuCall } from "./cpuMachine.js";
import type { Memory } from "./cpuMemory.js";
import { countOf, evaluateShape, type Dimensions } from "./dimensions.js";
import { at, fail } from "./errors.js";
import { givenIn, inTurns } from "./loops.js";
import type { Plan, PlanDispatch, PlanGiven, PlanProgram, PlanType } from "./plan.js";
import { runInSlices, runWhole, type Pace } from "./slices.js";

/** Kernels with their buffers; made once per capacity, and anew for other sizes, at which they take other times. */
interface BoundProgram {
  readonly generation: number;
  readonly sizes: string;
  /** The latest object that told these sizes: a run that brings the same one needs no look at them. */
  readonly dimensions: Dimensions;
  /** For each dispatch of the plan the kernels that run in its place. */
  readonly dispatches: readonly (readonly BoundKernel[])[];
  readonly results: readonly BoundResult[];
}

interface BoundKernel {
  readonly call: CpuCall;
  readonly serves: readonly number[] | undefined;
  readonly pace: Pace;
  /** What it is given, and the words as its call reads them. */
  readonly given: readonly PlanGiven[];
  readonly words: number[];
  /** Its range, once it is known and where it is the same in each run. */
  whole?: Int32Array | undefined;
}

interface BoundResult {
  readonly array: CpuArray;
  readonly type: PlanType;
  readonly count: number;
}

export type Executor = (run: ProgramRun) => Generator<undefined, Values[]>;

/** Runs programs over memory, kernel by kernel, and long kernels part by part; gives copies of the wanted results. */
export function createExecutor(plan: Plan, memoryOf: () => Memory): Executor {
  // They hold a memory's arrays, and so are to go with it.
  const boundTo = new WeakMap<Memory, Map<PlanProgram, BoundProgram>>();
  /** What a program was bound to, where that stands for these sizes too. */
  const known = (program: PlanProgram, dimensions: Dimensions, memory: Memory) => {
    const bound = boundTo.get(memory)?.get(program);
    if (bound?.generation !== memory.generation()) return undefined;
    return bound.dimensions === dimensions ? bound : undefined;
  };
  const bind = (program: PlanProgram, dimensions: Dimensions, memory: Memory): BoundProgram => {
    const programs = boundTo.get(memory) ?? new Map<PlanProgram, BoundProgram>();
    boundTo.set(memory, programs);
    const sizes = String(Object.values(dimensions));
    const before = programs.get(program);
    const stands = before?.generation === memory.generation() && before.sizes === sizes;
    const bound = stands
      ? { ...before, dimensions }
      : { ...bindProgram(plan, program, dimensions, memory), sizes, dimensions };
    programs.set(program, bound);
    return bound;
  };
  return function* execute(run): Generator<undefined, Values[]> {
    const program = at(plan.programs, run.program);
    const { dimensions } = run;
    const memory = memoryOf();
    if (!known(program, dimensions, memory)) memory.reserve(program, run);
    for (const [name, values] of run.inputs) {
      if (!ArrayBuffer.isView(values)) onlyGpu();
      if (program.inputs.includes(name)) memory.inputs.get(name)?.view().set(values);
    }
    for (const { input, run: draw } of run.draws) {
      const [drawn] = yield* execute(draw);
      if (drawn) memory.inputs.get(input)?.view().set(drawn);
    }
    const bound = known(program, dimensions, memory) ?? bind(program, dimensions, memory);
    memory.machine.start(run.words, run.floats);
    yield* callKernels(program, bound, run);
    const resultOf = (result: number): Values => {
      const { array, type, count } = at(bound.results, result);
      return array.view(type).subarray(0, count);
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
  for (const { dispatch, turns } of inTurns(program, run.dimensions, false)) {
    for (const kernel of at(dispatches, dispatch)) {
      const { call, serves, pace, given, words } = kernel;
      if (!isServed(serves, run.wanted)) continue;
      if (turns.length > 0) words.splice(0, words.length, ...givenIn(given, turns));
      if (!call.whole) call();
      else {
        const whole = kernel.whole ?? call.whole();
        // What loops give may bound a kernel's own loops.
        if (turns.length === 0) kernel.whole = whole;
        if (!runWhole(call, whole, pace)) {
          yield* runInSlices(call, whole, pace);
          continue;
        }
      }
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

export function onlyGpu(): never {
  fail("option", "GPUBuffers need the WebGPU backend, and this net runs on the CPU");
}

function bindProgram(
  plan: Plan,
  program: PlanProgram,
  dimensions: Dimensions,
  memory: Memory,
): Omit<BoundProgram, "sizes" | "dimensions"> {
  const bound = ({ kernel: index, buffers, given = [], serves }: PlanDispatch): BoundKernel => {
    const { name, bindings } = at(plan.kernels, index);
    const arrays = buffers.map((buffer) => memory.arrayOf(program, buffer));
    const types = bindings.map(({ type }) => type);
    const words = givenIn(given, []);
    const call = memory.machine.bind(name, arrays, types, words);
    return { call, serves, pace: { turns: 1 }, given, words };
  };
  return {
    generation: memory.generation(),
    dispatches: program.dispatches.map((one) => (one.joint ?? [one]).map(bound)),
    results: program.results.map(({ shape, buffer, type }) => ({
      array: memory.arrayOf(program, buffer),
      type,
      count: countOf(evaluateShape(shape, dimensions)),
    })),
  };
}
