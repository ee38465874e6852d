// In: a backend, and its device where it has one; out: a clock that tells how long a run took on it.
import type { ProgramRun, TrainingBackend } from "../../runtime/backend.js";

export interface Meter {
  /** How it is known, in words. */
  readonly method: string;
  /** Milliseconds; where the device does not tell them itself, with all that a submission takes. */
  time(run: ProgramRun): Promise<number>;
}

/** A device whose passes can be timed: `arm` writes the times of the next pass, `read` gives its milliseconds. */
export interface PassTimer {
  arm(): void;
  read(): Promise<number>;
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

const queryBytes = 16;
const nanosecondsPerMillisecond = 1e6;
// WebGPU's flags: not every platform has them as globals.
const usage = { mapRead: 1, copySource: 4, copyTarget: 8, queryResolve: 512 };
const modeRead = 1;

/** Puts itself between a device of ours and who encodes passes on it; the device must have `timestamp-query`. */
export function createPassTimer(device: GPUDevice): PassTimer {
  const queries = device.createQuerySet({ type: "timestamp", count: 2 });
  const timestampWrites = {
    querySet: queries,
    beginningOfPassWriteIndex: 0,
    endOfPassWriteIndex: 1,
  };
  const buffer = (flags: number): GPUBuffer =>
    device.createBuffer({ size: queryBytes, usage: flags });
  const resolved = buffer(usage.queryResolve | usage.copySource);
  const staging = buffer(usage.mapRead | usage.copyTarget);
  const createEncoder = device.createCommandEncoder.bind(device);
  let armed = false;
  device.createCommandEncoder = (descriptor) => {
    const encoder = createEncoder(descriptor);
    const beginPass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (pass) => {
      if (!armed) return beginPass(pass);
      armed = false;
      return beginPass({ ...pass, timestampWrites });
    };
    return encoder;
  };
  return {
    arm: () => {
      armed = true;
    },
    read: async () => {
      const encoder = createEncoder();
      encoder.resolveQuerySet(queries, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, queryBytes);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(modeRead);
      const [begin = 0n, end = 0n] = new BigUint64Array(staging.getMappedRange().slice(0));
      staging.unmap();
      return Number(end - begin) / nanosecondsPerMillisecond;
    },
  };
}
