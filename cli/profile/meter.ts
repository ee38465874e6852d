// In: a backend, and its device where it has one; out: a clock that tells how long a run took on it.
import type { ProgramRun, TrainingBackend } from "../../runtime/backend.js";
import type { PassTimer } from "../../runtime/passTimer.js";

export interface Meter {
  /** How it is known, in words. */
  readonly method: string;
  /** Milliseconds; where the device does not tell them itself, with all that a submission takes. */
  time(run: ProgramRun): Promise<number>;
}

export function clockMeter(backend: TrainingBackend, device: GPUDevice | undefined): Meter {
  return {
    method:
      device === undefined
        ? "each dispatch alone, by the clock"
        : "each dispatch submitted and waited for, by the clock: the device has no timestamps",
    time: async (run) => {
      const start = performance.now();
      backend.submit(run);
      await backend.settled();
      await device?.queue.onSubmittedWorkDone();
      return performance.now() - start;
    },
  };
}

export function timestampMeter(backend: TrainingBackend, timer: PassTimer): Meter {
  return {
    method: "each dispatch in a pass of its own, by the device's timestamps",
    time: async (run) => {
      timer.arm();
      backend.submit(run);
      await backend.settled();
      return timer.read();
    },
  };
}
