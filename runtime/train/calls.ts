// The calls made on a training net in; which of them may be under way side by side, and what ends the waits of those that may not go on, decided here alone, out.

import type { AbortSignalLike } from "../api.js";
import { fail, NnError } from "../errors.js";
import { checkOpen, type TrainingSession } from "../session.js";
import { refuseStreaming } from "../stream.js";

/** `read` stands for all that only looks: predict, read, report, save. `destroy` is always allowed. */
export type CallKind = "fit" | "prepare" | "step" | "evaluate" | "write" | "restore" | "read";

const training = ["fit", "prepare", "step"] as const;

/**
 * For each call, those beside which it is refused ("busy"). Steps queue; `fit` and `prepare` change nothing while an
 * evaluation is under way, so that callbacks may evaluate; a value written takes effect between two steps.
 */
const refusedBeside: Readonly<Record<CallKind, readonly CallKind[]>> = {
  fit: [...training, "restore"],
  prepare: [...training, "restore"],
  step: ["fit", "prepare", "evaluate", "restore"],
  evaluate: ["prepare", "restore"],
  write: ["prepare", "evaluate", "restore"],
  read: ["restore"],
  // Where the device is lost, it waits instead for the calls that the loss ends.
  restore: [...training, "evaluate", "write", "read"],
};

/** Ends a call whose signal was given: never seen by the caller. */
export class Aborted extends Error {}

/** What awaits the outside (a stream, a callback, a file) within a call. */
export interface Waiting {
  /** The value, unless the net is destroyed, its device lost or the signal given before it comes. */
  wait<T>(value: PromiseLike<T> | T): Promise<T>;
  /** Throws where any of these has happened. */
  check(): void;
}

export interface Calls {
  /** Runs a call, its beginning at once; whatever it ends with, a net that was destroyed meanwhile says so. */
  run<T>(kind: CallKind, action: () => Promise<T>): Promise<T>;
  /** Resolves when no call of the kind is under way. */
  idle(kind: CallKind): Promise<void>;
  within(signal?: AbortSignalLike): Waiting;
  /** Watches the session's present device. */
  watch(): void;
  /** Ends all waits: the net is destroyed. */
  end(): void;
}

interface Running {
  readonly kind: CallKind;
  readonly ended: Promise<unknown>;
}

/** A net that was destroyed, or a device that was lost. */
interface Ends {
  /** Known a little before its error is. */
  isLost: boolean;
  error: NnError | undefined;
  readonly waiting: Set<(error: Error) => void>;
}

export function createCalls(session: TrainingSession): Calls {
  const running = new Set<Running>();
  const ends: Ends = { isLost: false, error: undefined, waiting: new Set() };
  const end = (error: NnError): void => {
    ends.error = error;
    for (const stop of [...ends.waiting]) stop(error);
  };
  const othersOf = (kinds: readonly CallKind[]): Running[] =>
    [...running].filter((call) => kinds.includes(call.kind));

  const refuse = (kind: CallKind): void => {
    const kinds = refusedBeside[kind];
    refuseStreaming(session, kind);
    const [other] = othersOf(kind === "restore" && ends.isLost ? ["restore"] : kinds);
    if (!other) return;
    fail("busy", `${kind} cannot begin: ${nameOf(other.kind)} is under way on this net, await it`);
  };

  const run = async <T>(kind: CallKind, action: () => Promise<T>): Promise<T> => {
    checkOpen(session);
    refuse(kind);
    const others = kind === "restore" ? othersOf(refusedBeside.restore) : [];
    const { promise: ended, resolve } = deferred();
    const call = { kind, ended };
    running.add(call);
    try {
      for (const other of others) await other.ended;
      const result = await action();
      checkOpen(session);
      return result;
    } catch (error) {
      // What goes wrong on a net without its memory is no error of the call.
      checkOpen(session);
      throw error;
    } finally {
      running.delete(call);
      resolve();
    }
  };

  return {
    run,
    idle: async (kind) => {
      for (;;) {
        const [call] = othersOf([kind]);
        if (!call) return;
        await call.ended;
      }
    },
    within: (signal) => waitingWithin(ends, signal),
    watch: () => {
      const { backend } = session;
      Object.assign(ends, { isLost: false, error: undefined });
      const whenLost = async (): Promise<void> => {
        await backend.lost;
        if (session.backend !== backend) return;
        ends.isLost = true;
        // A lost device says so to whoever asks.
        await backend.ready();
      };
      whenLost().catch((error: unknown) => {
        if (error instanceof NnError && session.backend === backend) end(error);
      });
    },
    end: () => {
      end(new NnError("destroyed", "this net was destroyed"));
    },
  };
}

function nameOf(kind: CallKind): string {
  return kind === "read" ? "a call that reads" : kind;
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function waitingWithin(ends: Ends, signal: AbortSignalLike | undefined): Waiting {
  const check = (): void => {
    if (ends.error) throw ends.error;
    if (signal?.aborted) throw new Aborted();
  };
  const wait = <T>(value: PromiseLike<T> | T): Promise<T> =>
    new Promise((resolve, reject) => {
      const forget = (): void => {
        ends.waiting.delete(stop);
        signal?.removeEventListener("abort", abort);
      };
      const stop = (error: Error): void => {
        forget();
        reject(error);
      };
      const abort = (): void => {
        stop(new Aborted());
      };
      ends.waiting.add(stop);
      signal?.addEventListener("abort", abort);
      Promise.resolve(value).then(resolve, reject).finally(forget).catch(ignore);
      if (ends.error) stop(ends.error);
      else if (signal?.aborted) abort();
    });
  return { wait, check };
}

const ignore = (): void => undefined;
