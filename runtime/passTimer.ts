// A device with timestamps in; the milliseconds that its passes take, by its own clock, out.

/** A device whose passes can be timed: `arm` writes the times of the next pass, `read` gives its milliseconds. */
export interface PassTimer {
  arm(): void;
  read(): Promise<number>;
  /** Leaves the device as it was. */
  close(): void;
}

/** The feature that a device must have. */
export const timestamps = "timestamp-query";

const queryBytes = 16;
const nanosecondsPerMillisecond = 1e6;
// WebGPU's flags: not every platform has them as globals.
const usage = { mapRead: 1, copySource: 4, copyTarget: 8, queryResolve: 512 };
const modeRead = 1;

/** Puts itself between a device and who encodes passes on it. */
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
  const before = Object.getOwnPropertyDescriptor(device, "createCommandEncoder");
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
    close: () => {
      if (before) Object.defineProperty(device, "createCommandEncoder", before);
      else Reflect.deleteProperty(device, "createCommandEncoder");
      for (const part of [queries, resolved, staging]) part.destroy();
    },
  };
}
