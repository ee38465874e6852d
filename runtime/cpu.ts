// A plan and its CPU kernels in; a backend over arrays of the machine that runs them, in single or double precision, out.

import {
  putIntoSlot,
  type Backend,
  type ProgramRun,
  type TrainingBackend,
  type Values,
} from "./backend.js";
import { openMachine } from "./cpuMachine.js";
import { createMemory, type Memory } from "./cpuMemory.js";
import { createExecutor, onlyGpu, type Executor } from "./cpuRuns.js";
import { at, fail, NnError } from "./errors.js";
import type { CpuModule, Plan } from "./plan.js";
import type { OpenThreads } from "./threads.js";
import { createTaskQueue, valuesOf, type Task, type TaskQueue } from "./tasks.js";

/** `errors`: the class of the copy of the runtime that asks, where it is another than this one's: errors of this one are then of both. */
export function createCpuBackend(
  plan: Plan,
  module: CpuModule,
  precision: 32 | 64,
  openThreads?: OpenThreads,
  errors = NnError,
): TrainingBackend {
  if (errors !== NnError) Object.setPrototypeOf(NnError.prototype, errors.prototype);
  let opened: Memory | undefined;
  let machine: Backend["machine"] = "javascript";
  let threads = 1;
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
    get threads() {
      return threads;
    },
    get refused() {
      return refused;
    },
    precision,
    lost: new Promise(() => undefined),
    prepare: async (_programs, onProgress) => {
      const found = await openMachine(module, precision, openThreads);
      opened = createMemory(plan, found.machine);
      machine = found.machine.kind;
      ({ threads } = found.machine);
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
    inOrder: (action, needs) => (needs ? needs.then(action as () => never) : action()),
    copyGiven: onlyGpu,
    download: onlyGpu,
    destroy: () => {
      queue.close();
      opened?.machine.close();
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
