// A GPUDevice in; its losses and errors as readable errors of ours out.

import type { LostInfo } from "./backend.js";
import { NnError } from "./errors.js";

export interface Faults {
  readonly lost: Promise<LostInfo>;
  /** Throws where the device is lost or given up: calls on it would vanish silently. */
  check(): void;
  /** Runs `action` within error scopes; what they catch is thrown by the next `settle`. */
  scoped<T>(what: string, action: () => T): T;
  /** Rejects with the first error caught since the last call. */
  settle(): Promise<void>;
  /** A promise of the device, which rejects where the device is lost before. */
  guard<T>(promise: Promise<T>): Promise<T>;
  /** From now on the device's end is ours. */
  close(): void;
}

const ignore = (): void => undefined;

export function watchDevice(device: GPUDevice, owned: boolean): Faults {
  let info: LostInfo | undefined;
  let closed = false;
  let checks: Promise<void>[] = [];
  const uncaptured: NnError[] = [];
  const listen = (event: GPUUncapturedErrorEvent): void => {
    uncaptured.push(new NnError("internal", `the GPU reported: ${event.error.message}`));
  };
  // On a device of the caller's, uncaptured errors may be the caller's own.
  if (owned) device.addEventListener("uncapturederror", listen);
  const lost = new Promise<LostInfo>((resolve) => {
    device.lost.then(({ reason, message }) => {
      if (closed) return;
      info = { reason, message };
      resolve(info);
    }, ignore);
  });
  const lossOf = ({ message }: LostInfo): NnError =>
    new NnError("device-lost", `the GPU device was lost (${message}); net.restore() rebuilds`);
  const rejection = lost.then((loss) => Promise.reject(lossOf(loss)));
  rejection.catch(ignore);

  return {
    lost,
    check: () => {
      if (closed) throw new NnError("destroyed", "this net was destroyed");
      if (info) throw lossOf(info);
    },
    scoped: (what, action) => {
      device.pushErrorScope("validation");
      device.pushErrorScope("out-of-memory");
      try {
        return action();
      } finally {
        const memory = device.popErrorScope();
        const validation = device.popErrorScope();
        const check = readScopes(what, memory, validation);
        check.catch(ignore);
        checks.push(check);
      }
    },
    settle: async () => {
      const waiting = checks;
      checks = [];
      if (waiting.length > 0) await Promise.race([Promise.all(waiting), rejection]);
      const error = uncaptured.shift();
      if (error) throw error;
    },
    guard: (promise) => {
      promise.catch(ignore);
      return Promise.race([promise, rejection]);
    },
    close: () => {
      closed = true;
      if (owned) device.removeEventListener("uncapturederror", listen);
    },
  };
}

async function readScopes(
  what: string,
  memory: Promise<GPUError | null>,
  validation: Promise<GPUError | null>,
): Promise<void> {
  const [outOfMemory, invalid] = await Promise.all([memory, validation]);
  if (outOfMemory) {
    throw new NnError(
      "out-of-memory",
      `the GPU has not enough memory for ${what}; a smaller batch needs less`,
    );
  }
  if (invalid) throw new NnError("internal", `the GPU refused ${what}: ${invalid.message}`);
}
