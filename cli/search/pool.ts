// Jobs in; trials in a process of its own each place of the pool, one after the other, and what became of them, out.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { FromTrial, ToTrial, TrialJob } from "./messages.js";

/** A process as a pool sees it. */
export interface TrialProcess {
  readonly send: (message: ToTrial) => void;
  /** Ends it at once. */
  readonly kill: () => void;
}

/** Starts a process; `onEnd` is told once, with the reason in words. */
export type StartProcess = (
  onMessage: (message: FromTrial) => void,
  onEnd: (reason: string) => void,
) => TrialProcess;

export interface JobEvents {
  readonly onOpened: (backend: string) => void;
  /** Whether the trial is to be stopped. */
  readonly onEpoch: (epoch: number, value: number) => boolean;
}

export type JobResult =
  | {
      readonly kind: "trained";
      readonly value: number;
      readonly epochs: number;
      readonly preparing: number;
      /** Keeps the weights in a file, or drops them. Gives what stood in the way. */
      readonly keep: (weights: string | undefined) => Promise<string | undefined>;
    }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "impossible"; readonly code: string; readonly message: string }
  /** The pool was ended meanwhile. */
  | { readonly kind: "cut" };

export interface Place {
  /** One job at a time. */
  readonly run: (job: TrialJob, events: JobEvents) => Promise<JobResult>;
  readonly end: () => void;
}

type Told = FromTrial | { readonly kind: "gone"; readonly reason: string };

/** Starts its process with the first job, and another where one ended. */
export function openPlace(start: StartProcess): Place {
  let running: TrialProcess | undefined;
  let listener: ((told: Told) => void) | undefined;
  const ended = new AbortController();
  const isEnded = (): boolean => ended.signal.aborted;
  const open = (): TrialProcess =>
    start(
      (message) => listener?.(message),
      (reason) => {
        running = undefined;
        listener?.({ kind: "gone", reason });
      },
    );
  /** Sends, and hears until there is a result. */
  const converse = <Result>(
    message: ToTrial,
    hear: (told: Told, process: TrialProcess) => Result | undefined,
  ): Promise<Result> =>
    new Promise((resolve) => {
      const process = (running ??= open());
      listener = (told) => {
        const result = hear(told, process);
        if (result === undefined) return;
        listener = undefined;
        resolve(result);
      };
      process.send(message);
    });
  const keep = async (
    trained: TrialProcess,
    weights: string | undefined,
  ): Promise<string | undefined> => {
    if (running !== trained) return "its process has ended";
    const { problem } = await converse({ kind: "keep", weights }, (told) => {
      if (told.kind === "gone") return { problem: told.reason };
      return told.kind === "kept" ? { problem: told.problem } : undefined;
    });
    return problem;
  };
  return {
    run: async (job, { onOpened, onEpoch }) => {
      if (isEnded()) return { kind: "cut" };
      const result = await converse<JobResult>({ kind: "train", job }, (told, process) => {
        switch (told.kind) {
          case "opened":
            onOpened(told.backend);
            return undefined;
          case "epoch":
            process.send({ kind: "verdict", isStopped: onEpoch(told.epoch, told.value) });
            return undefined;
          case "kept":
            return undefined;
          case "trained":
            return { ...told, keep: (weights) => keep(process, weights) };
          case "gone":
            return { kind: "failed", reason: told.reason };
          default:
            return told;
        }
      });
      // It may have been ended meanwhile, by a signal that stops the search.
      return isEnded() ? { kind: "cut" } : result;
    },
    end: () => {
      ended.abort();
      running?.kill();
    },
  };
}

/** The last of what a process wrote that ended by itself. */
const keptText = 4000;

function endText(code: number | null, signal: NodeJS.Signals | null, written: string): string {
  const [said] = /FATAL ERROR: .*|\w*Error: .*/.exec(written) ?? [];
  const how =
    signal === null
      ? `its process ended with code ${code ?? "?"}`
      : `its process was ended by ${signal}`;
  return said === undefined ? how : `${how}: ${said.trim()}`;
}

/** Processes of Node.js that run the script of trials, found beside this one. */
export function startNode(
  onMessage: (message: FromTrial) => void,
  onEnd: (reason: string) => void,
): TrialProcess {
  const child: ChildProcess = fork(new URL("./trial.js", import.meta.url), [], {
    // Values that are no numbers are to arrive as they are.
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let written = "";
  let isGone = false;
  const gone = (reason: string): void => {
    if (isGone) return;
    isGone = true;
    onEnd(reason);
  };
  child.stderr?.on("data", (chunk: Buffer) => {
    written = (written + chunk.toString()).slice(-keptText);
  });
  child.on("message", (message) => {
    onMessage(message as FromTrial);
  });
  child.on("error", (error) => {
    gone(error.message);
  });
  child.on("close", (code, signal) => {
    gone(endText(code, signal, written));
  });
  return {
    send: (message) => {
      // One that has just ended is told of by its end.
      child.send(message, () => undefined);
    },
    kill: () => {
      child.kill("SIGKILL");
    },
  };
}
