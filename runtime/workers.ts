// Nothing in; threads of the platform, each of which runs a script, out.

import type { Team } from "./threadCalls.js";

/** A thread that was started. */
export interface Hand {
  /** Resolves once it waits for calls; rejects where it does not start. */
  begin(team: Team): Promise<void>;
  /** Why it is there no more; undefined: it is. */
  readonly gone: string | undefined;
  end(): void;
}

/**
 * The script that threads run, as a file of its own: bundlers take it along where they see `new Worker(new URL("./…", import.meta.url))`,
 * and a thread never runs what the app does.
 */
export interface ThreadScript {
  /** In browsers, Deno, Bun. */
  readonly start: () => Worker;
  /** In Node. */
  readonly address: () => URL;
}

/** What threads are called where a platform lists them. */
const threadName = "nnc-thread";
/** Milliseconds without an answer after which a thread counts as not started. */
const longestStart = 30_000;

interface NodeWorker {
  on(event: string, listener: (value: unknown) => void): void;
  postMessage(value: unknown): void;
  unref(): void;
  terminate(): unknown;
}

interface NodeThreads {
  readonly Worker: new (url: URL, options: object) => NodeWorker;
}

interface Platform {
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown };
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
}

const platform = globalThis as Platform;

function nodeThreads(): NodeThreads | undefined {
  return platform.process?.getBuiltinModule?.("node:worker_threads") as NodeThreads | undefined;
}

/** Whether memory may be shared. */
export function isIsolated(): boolean {
  return platform.crossOriginIsolated !== false && typeof SharedArrayBuffer !== "undefined";
}

export function processors(): number {
  const os = platform.process?.getBuiltinModule?.("node:os") as
    { readonly availableParallelism: () => number } | undefined;
  return os?.availableParallelism() ?? platform.navigator?.hardwareConcurrency ?? 1;
}

export function hire(script: ThreadScript): Hand {
  const node = nodeThreads();
  let gone: string | undefined;
  let settle: ((why?: string) => void) | undefined;
  const leave = (why: string): void => {
    gone ??= why;
    settle?.(why);
  };
  const said = (message: unknown): void => {
    if (message === "ready") settle?.();
    else leave(String(message));
  };
  let post: (team: Team) => void;
  let end: () => void;
  let rest = (): void => undefined;
  if (node) {
    const worker = new node.Worker(script.address(), { name: threadName, execArgv: [] });
    worker.on("message", said);
    worker.on("error", (error) => {
      leave(String(error));
    });
    worker.on("exit", (code) => {
      leave(`it ended with code ${String(code)}`);
    });
    post = (team) => {
      worker.postMessage(team);
    };
    end = () => void worker.terminate();
    // A process whose other work is done ends.
    rest = () => {
      worker.unref();
    };
  } else {
    const worker = script.start();
    worker.onmessage = ({ data }) => {
      said(data);
    };
    worker.onerror = ({ message }) => {
      leave(message || "its script did not load");
    };
    post = (team) => {
      worker.postMessage(team);
    };
    end = () => {
      worker.terminate();
    };
  }
  return {
    get gone() {
      return gone;
    },
    begin: (team) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          leave("it does not answer");
        }, longestStart);
        settle = (why) => {
          clearTimeout(timer);
          if (why !== undefined) reject(new Error(why));
          else resolve();
          settle = undefined;
          rest();
        };
        if (gone !== undefined) settle(gone);
        else post(team);
      }),
    end: () => {
      gone ??= "it was ended";
      end();
    },
  };
}
