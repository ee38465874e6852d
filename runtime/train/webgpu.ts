// A plan and a GPUDevice in; the WebGPU backend with what training needs beside, copies and journals, out.

import {
  putIntoSlot,
  type ProgramRun,
  type Submissions,
  type TrainingBackend,
} from "../backend.js";
import { countOf, evaluateShape } from "../dimensions.js";
import { at } from "../errors.js";
import type { Plan } from "../plan.js";
import {
  backendOn,
  copyGiven,
  encode,
  nameOfGiven,
  openContext,
  readRanges,
  submitRun,
  type GpuContext,
  type CallOrder,
} from "../webgpu.js";
import { ignore, type Checked } from "../webgpuFaults.js";
import type { Room } from "../webgpuMemory.js";
import { createSets } from "./gather.js";
import { createCallOrder } from "./order.js";
import { createTogether, type Together } from "./together.js";

/** What was submitted without anyone who waits for it. */
interface Progress {
  readonly pending: Promise<unknown>[];
  /** Whether a run took new buffers, which none should build on before they are known to be valid. */
  fresh: boolean;
  /** Runs since the last mark, a promise of their end. */
  runs: number;
  mark: Promise<unknown> | undefined;
}

/** Rejects with the failure of what came first: those behind it may be of its making, and be known sooner. */
async function firstFailure(promises: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  for (const promise of promises) await promise;
}

/** What was submitted behind a failure ends with it, and is told to nobody else. */
async function orForget(progress: Progress, promise: Promise<unknown> | undefined): Promise<void> {
  try {
    await promise;
  } catch (error) {
    progress.mark = undefined;
    progress.pending.length = 0;
    throw error;
  }
}

export function createTrainingGpuBackend(
  plan: Plan,
  device: GPUDevice,
  owned: boolean,
): TrainingBackend {
  const context = openContext(plan, device, owned);
  const { faults, memory } = context;
  const free = new Set<number>();
  const together = createTogether(context);
  const order = createCallOrder(context);
  /** Of all else than runs that nobody reads: behind what waits to be submitted. */
  const behind = orderBehind(order, together);
  const { gather, ...sets } = createSets(context, together.flush);
  context.gather = gather;
  const { pending, ...submitting } = openSubmissions(context, order, together, free);
  return {
    ...backendOn(context, behind),
    ...submitting,
    ...sets,
    submissions: () => openSubmissions(context, order, together, free),
    inOrder: (action, needs) => order.inOrder(action, needs),
    copyGiven: (...given) => copyGiven(context, ...given),
    freeStorage: (index) => {
      void behind.inOrder(() => {
        memory.free(memory.storages[index]);
        free.add(index);
      });
    },
    copyStorage: (from, to) => {
      faults.check();
      const source = at(memory.storages, from);
      const copy = (): void => {
        encode(device, (encoder) => {
          encoder.copyBufferToBuffer(source, 0, at(memory.storages, to), 0, source.size);
        });
      };
      const begun = behind.inOrder(() => faults.scoped("a copy", copy));
      pending.push(begun instanceof Promise ? later(begun) : begun.checked);
    },
    download: async (name, buffer, type) => {
      const bytes = Math.floor(buffer.size / 4) * 4;
      const ranges = [{ buffer, offset: 0, bytes, type }];
      return at(await readRanges(context, ranges, nameOfGiven(name), "option"), 0);
    },
  };
}

function orderBehind(order: CallOrder, { flush }: Together): CallOrder {
  return {
    inOrder: (action) =>
      order.inOrder(() => {
        flush();
        return action();
      }),
    prepared: (given, action) =>
      order.prepared(given, (run) => {
        flush();
        return action(run);
      }),
  };
}

/** Of what waits for its turn, with the other promises of its call. */
function later(begun: Promise<Checked<unknown> | undefined>): Promise<void> {
  const checked = begun.then((one) => one?.checked);
  checked.catch(ignore);
  return checked;
}

function openSubmissions(
  context: GpuContext,
  order: CallOrder,
  together: Together,
  free: Set<number>,
): Submissions & Pick<Progress, "pending"> {
  const { device, faults, memory, types } = context;
  const progress: Progress = { pending: [], fresh: false, runs: 0, mark: undefined };
  const { pending } = progress;
  /** From now on the mark is the end of all so far: who waits for it meets what failed before, whoever else waits for that. */
  const moveMark = (end?: () => Promise<unknown>): Promise<unknown> => {
    together.flush();
    const all = [progress.mark, ...pending.splice(0), end?.()];
    return (progress.mark = faults.guard("its commands", firstFailure(all)));
  };
  const settled = async (): Promise<void> => {
    faults.check();
    progress.fresh = false;
    // What is submitted in the same turn may share a submission.
    await Promise.resolve();
    await orForget(progress, moveMark());
  };
  return {
    pending,
    submit: (given) => {
      const begun = order.prepared(given, (run) => {
        const after = (encoder: GPUCommandEncoder, room: Room): void => {
          copyToJournal(context, run, encoder, room);
        };
        const told = (checked: Promise<void>): unknown => pending.push(checked);
        if (together.join({ run, after, told })) return undefined;
        const submitted = submitRun(context, run, after);
        together.passed();
        return submitted;
      });
      progress.runs++;
      if (begun === undefined) return;
      const waits = begun instanceof Promise;
      pending.push(waits ? later(begun) : begun.checked);
      progress.fresh ||= waits || begun.fresh;
    },
    ready: async (watched = false) => {
      faults.check();
      if (progress.fresh) return settled();
      // A mark every other submission; waiting for the one before the last lets the device run ahead.
      if (progress.runs < 2 * (watched ? 1 : together.size())) return;
      progress.runs = 0;
      const before = progress.mark;
      void moveMark(() => faults.guard("its commands", device.queue.onSubmittedWorkDone()));
      await orForget(progress, before);
    },
    settled,
    addStorage: (type, elements) => {
      const { value, checked } = faults.scoped("a copy", () =>
        memory.create(elements * 4, "a copy"),
      );
      pending.push(checked);
      const slot = putIntoSlot(memory.storages, free, value);
      types[slot] = type;
      return slot;
    },
  };
}

function copyToJournal(
  { plan, memory }: GpuContext,
  { program, journal, dimensions }: ProgramRun,
  encoder: GPUCommandEncoder,
  room: Room,
): void {
  if (!journal) return;
  const strip = at(memory.storages, journal.storage);
  const { results } = at(plan.programs, program);
  let offset = journal.at;
  for (const result of journal.results) {
    const { buffer: wanted, shape } = at(results, result);
    const { buffer, offset: start } = memory.rangeOf(program, wanted, room);
    const words = countOf(evaluateShape(shape, dimensions));
    encoder.copyBufferToBuffer(buffer, start, strip, offset * 4, words * 4);
    offset += words;
  }
}
