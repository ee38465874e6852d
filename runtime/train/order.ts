// A device, and runs whose kernels may not be compiled yet, in; everything done in the order of the calls, waiting for kernels where it must, out.

import type { ProgramRun } from "../backend.js";
import { isGpuBuffer } from "../tensors.js";
import { copyGiven, type GpuContext, type CallOrder } from "../webgpu.js";
import { ignore } from "../webgpuFaults.js";

/** A run with nothing of its caller's in it. */
interface OwnRun {
  readonly run: ProgramRun;
  readonly checked: readonly Promise<void>[];
  readonly free: () => void;
}

export function createCallOrder(context: GpuContext): CallOrder {
  const { kernels, faults } = context;
  /** What was asked for last, where something has to wait: it resolves once that was begun, or failed. */
  let last: Promise<unknown> | undefined;
  const behind = <T>(needs: readonly unknown[], action: () => T): Promise<Awaited<T>> => {
    const before = last;
    // What an action gives is not waited for here: the next may follow at once.
    const begun = Promise.all([before, ...needs]).then(() => {
      faults.check();
      // What it asks for itself comes before all that is behind it.
      const after = last;
      last = undefined;
      try {
        const value = action();
        return { value, own: last as Promise<unknown> | undefined };
      } finally {
        last = after;
      }
    });
    const ended = begun.then(({ own }) => own).then(ignore, ignore);
    // What it needs may fail before its turn has come.
    const turn = Promise.all([before, ended]).then(() => {
      if (last === turn) last = undefined;
    });
    last = turn;
    const result = begun.then(({ value }) => value) as Promise<Awaited<T>>;
    result.catch(ignore);
    return result;
  };
  return {
    inOrder: (action, needs) => (last || needs ? behind([needs], action) : action()),
    prepared: (run, action) => {
      const programs = [run.program, ...run.draws.map((draw) => draw.run.program)];
      const missing = programs.filter((program) => !kernels.has(program));
      if (missing.length === 0 && !last) return action(run);
      const { run: own, checked, free } = ownRun(context, run);
      const begun = behind([kernels.prepare(missing), ...checked], () => action(own));
      begun.then(free, free);
      return begun;
    },
  };
}

/** A caller's buffers hold what they do when they are given. */
function ownRun(context: GpuContext, run: ProgramRun): OwnRun {
  const copies = [...run.inputs].flatMap(([name, values]) =>
    isGpuBuffer(values) ? [{ name, ...copyGiven(context, name, values, run.dimensions) }] : [],
  );
  const own = copies.map(({ name, value }) => [name, value] as const);
  return {
    run: { ...run, inputs: new Map([...run.inputs, ...own]) },
    checked: copies.map(({ checked }) => checked),
    free: () => {
      for (const copy of copies) copy.free();
    },
  };
}
