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
  let loss: NnError | undefined;
  let closed = false;
  let checks: Promise<void>[] = [];
  const waiting = new Set<(error: NnError) => void>();
  const uncaptured: NnError[] = [];
  const listen = ({ error }: GPUUncapturedErrorEvent): void => {
    uncaptured.push(new NnError("internal", `the GPU reported: ${error.message}`));
  };
  // On a device of the caller's, uncaptured errors may be the caller's own.
  if (owned) device.addEventListener("uncapturederror", listen);
  const lost = new Promise<LostInfo>((resolve) => {
    void device.lost.then(({ reason, message }) => {
      if (closed) return;
      const text = `the GPU device was lost (${message}); net.restore() rebuilds`;
      loss = new NnError("device-lost", text);
      for (const reject of waiting) reject(loss);
      resolve({ reason, message });
    });
  });
  const guard = <T>(promise: Promise<T>): Promise<T> => {
    const guarded = new Promise<T>((resolve, reject) => {
      waiting.add(reject);
      const forget = (): void => void waiting.delete(reject);
      promise.then(resolve, reject).then(forget, forget);
    });
    // Whoever waits meets the error; nobody has to.
    guarded.catch(ignore);
    return guarded;
  };

  return {
    lost,
    guard,
    check: () => {
      if (closed) throw new NnError("destroyed", "this net was destroyed");
      if (loss) throw loss;
    },
    scoped: (what, action) => {
      device.pushErrorScope("validation");
      device.pushErrorScope("out-of-memory");
      try {
        return action();
      } finally {
        const memory = device.popErrorScope();
        checks.push(guard(readScopes(what, memory, device.popErrorScope())));
      }
    },
    settle: async () => {
      const caught = checks;
      checks = [];
      await Promise.all(caught);
      const error = uncaptured.shift();
      if (error) throw error;
    },
    close: () => {
      closed = true;
      device.removeEventListener("uncapturederror", listen);
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
