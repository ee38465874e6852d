// A GPUDevice in; its losses and errors as readable errors of ours, each told to the call that made it, out.

import type { LostInfo } from "./backend.js";
import { asNnError, NnError, noMemory, type ErrorCode } from "./errors.js";

/** What an action gave, and a promise that rejects with what the device found wrong in it. */
export interface Checked<T> {
  readonly value: T;
  readonly checked: Promise<void>;
}

export interface Faults {
  readonly lost: Promise<LostInfo>;
  /** Throws where the device is lost or given up: calls on it would vanish silently. */
  check(): void;
  /** Runs `action` within error scopes of its own; `code` is that of commands that are invalid. */
  scoped<T>(what: string, action: () => T, code?: ErrorCode): Checked<T>;
  /** A promise of the device, which rejects with an NnError: also where the device is lost or given up before. */
  guard<T>(what: string, promise: Promise<T>): Promise<T>;
  /** From now on the device's end is ours. */
  close(): void;
}

export function ignore(): void {
  // Whoever waits meets the error; nobody has to.
}

export function watchDevice(device: GPUDevice): Faults {
  let end: NnError | undefined;
  const waiting = new Set<(error: NnError) => void>();
  const finish = (error: NnError): void => {
    end = error;
    for (const reject of waiting) reject(error);
  };
  const lost = new Promise<LostInfo>((resolve) => {
    void device.lost.then(({ reason, message }) => {
      if (end) return;
      const text = `the GPU device was lost (${message}); net.restore() rebuilds`;
      finish(new NnError("device-lost", text));
      resolve({ reason, message });
    });
  });
  const guard = <T>(what: string, promise: Promise<T>): Promise<T> => {
    const guarded = new Promise<T>((resolve, reject) => {
      if (end) reject(end);
      waiting.add(reject);
      promise
        .then(resolve, (error: unknown) => {
          reject(asNnError(error, what));
        })
        .finally(() => waiting.delete(reject));
    });
    guarded.catch(ignore);
    return guarded;
  };

  return {
    lost,
    guard,
    check: () => {
      if (end) throw end;
    },
    scoped: (what, action, code = "internal") => {
      const filters = ["validation", "internal", "out-of-memory"] as const;
      for (const filter of filters) device.pushErrorScope(filter);
      let scopes: Promise<(GPUError | null)[]>;
      let value;
      try {
        value = action();
      } catch (error) {
        throw asNnError(error, what, code);
      } finally {
        scopes = Promise.all(filters.map(() => device.popErrorScope()));
        scopes.catch(ignore);
      }
      const checked = scopes.then((errors) => {
        report(what, errors, code);
      });
      return { value, checked: guard(what, checked) };
    },
    close: () => {
      finish(new NnError("destroyed", "this net was destroyed"));
    },
  };
}

/** The innermost scope comes first; without memory, commands are invalid too. */
function report(what: string, errors: readonly (GPUError | null)[], code: ErrorCode): void {
  const [memory] = errors;
  if (memory) throw noMemory(what);
  const error = errors.find(Boolean);
  if (error) throw new NnError(code, `the GPU refused ${what}: ${error.message}`);
}
