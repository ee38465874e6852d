// Nothing in; threads of the platform, which compute parts of calls as the words that they share say, out.

/** A thread that was started. */
export interface Hand {
  /** Resolves once it waits for calls; rejects where it does not start. */
  begin(team: Team): Promise<void>;
  /** Why it is there no more; undefined: it is. */
  readonly gone: string | undefined;
  end(): void;
}

/** What a thread is given. */
export interface Team {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: Int32Array;
  /** The address of memory of its own. */
  readonly scratch: number;
}

/** Words by which threads agree on a call. */
export const place = {
  /** Changes with each call. */
  calls: 0,
  /** The next part of the turns to be taken; from `closed` on there is none. */
  next: 1,
  /** Threads that look for a part, or compute one. */
  busy: 2,
  failed: 3,
  parts: 4,
  kernel: 5,
  /** Where the range that is divided stands among the operands. */
  divided: 6,
  count: 7,
  operands: 8,
} as const;

/** No call has as many parts. */
export const closed = 2 ** 30;

type Kernel = (...operands: number[]) => void;

export function kernelsOf(exported: WebAssembly.Exports): readonly (readonly [string, Kernel])[] {
  return Object.entries(exported).flatMap(([name, value]) =>
    typeof value === "function" ? [[name, value as Kernel] as const] : [],
  );
}

/** Computes parts of the call at hand as long as there are any. Operands are read behind the part: they stand until it is done. */
export function takeParts(
  control: Int32Array,
  kernels: readonly (readonly [string, Kernel])[],
): void {
  for (;;) {
    const part = Atomics.add(control, place.next, 1);
    if (part >= closed) return;
    const [parts = 0, kernel = 0, divided = 0, count = 0] = control.subarray(place.parts);
    if (part >= parts) return;
    const operands = Array.from(control.subarray(place.operands, place.operands + count));
    const [first = 0, end = 0] = operands.slice(divided);
    const startOf = (at: number): number => first + Math.floor(((end - first) * at) / parts);
    operands[divided] = startOf(part);
    operands[divided + 1] = startOf(part + 1);
    kernels[kernel]?.[1](...operands);
  }
}

/** What workers of ours are called, so that a worker of the app's that imports this does not become one. */
const ownName = "nnc-thread";

interface NodeWorker {
  on(event: string, listener: (value: unknown) => void): void;
  postMessage(value: unknown): void;
  unref(): void;
  terminate(): unknown;
}

interface NodeThreads {
  readonly Worker: new (url: URL, options: object) => NodeWorker;
  readonly workerData: unknown;
  readonly parentPort: NodeWorker | null;
}

interface Platform {
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown };
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly name?: unknown;
  onmessage?: unknown;
  postMessage?: (value: unknown) => void;
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

/** Starts a worker from this very module. */
export function hire(): Hand {
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
    const worker = new node.Worker(new URL(import.meta.url), { workerData: ownName, execArgv: [] });
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
    const worker = new Worker(import.meta.url, { type: "module", name: ownName });
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
        settle = (why) => {
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

/** In a worker of ours: takes what it is given and computes from then on. Anywhere else it does nothing. */
export function serve(): void {
  const node = nodeThreads();
  const port = node?.parentPort;
  if (node && port && node.workerData === ownName) {
    port.on("message", (team) => {
      work(team as Team, (value) => {
        port.postMessage(value);
      });
    });
  } else if (platform.name === ownName && platform.postMessage && !("document" in globalThis)) {
    platform.onmessage = ({ data }: { readonly data: Team }) => {
      work(data, (value) => platform.postMessage?.(value));
    };
  }
}

/** Turns of waiting awake, a few microseconds: calls follow one another. */
const patience = 2000;

function work({ module, memory, control, scratch }: Team, say: (value: string) => void): never {
  const { exports } = new WebAssembly.Instance(module, { host: { memory } });
  if (exports["scratch"] instanceof WebAssembly.Global) exports["scratch"].value = scratch;
  const kernels = kernelsOf(exports);
  let seen = Atomics.load(control, place.calls);
  say("ready");
  for (;;) {
    for (let turn = 0; turn < patience && Atomics.load(control, place.calls) === seen;) turn++;
    Atomics.wait(control, place.calls, seen);
    seen = Atomics.load(control, place.calls);
    Atomics.add(control, place.busy, 1);
    try {
      takeParts(control, kernels);
    } catch (error) {
      Atomics.store(control, place.failed, 1);
      say(`it failed: ${String(error)}`);
    }
    if (Atomics.sub(control, place.busy, 1) === 1) Atomics.notify(control, place.busy);
  }
}
